package dev.tally.sink.delivery;

import java.util.ArrayDeque;
import java.util.HashMap;
import java.util.Map;
import java.util.Objects;
import java.util.Queue;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.Consumer;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/**
 * Sends what is submitted, that of a lane in order and one at a time; lanes run in parallel. A lane lives on a virtual thread while it has
 * work.
 *
 * @param <K> names a lane
 * @param <T> what is sent
 */
public final class Lanes<K, T> implements AutoCloseable {
    private final Function<K, Lane<T>> begin;
    private final Consumer<Throwable> failed;
    private final ExecutorService threads;
    private final ReentrantLock lock = new ReentrantLock();
    private final Map<K, Queue<T>> lanes = new HashMap<>();

    /** A lane while it lives; used by one thread. */
    @FunctionalInterface
    public interface Lane<T> {
        /** Brings the next to its end. */
        void send(T next) throws InterruptedException;
    }

    /**
     * No lane yet.
     *
     * @param name of the threads
     * @param begin makes a lane that begins to live
     * @param failed is told of a lane that failed in a way it must not
     */
    public Lanes(String name, Function<K, Lane<T>> begin, Consumer<Throwable> failed) {
        this.begin = begin;
        this.failed = failed;
        this.threads = Executors.newThreadPerTaskExecutor(
                Thread.ofVirtual().name(name + "-", 0).factory());
    }

    /** Adds to a lane, which begins to live with it if it does not. */
    public void submit(K key, T one) {
        lock.lock();
        try {
            Queue<T> lane = lanes.get(key);
            if (lane != null) {
                lane.add(one);
                return;
            }
            Queue<T> started = new ArrayDeque<>();
            started.add(one);
            lanes.put(key, started);
        } finally {
            lock.unlock();
        }
        threads.execute(() -> drain(key));
    }

    private void drain(K key) {
        try {
            Lane<T> lane = begin.apply(key);
            for (T next = take(key); next != null; next = take(key)) {
                lane.send(next);
            }
        } catch (InterruptedException closed) {
            Thread.currentThread().interrupt();
        } catch (RuntimeException | Error bug) {
            failed.accept(bug);
            throw bug;
        }
    }

    private @Nullable T take(K key) {
        lock.lock();
        try {
            Queue<T> lane = Objects.requireNonNull(lanes.get(key));
            T next = lane.poll();
            if (next == null) {
                lanes.remove(key);
            }
            return next;
        } finally {
            lock.unlock();
        }
    }

    /** Interrupts whatever is being sent. */
    @Override
    public void close() {
        threads.shutdownNow();
    }
}
