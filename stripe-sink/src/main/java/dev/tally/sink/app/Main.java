package dev.tally.sink.app;

import dev.tally.settings.Arguments;
import dev.tally.settings.CommandLine;
import dev.tally.settings.SettingsException;
import java.io.PrintStream;
import java.util.Map;
import java.util.UUID;
import java.util.concurrent.CountDownLatch;

/** Starts stripe-sink: {@code --config FILE}, {@code --set key=value}. Exit codes: 0 stopped, 1 failed, 2 settings. */
public final class Main {
    private static final int FAILED = 1;
    private static final int BAD_SETTINGS = 2;

    private Main() {}

    /** Runs until the process is told to stop. */
    public static void main(String[] args) throws InterruptedException {
        int code = run(args, System.getenv(), System.err);
        if (code != 0) {
            System.exit(code);
        }
    }

    static int run(String[] args, Map<String, String> environment, PrintStream err) throws InterruptedException {
        SinkSettings settings;
        try {
            Arguments arguments = CommandLine.parse(args);
            if (arguments.help()) {
                err.println(CommandLine.USAGE);
                return 0;
            }
            settings = SinkSettings.load(
                    arguments.file(),
                    environment,
                    arguments.overrides(),
                    UUID.randomUUID().toString());
        } catch (SettingsException bad) {
            bad.problems().forEach(err::println);
            return BAD_SETTINGS;
        }
        return run(new SinkApp(settings), err);
    }

    private static int run(SinkApp app, PrintStream err) throws InterruptedException {
        CountDownLatch ended = new CountDownLatch(1);
        Thread hook = new Thread(() -> stopAndWait(app, ended), "shutdown");
        Runtime.getRuntime().addShutdownHook(hook);
        try {
            return app.run() ? 0 : FAILED;
        } catch (StartUp.ImpossibleException impossible) {
            err.println(impossible.getMessage());
            return FAILED;
        } finally {
            ended.countDown();
        }
    }

    private static void stopAndWait(SinkApp app, CountDownLatch ended) {
        app.stop();
        try {
            ended.await();
        } catch (InterruptedException interrupted) {
            Thread.currentThread().interrupt();
        }
    }
}
