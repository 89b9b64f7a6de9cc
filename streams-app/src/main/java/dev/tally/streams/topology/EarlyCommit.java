package dev.tally.streams.topology;

import java.time.Duration;
import java.util.function.IntSupplier;
import org.apache.kafka.streams.processor.Cancellable;
import org.apache.kafka.streams.processor.PunctuationType;
import org.apache.kafka.streams.processor.api.ProcessorContext;

/**
 * Asks for a commit sooner than {@code commit.interval.ms} while there is little to commit, so that others see it soon. Under load a commit
 * is put off to that interval: the longer it is put off, the more of what is summed up on the heap travels as one.
 */
final class EarlyCommit {

    private static final Duration LOOK_EVERY = Duration.ofMillis(100);
    private static final int LITTLE = 5_000;

    private EarlyCommit() {}

    /**
     * Begins to look.
     *
     * @param waiting how much there is to commit
     */
    static Cancellable schedule(ProcessorContext<?, ?> context, IntSupplier waiting) {
        return context.schedule(LOOK_EVERY, PunctuationType.WALL_CLOCK_TIME, now -> {
            int much = waiting.getAsInt();
            if (much > 0 && much <= LITTLE) {
                context.commit();
            }
        });
    }
}
