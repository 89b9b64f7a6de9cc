package dev.tally.sink.app;

import java.util.ArrayDeque;
import java.util.Deque;
import java.util.List;
import java.util.concurrent.CountDownLatch;

/** The parts that run, the newest first. Used by one thread. */
final class RunningParts {
    private final Deque<Part> parts = new ArrayDeque<>();

    private RunningParts() {}

    /** Starts one or more parts that belong together, and adds each as soon as it runs. */
    @FunctionalInterface
    interface Start {
        /** Throws where one cannot be started. */
        void start(RunningParts running);
    }

    /** Ends a part. */
    @FunctionalInterface
    interface Part {
        /** Returns when the part has ended, or is not waited for any longer. */
        void end() throws InterruptedException;
    }

    /** Starts all in order, waits for the stop and ends them in reverse; what was started is ended also where a later one fails to start. */
    static void run(List<Start> starts, CountDownLatch stop) throws InterruptedException {
        RunningParts running = new RunningParts();
        try {
            starts.forEach(next -> next.start(running));
            stop.await();
        } finally {
            running.end();
        }
    }

    /** Takes a part that was started just now. */
    void add(Part part) {
        parts.push(part);
    }

    /** Ends all, even where one fails to. */
    private void end() throws InterruptedException {
        Part newest = parts.poll();
        if (newest == null) {
            return;
        }
        try {
            newest.end();
        } finally {
            end();
        }
    }
}
