package dev.tally.bench.measure;

import dev.tally.bench.stack.ChildProcess;
import dev.tally.bench.stack.ProcessUsage;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.concurrent.locks.LockSupport;
import java.util.function.Predicate;
import org.apache.kafka.common.TopicPartition;

/**
 * Times a program from outside, by what it commits: from when it has committed the warm-up part of the actions until it has committed
 * the last action and all that followed from it in the topics behind.
 */
final class GroupClock {

    private static final Duration STUCK_AFTER = Duration.ofMinutes(2);
    private static final long PAUSE_NANOS = 20_000_000;

    private final ChildProcess app;
    private final ProcessUsage broker;
    private final GroupProgress progress;

    GroupClock(ChildProcess app, ChildProcess broker, GroupProgress progress) {
        this.app = app;
        this.broker = broker.usage();
        this.progress = progress;
    }

    /**
     * Waits until all is done.
     *
     * @param chain the actions, then the topics behind in their order
     */
    Timing time(List<String> chain, int warmUp, long records) {
        String actions = chain.getFirst();
        Map<TopicPartition, Long> warm =
                await(committed -> GroupProgress.sum(committed, actions) >= Math.max(1, warmUp));
        Stopwatch stopwatch = Stopwatch.start(app.usage(), broker);
        for (String topic : chain) {
            awaitEnd(topic);
        }
        return stopwatch.stop(records - GroupProgress.sum(warm, actions));
    }

    /** Waits until the group has committed all that a topic holds now. */
    void awaitEnd(String topic) {
        Map<TopicPartition, Long> ends = progress.ends(topic);
        Map<TopicPartition, Long> unused = await(committed ->
                ends.entrySet().stream().allMatch(end -> committed.getOrDefault(end.getKey(), 0L) >= end.getValue()));
    }

    private Map<TopicPartition, Long> await(Predicate<Map<TopicPartition, Long>> enough) {
        Map<TopicPartition, Long> before = Map.of();
        long progressAt = System.nanoTime();
        while (true) {
            Map<TopicPartition, Long> committed = progress.committed();
            if (enough.test(committed)) {
                return committed;
            }
            app.requireAlive();
            if (!committed.equals(before)) {
                before = committed;
                progressAt = System.nanoTime();
            } else if (System.nanoTime() - progressAt > STUCK_AFTER.toNanos()) {
                throw new IllegalStateException("no progress any more:\n" + app.lastWords());
            }
            LockSupport.parkNanos(PAUSE_NANOS);
        }
    }
}
