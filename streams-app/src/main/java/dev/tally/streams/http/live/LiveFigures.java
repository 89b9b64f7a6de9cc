package dev.tally.streams.http.live;

import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.LongAdder;

/** What the streams of this process count; changes as they work. */
public final class LiveFigures {

    final AtomicInteger open = new AtomicInteger();
    final LongAdder sent = new LongAdder();
    final LongAdder dropped = new LongAdder();

    LiveFigures() {}

    /** Streams that are open. */
    public int open() {
        return open.get();
    }

    /** Events {@code usage} and {@code status} given out to be written, since the start of the process. */
    public long sent() {
        return sent.sum();
    }

    /** Streams that were ended because their listener did not take what was written, since the start of the process. */
    public long dropped() {
        return dropped.sum();
    }
}
