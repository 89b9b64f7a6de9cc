package dev.tally.cli.stack;

import java.io.IOException;
import java.util.Arrays;
import java.util.concurrent.TimeUnit;

/**
 * Runs another main class in a child process, and ends the process when its parent is gone: the parent holds the other end of standard
 * input, which the system closes however the parent ended. It needs nothing but the JDK.
 */
public final class ChildMain {

    /** With its servers gone as well, a clean end may hang: then it ends all the same. */
    private static final long END_WITHIN_SECONDS = 20;

    private ChildMain() {}

    /** @param args the main class, then its arguments */
    public static void main(String[] args) throws ReflectiveOperationException {
        Thread watch = new Thread(ChildMain::exitWithParent, "parent-watch");
        watch.setDaemon(true);
        watch.start();
        Class.forName(args[0]).getMethod("main", String[].class).invoke(null, (Object)
                Arrays.copyOfRange(args, 1, args.length));
    }

    private static void exitWithParent() {
        try {
            while (System.in.read() >= 0) {
                // The parent never writes; only the end of the stream means something.
                Thread.onSpinWait();
            }
        } catch (IOException e) {
            System.err.println("standard input failed: " + e);
        }
        Thread end = new Thread(() -> System.exit(0), "parent-gone");
        end.setDaemon(true);
        end.start();
        try {
            end.join(TimeUnit.SECONDS.toMillis(END_WITHIN_SECONDS));
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
        Runtime.getRuntime().halt(1);
    }
}
