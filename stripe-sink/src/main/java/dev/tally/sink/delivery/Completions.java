package dev.tally.sink.delivery;

import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.atomic.AtomicReference;
import org.jspecify.annotations.Nullable;

/** Hands finished facts, and the failure of a sender, from the senders to the delivery's own thread. */
final class Completions {
    private final ConcurrentLinkedQueue<Completion> finished = new ConcurrentLinkedQueue<>();
    private final AtomicReference<@Nullable Throwable> failure = new AtomicReference<>();

    record Completion(PartitionWork source, Settled settled) {}

    void add(Completion completion) {
        finished.add(completion);
    }

    void fail(Throwable cause) {
        failure.compareAndSet(null, cause);
    }

    /** Everything finished since the last call; throws when a sender failed in a way it must not. */
    List<Completion> take() {
        Throwable cause = failure.get();
        if (cause != null) {
            throw new IllegalStateException("a sender failed", cause);
        }
        List<Completion> taken = new ArrayList<>();
        for (Completion next = finished.poll(); next != null; next = finished.poll()) {
            taken.add(next);
        }
        return taken;
    }

    boolean isEmpty() {
        return finished.isEmpty() && failure.get() == null;
    }
}
