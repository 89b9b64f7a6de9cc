package dev.tally.sink.delivery;

import dev.tally.sink.reporting.Fact;
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
 * One lane per customer and meter: facts of a lane are sent in order, one at a time (Stripe allows one call per customer
 * and meter), lanes run in parallel. A lane lives on a virtual thread while it has facts.
 */
final class Lanes implements AutoCloseable {
    private final FactSender sender;
    private final Completions<Completion> completions;
    private final ExecutorService threads = Executors.newThreadPerTaskExecutor(
            Thread.ofVirtual().name("lane-", 0).factory());
    private final ReentrantLock lock = new ReentrantLock();
    private final Map<LaneKey, Queue<Delivery>> lanes = new HashMap<>();

    private record LaneKey(String customer, String eventName) {
        static LaneKey of(Fact fact) {
            return new LaneKey(Objects.requireNonNullElse(fact.customer(), ""), fact.eventName());
        }
    }

    Lanes(FactSender sender, Completions<Completion> completions) {
        this.sender = sender;
        this.completions = completions;
    }

    void submit(Delivery delivery) {
        LaneKey key = LaneKey.of(delivery.fact());
        lock.lock();
        try {
            Queue<Delivery> lane = lanes.get(key);
            if (lane != null) {
                lane.add(delivery);
                return;
            }
            Queue<Delivery> started = new ArrayDeque<>();
            started.add(delivery);
            lanes.put(key, started);
        } finally {
            lock.unlock();
        }
        threads.execute(() -> drain(key));
    }

    private void drain(LaneKey key) {
        try {
            for (Delivery next = take(key); next != null; next = take(key)) {
                sender.deliver(next);
            }
        } catch (InterruptedException closed) {
            Thread.currentThread().interrupt();
        } catch (RuntimeException | Error bug) {
            completions.fail(bug);
            throw bug;
        }
    }

    private @Nullable Delivery take(LaneKey key) {
        lock.lock();
        try {
            Queue<Delivery> lane = Objects.requireNonNull(lanes.get(key));
            Delivery next = lane.poll();
            if (next == null) {
                lanes.remove(key);
            }
            return next;
        } finally {
            lock.unlock();
        }
    }

    /** Interrupts whatever is being sent; outcomes that did not arrive are asked for again under the same identifier. */
    @Override
    public void close() {
        threads.shutdownNow();
    }
}
