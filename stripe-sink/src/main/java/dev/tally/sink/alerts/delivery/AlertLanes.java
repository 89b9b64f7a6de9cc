package dev.tally.sink.alerts.delivery;

import dev.tally.sink.alerts.Recipient;
import dev.tally.sink.delivery.Completions;
import java.util.ArrayDeque;
import java.util.HashMap;
import java.util.Map;
import java.util.Objects;
import java.util.Queue;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;

/**
 * One lane per partition and address: its alerts are sent in the order of the log, one at a time, so those of one subject never overtake each other
 * at an endpoint. Lanes run in parallel: a broken endpoint holds up its own alerts alone. A lane lives on a virtual thread while it has alerts.
 */
final class AlertLanes implements AutoCloseable {
    private final AlertSender sender;
    private final Completions<AlertSender.Completion> completions;
    private final ExecutorService threads = Executors.newThreadPerTaskExecutor(
            Thread.ofVirtual().name("alert-lane-", 0).factory());
    private final ReentrantLock lock = new ReentrantLock();
    private final Map<LaneKey, Queue<Waiting>> lanes = new HashMap<>();

    private record LaneKey(AlertPartition partition, Recipient recipient) {}

    AlertLanes(AlertSender sender, Completions<AlertSender.Completion> completions) {
        this.sender = sender;
        this.completions = completions;
    }

    void submit(AlertPartition partition, Waiting one) {
        LaneKey key = new LaneKey(partition, one.recipient());
        lock.lock();
        try {
            Queue<Waiting> lane = lanes.get(key);
            if (lane != null) {
                lane.add(one);
                return;
            }
            Queue<Waiting> started = new ArrayDeque<>();
            started.add(one);
            lanes.put(key, started);
        } finally {
            lock.unlock();
        }
        threads.execute(() -> drain(key));
    }

    private void drain(LaneKey key) {
        try {
            int failures = 0;
            for (Waiting next = take(key); next != null; next = take(key)) {
                failures = sender.deliver(key.partition(), next, failures);
            }
        } catch (InterruptedException closed) {
            Thread.currentThread().interrupt();
        } catch (RuntimeException | Error bug) {
            completions.fail(bug);
            throw bug;
        }
    }

    private @Nullable Waiting take(LaneKey key) {
        lock.lock();
        try {
            Queue<Waiting> lane = Objects.requireNonNull(lanes.get(key));
            Waiting next = lane.poll();
            if (next == null) {
                lanes.remove(key);
            }
            return next;
        } finally {
            lock.unlock();
        }
    }

    /** Interrupts whatever is being sent; it waits in the ledger, and is sent again with the same id. */
    @Override
    public void close() {
        threads.shutdownNow();
    }
}
