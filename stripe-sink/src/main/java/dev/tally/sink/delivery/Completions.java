package dev.tally.sink.delivery;

import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.atomic.AtomicReference;
import org.jspecify.annotations.Nullable;

/**
 * Hands what is finished, and the failure of a sender, from the senders to the thread that owns the Kafka clients.
 *
 * @param <C> what is finished
 */
public final class Completions<C> {
    private final ConcurrentLinkedQueue<C> finished = new ConcurrentLinkedQueue<>();
    private final AtomicReference<@Nullable Throwable> failure = new AtomicReference<>();

    /** Hands one over. */
    public void add(C completion) {
        finished.add(completion);
    }

    /** Lets the next {@link #take} throw. */
    public void fail(Throwable cause) {
        failure.compareAndSet(null, cause);
    }

    /** Everything finished since the last call; throws when a sender failed in a way it must not. */
    public List<C> take() {
        Throwable cause = failure.get();
        if (cause != null) {
            throw new IllegalStateException("a sender failed", cause);
        }
        List<C> taken = new ArrayList<>();
        for (C next = finished.poll(); next != null; next = finished.poll()) {
            taken.add(next);
        }
        return taken;
    }

    /** Whether there is nothing to take. */
    public boolean isEmpty() {
        return finished.isEmpty() && failure.get() == null;
    }
}
