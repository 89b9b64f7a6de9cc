package dev.tally.streams.topology;

import java.time.Duration;
import java.time.Instant;
import java.util.function.Predicate;
import org.apache.kafka.streams.processor.Cancellable;
import org.apache.kafka.streams.processor.PunctuationType;
import org.apache.kafka.streams.processor.api.ProcessorContext;

/**
 * Asks for a commit sooner than {@code commit.interval.ms} where that lets others see sooner what has just happened. While a backlog is
 * worked off nobody waits for the single action: then a commit is put off, and more of what is summed up on the heap travels as one.
 */
final class EarlyCommit {

    private static final Duration LOOK_EVERY = Duration.ofMillis(100);

    private EarlyCommit() {}

    /**
     * Begins to look.
     *
     * @param isWorthIt told the present time, whether there is something that others wait for
     */
    static Cancellable schedule(ProcessorContext<?, ?> context, Predicate<Instant> isWorthIt) {
        return context.schedule(LOOK_EVERY, PunctuationType.WALL_CLOCK_TIME, now -> {
            if (isWorthIt.test(Instant.ofEpochMilli(now))) {
                context.commit();
            }
        });
    }
}
