package dev.tally.streams.query;

import dev.tally.streams.query.QuestionJson.Asked;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CancellationException;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.stream.IntStream;

/**
 * Questions to one instance, several in a request: those that come while others are on their way make up the next. A request costs both
 * sides many times what a question in it does; where thousands of streams follow what another instance keeps, that decides what both can do.
 */
final class QuestionBatches implements AutoCloseable {

    /** Questions in a request at most. */
    static final int MOST = 256;

    /** Requests at a time: one is made up and read here while the other is answered there. */
    static final int ON_THEIR_WAY = 2;

    private final Sending sending;
    private final BlockingQueue<Waiting> waiting = new LinkedBlockingQueue<>();
    private final List<Thread> couriers;
    private volatile boolean closed;

    /** A question that waits for its answer, until a {@link System#nanoTime}. */
    private record Waiting(Asked asked, long until, CompletableFuture<Sent> sent) {}

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

    QuestionBatches(Sending sending) {
        this.sending = sending;
        this.couriers = IntStream.range(0, ON_THEIR_WAY)
                .mapToObj(any -> Thread.ofVirtual().name("ask-in-background").start(this::carry))
                .toList();
    }

    /** What comes of a question by a {@link System#nanoTime}; empty where nothing has. */
    Optional<Sent> ask(Asked question, long until) throws InterruptedException {
        Waiting one = new Waiting(question, until, new CompletableFuture<>());
        waiting.add(one);
        if (closed) {
            return Optional.empty();
        }
        try {
            return Optional.of(one.sent.get(until - System.nanoTime(), TimeUnit.NANOSECONDS));
        } catch (TimeoutException | CancellationException e) {
            return Optional.empty();
        } catch (ExecutionException e) {
            throw new IllegalStateException(e.getCause());
        }
    }

    private void carry() {
        try {
            while (true) {
                List<Waiting> some = new ArrayList<>(List.of(waiting.take()));
                waiting.drainTo(some, MOST - 1);
                long now = System.nanoTime();
                some.removeIf(one -> one.until - now <= 0);
                if (!some.isEmpty()) {
                    deliver(some, now);
                }
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    private void deliver(List<Waiting> some, long now) {
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
        couriers.forEach(Thread::interrupt);
        waiting.forEach(one -> one.sent.cancel(false));
    }
}
