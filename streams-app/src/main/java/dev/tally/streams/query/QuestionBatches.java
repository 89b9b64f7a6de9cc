package dev.tally.streams.query;

import dev.tally.streams.query.QuestionJson.Asked;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Queue;
import java.util.concurrent.CancellationException;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.function.LongSupplier;
import java.util.stream.Collectors;

/**
 * Questions to one instance, several in a request: those that come while others are on their way make up the next. A request costs both
 * sides many times what a question in it does; where thousands of streams follow what another instance keeps, that decides what both can do.
 */
final class QuestionBatches implements AutoCloseable {

    /** Questions in a request at most. */
    static final int MOST = 256;

    /** Requests at a time: one is made up and read here while the other is answered there. */
    static final int ON_THEIR_WAY = 2;

    private final Sent.Lost tooLate;
    private final Sending sending;
    private final LongSupplier nanos;
    private final Queue<Waiting> waiting = new ConcurrentLinkedQueue<>();
    private final Semaphore couriers = new Semaphore(ON_THEIR_WAY);
    private volatile boolean closed;

    /**
     * A question that waits for its answer.
     *
     * @param latest when it is of use to send it, as {@link System#nanoTime}: who answers is to have as long as it may have waited, and not
     *     to work for those who have gone
     * @param until when nobody waits any more
     */
    private record Waiting(Asked asked, long latest, long until, CompletableFuture<Sent> sent) {}

    /** What came of a question. */
    sealed interface Sent {

        /** Its answer. */
        record Answered(QuestionJson.Said said) implements Sent {}

        /** As {@link Instances.Reply.Lost}. */
        record Lost(String why, boolean worthRepeating) implements Sent {}
    }

    /** Sends questions in one request. */
    @FunctionalInterface
    interface Sending {

        /** What came of each, in their order; by a {@link System#nanoTime}. */
        List<Sent> send(List<Asked> questions, long until);
    }

    /**
     * Questions on the way that {@code sending} knows.
     *
     * @param tooLate what comes of a question to which there is no answer in time
     * @param nanos a clock, as {@link System#nanoTime}
     */
    QuestionBatches(Sent.Lost tooLate, Sending sending, LongSupplier nanos) {
        this.tooLate = tooLate;
        this.sending = sending;
        this.nanos = nanos;
    }

    /** What comes of a question by a {@link System#nanoTime}. */
    Sent ask(Asked question, long until) throws InterruptedException {
        long now = nanos.getAsLong();
        Waiting one = new Waiting(question, now + (until - now) / 2, until, new CompletableFuture<>());
        waiting.add(one);
        if (closed) {
            return tooLate;
        }
        call();
        try {
            return one.sent.get(until - nanos.getAsLong(), TimeUnit.NANOSECONDS);
        } catch (TimeoutException | CancellationException e) {
            return tooLate;
        } catch (ExecutionException e) {
            throw new IllegalStateException(e.getCause());
        }
    }

    /** A courier goes as long as something waits; one more is called where not all are on their way. */
    private void call() {
        if (couriers.tryAcquire()) {
            var unused = Thread.ofVirtual().name("ask-in-background").start(this::carry);
        }
    }

    private void carry() {
        try {
            List<Waiting> some = next();
            while (!some.isEmpty()) {
                deliver(some);
                some = next();
            }
        } finally {
            couriers.release();
        }
        // What came between the last look and the release called nobody.
        if (!waiting.isEmpty()) {
            call();
        }
    }

    private List<Waiting> next() {
        List<Waiting> some = new ArrayList<>();
        Waiting one = waiting.poll();
        while (one != null) {
            some.add(one);
            one = some.size() < MOST ? waiting.poll() : null;
        }
        return some;
    }

    private void deliver(List<Waiting> all) {
        long now = nanos.getAsLong();
        Map<Boolean, List<Waiting>> byUse =
                all.stream().collect(Collectors.partitioningBy(one -> one.latest - now >= 0));
        byUse.getOrDefault(false, List.of()).forEach(one -> one.sent.complete(tooLate));
        List<Waiting> some = byUse.getOrDefault(true, List.of());
        if (some.isEmpty()) {
            return;
        }
        // Whoever has waited for long gives up by itself; those who have just come are not to share its hurry.
        long longest = some.stream().mapToLong(one -> one.until - now).max().orElse(0);
        try {
            List<Sent> sent = sending.send(some.stream().map(Waiting::asked).toList(), now + longest);
            for (int i = 0; i < some.size(); i++) {
                some.get(i).sent.complete(sent.get(i));
            }
        } catch (RuntimeException | Error e) {
            // Whatever it was, the next ones are to be carried.
            some.forEach(one -> one.sent.completeExceptionally(e));
        }
    }

    /** Nothing comes of what waits. */
    @Override
    public void close() {
        closed = true;
        waiting.forEach(one -> one.sent.cancel(false));
        waiting.clear();
    }
}
