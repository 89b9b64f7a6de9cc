package dev.tally.cli;

import java.util.Optional;
import java.util.concurrent.Callable;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** {@code tally watch SUBJECT}: prints the count whenever it changes, until Ctrl-C. */
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
    public Integer call() throws InterruptedException {
        AppClient client = new AppClient(app);
        String path = UsageCommand.path(subject, meter, null);
        String shown = UsageCommand.line(client.require(path));
        System.out.println(shown);
        CountDownLatch stop = new CountDownLatch(1);
        Runtime.getRuntime().addShutdownHook(new Thread(stop::countDown));
        while (!stop.await(1, TimeUnit.SECONDS)) {
            Optional<AppClient.Reply> reply = client.get(path);
            String line = reply.filter(r -> r.status() == 200)
                    .map(r -> UsageCommand.line(r.body()))
                    .orElse("(no answer at the moment)");
            if (!line.equals(shown)) {
                System.out.println(line);
                shown = line;
            }
        }
        return Exit.DONE;
    }
}
