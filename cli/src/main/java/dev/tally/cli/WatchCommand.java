package dev.tally.cli;

import java.io.PrintStream;
import java.util.Optional;
import java.util.concurrent.Callable;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** {@code tally watch SUBJECT}: prints the count as it changes, until Ctrl-C. */
@Command(name = "watch", description = "Follows a subject's count live.", mixinStandardHelpOptions = true)
final class WatchCommand implements Callable<Integer> {

    @Parameters(paramLabel = "SUBJECT", description = "user:<id> or org:<id>, the id percent-encoded.")
    private String subject = "";

    @Option(names = "--meter", defaultValue = "actions", description = "Meter (default: ${DEFAULT-VALUE}).")
    private String meter = "actions";

    @Option(
            names = "--app",
            defaultValue = "http://127.0.0.1:8080",
            description = "Address of streams-app (default: ${DEFAULT-VALUE}).")
    private String app = "http://127.0.0.1:8080";

    @Override
    public Integer call() {
        new Watch(new AppClient(app), System.out, () -> LockSupport.parkNanos(TimeUnit.SECONDS.toNanos(1)))
                .follow(UsageCommand.pathBelow(subject, "/usage/stream", meter));
        return Exit.DONE;
    }

    /** What is shown of a stream that is taken up again whenever it breaks. */
    static final class Watch {
        private final AppClient client;
        private final PrintStream out;
        private final Runnable pause;
        private String lastEventId = "";
        private String shown = "";

        /** @param pause what is done between two tries to reach the app */
        Watch(AppClient client, PrintStream out, Runnable pause) {
            this.client = client;
            this.out = out;
            this.pause = pause;
        }

        /**
         * Shows a stream for as long as the app has it, or may have it again.
         *
         * @throws Exit when there is nothing to follow, or the app cannot be reached at the beginning
         */
        void follow(String path) {
            while (true) {
                Optional<AppClient.Reply> reply = client.follow(path, lastEventId, this::show);
                boolean begun = !shown.isEmpty();
                if (!begun && reply.isEmpty()) {
                    throw client.unreachable();
                }
                if (reply.isPresent()
                        && reply.get().status() != 200
                        && !(begun && reply.get().status() == 503)) {
                    throw AppClient.refused(reply.get());
                }
                print("(no answer at the moment)");
                pause.run();
            }
        }

        private void show(AppClient.Event event) {
            switch (event.name()) {
                case "usage" -> {
                    lastEventId = event.id();
                    print(UsageCommand.line(event.data()));
                }
                case "status" -> print("(no answer at the moment)");
                default -> {
                    // A newer app may tell more than this command shows.
                }
            }
        }

        private void print(String line) {
            if (!line.equals(shown)) {
                out.println(line);
                out.flush();
                shown = line;
            }
        }
    }
}
