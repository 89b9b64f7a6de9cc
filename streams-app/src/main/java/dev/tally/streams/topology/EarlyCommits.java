package dev.tally.streams.topology;

import java.util.function.IntPredicate;
import org.apache.kafka.streams.processor.api.ProcessorContext;

/** Lets the tasks that read an input ask for early commits, in turns with all others of their stream thread. */
final class EarlyCommits {

    private final IntPredicate caughtUp;
    private final EarlyCommit.Turns turns;

    /**
     * Early commits of an input.
     *
     * @param caughtUp whether all input of a partition has been fetched
     * @param turns shared by all inputs
     */
    EarlyCommits(IntPredicate caughtUp, EarlyCommit.Turns turns) {
        this.caughtUp = caughtUp;
        this.turns = turns;
    }

    /** Those of a task, which begins to look. */
    EarlyCommit of(ProcessorContext<?, ?> context) {
        int partition = context.taskId().partition();
        return new EarlyCommit(context, () -> isCaughtUp(partition), turns);
    }

    /** Whether all input of a partition has been fetched. */
    boolean isCaughtUp(int partition) {
        return caughtUp.test(partition);
    }
}
