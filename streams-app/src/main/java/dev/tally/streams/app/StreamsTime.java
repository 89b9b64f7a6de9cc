package dev.tally.streams.app;

import java.time.InstantSource;
import java.util.function.Supplier;
import org.apache.kafka.common.utils.Time;

/**
 * The time that Kafka Streams gives its processors and fires their timers by, from a test clock. What measures how long something takes or
 * waits for something stays with the machine's clock, as Kafka's clients do. A timer for which several turns have passed at once fires
 * once; a commit comes early.
 */
final class StreamsTime implements Time {

    private final InstantSource clock;

    StreamsTime(InstantSource clock) {
        this.clock = clock;
    }

    @Override
    public long milliseconds() {
        return clock.millis();
    }

    @Override
    public long nanoseconds() {
        return SYSTEM.nanoseconds();
    }

    @Override
    public void sleep(long millis) {
        SYSTEM.sleep(millis);
    }

    /** Waits by the machine's clock; the deadline is given by this one. */
    @Override
    public void waitObject(Object monitor, Supplier<Boolean> condition, long deadline) throws InterruptedException {
        SYSTEM.waitObject(monitor, condition, SYSTEM.milliseconds() + deadline - milliseconds());
    }
}
