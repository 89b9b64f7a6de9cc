package dev.tally.streams.http;

import java.io.FilterOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.time.Duration;
import java.util.concurrent.locks.LockSupport;

/** A stream whose reader must go on reading: where it takes a piece for too long, it is given up. */
final class TimedStream extends FilterOutputStream {

    private static final Duration LOOK_EVERY = Duration.ofMillis(250);
    private static final long NOT_WRITING = Long.MIN_VALUE;

    private volatile long writingSince = NOT_WRITING;
    private volatile boolean ended;

    /**
     * @param giveUp ends the connection, so that a write that waits fails
     * @param patience how long a piece may take
     */
    TimedStream(OutputStream to, Duration patience, Runnable giveUp) {
        super(to);
        Thread.ofVirtual().name("export-watch").start(() -> watch(patience.toNanos(), giveUp));
    }

    private void watch(long patience, Runnable giveUp) {
        while (!ended) {
            long since = writingSince;
            if (since != NOT_WRITING && System.nanoTime() - since > patience) {
                giveUp.run();
                return;
            }
            LockSupport.parkNanos(LOOK_EVERY.toNanos());
        }
    }

    @Override
    public void write(int one) throws IOException {
        write(new byte[] {(byte) one}, 0, 1);
    }

    @Override
    public void write(byte[] bytes, int from, int length) throws IOException {
        writingSince = System.nanoTime();
        try {
            out.write(bytes, from, length);
        } finally {
            writingSince = NOT_WRITING;
        }
    }

    @Override
    public void flush() throws IOException {
        writingSince = System.nanoTime();
        try {
            out.flush();
        } finally {
            writingSince = NOT_WRITING;
        }
    }

    /** Ends the watch; the stream below stays open. */
    @Override
    public void close() {
        ended = true;
    }
}
