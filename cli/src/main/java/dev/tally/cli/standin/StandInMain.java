package dev.tally.cli.standin;

import dev.tally.clock.TestClock;
import java.io.IOException;
import java.io.PrintStream;
import java.net.BindException;
import java.util.concurrent.CountDownLatch;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Starts the Stripe stand-in, a fake, as a process: exit 2 for a wrong command line, a busy port or an unusable directory. */
public final class StandInMain {

    private static final Logger log = LoggerFactory.getLogger(StandInMain.class);

    private StandInMain() {}

    /** Runs until SIGTERM or Ctrl-C. */
    public static void main(String[] args) throws InterruptedException {
        int status = run(args, System.out, System.err);
        if (status != 0) {
            System.exit(status);
        }
        new CountDownLatch(1).await();
    }

    /** Starts the stand-in and returns 0 when it answers, or prints what is wrong and returns 2. */
    static int run(String[] args, PrintStream out, PrintStream err) {
        StandInOptions options;
        try {
            options = StandInOptions.parse(args);
        } catch (IllegalArgumentException e) {
            err.println(e.getMessage());
            err.print(StandInOptions.USAGE);
            return 2;
        }
        try {
            StandIn standIn = StandIn.start(options, TestClock.of(options.clock()));
            Runtime.getRuntime().addShutdownHook(new Thread(() -> close(standIn), "stand-in-close"));
            out.println("stripe stand-in (a fake) ready on " + standIn.url());
            return 0;
        } catch (BindException e) {
            err.println("stripe stand-in: cannot listen on " + options.host() + ":" + options.port() + ": "
                    + e.getMessage() + "; is another one running? --port chooses another port");
            return 2;
        } catch (IOException | IllegalArgumentException e) {
            err.println("stripe stand-in: cannot start: " + e.getMessage());
            return 2;
        }
    }

    private static void close(StandIn standIn) {
        try {
            standIn.close();
        } catch (IOException e) {
            log.atWarn().setCause(e).log("The stand-in did not close cleanly");
        }
    }
}
