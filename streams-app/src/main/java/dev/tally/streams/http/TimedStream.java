package dev.tally.streams.http;

import java.io.FilterOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.time.Duration;
import java.util.concurrent.locks.LockSupport;
import java.util.function.LongSupplier;

/** A stream whose reader must go on reading: where it takes a piece for too long, or too little of many, it is given up. */
final class TimedStream extends FilterOutputStream {

    private static final Duration LOOK_EVERY = Duration.ofMillis(250);
    private static final long NOT_WRITING = Long.MIN_VALUE;

    private final Patience patience;
    private final Runnable giveUp;
    private final LongSupplier nanos;
    private volatile long writingSince = NOT_WRITING;
    private volatile boolean ended;
    private long waited;
    private long taken;

    /**
     * What a reader must do.
     *
     * @param piece how long it may take for a piece
     * @param within how long it may be waited for, all in all, for
     * @param least this many bytes; where rows are rare it is not waited for, so it need not have them
     */
    record Patience(Duration piece, Duration within, long least) {

        static final Patience USUAL = new Patience(Duration.ofSeconds(60), Duration.ofMinutes(5), 1_000_000);
    }

    /** @param giveUp ends the connection, so that a write that waits fails */
    TimedStream(OutputStream to, Patience patience, Runnable giveUp) {
        this(to, patience, giveUp, System::nanoTime);
    }

    TimedStream(OutputStream to, Patience patience, Runnable giveUp, LongSupplier nanos) {
        super(to);
        this.patience = patience;
        this.giveUp = giveUp;
        this.nanos = nanos;
        Thread.ofVirtual().name("export-watch").start(this::watch);
    }

    private void watch() {
        while (!ended) {
            long since = writingSince;
            if (since != NOT_WRITING
                    && nanos.getAsLong() - since > patience.piece().toNanos()) {
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
        long since = begin();
        try {
            out.write(bytes, from, length);
        } finally {
            end(since);
        }
        taken += length;
        requireEnough();
    }

    @Override
    public void flush() throws IOException {
        long since = begin();
        try {
            out.flush();
        } finally {
            end(since);
        }
        requireEnough();
    }

    private long begin() {
        long now = nanos.getAsLong();
        writingSince = now;
        return now;
    }

    private void end(long since) {
        writingSince = NOT_WRITING;
        waited += nanos.getAsLong() - since;
    }

    private void requireEnough() throws IOException {
        if (waited > patience.within().toNanos()) {
            if (taken < patience.least()) {
                giveUp.run();
                throw new IOException("the reader takes too little");
            }
            waited = 0;
            taken = 0;
        }
    }

    /** Ends the watch; the stream below stays open. */
    @Override
    public void close() {
        ended = true;
    }
}
