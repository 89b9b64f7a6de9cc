package dev.tally.streams.query;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.tally.keys.Subject;
import dev.tally.streams.query.QuestionBatches.Sent;
import dev.tally.streams.query.QuestionJson.Asked;
import java.time.Duration;
import java.util.Collections;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

class QuestionBatchesTest {

    private static final Asked ASKED = new Asked(new Question.OfBilling(Subject.org("o1"), null), true);
    private static final Sent.Lost TOO_LATE = new Sent.Lost("too late", false);
    private static final Sent.Lost LOST = new Sent.Lost("away", false);

    @Test
    void shouldCarryOnAfterAFailure() throws InterruptedException {
        // Given a way that fails as often as there are requests at a time, and once more
        AtomicInteger requests = new AtomicInteger();
        try (QuestionBatches batches = new QuestionBatches(TOO_LATE, (questions, until) -> {
            if (requests.incrementAndGet() <= QuestionBatches.ON_THEIR_WAY + 1) {
                throw new IllegalStateException("no way");
            }
            return Collections.nCopies(questions.size(), LOST);
        })) {
            for (int i = 0; i <= QuestionBatches.ON_THEIR_WAY; i++) {
                assertThatThrownBy(() -> batches.ask(ASKED, in(Duration.ofMinutes(1))))
                        .hasRootCauseMessage("no way");
            }

            // When / Then
            assertThat(batches.ask(ASKED, in(Duration.ofMinutes(1)))).isEqualTo(LOST);
        }
    }

    @Test
    @Timeout(60)
    void shouldKeepNobodyWaitingOnceClosed() throws Exception {
        // Given requests that are not answered, and a question that waits behind them
        Stuck stuck = new Stuck();
        ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor();
        try {
            QuestionBatches batches = new QuestionBatches(TOO_LATE, stuck);
            stuck.fill(batches, threads);
            CompletableFuture<Thread> asker = new CompletableFuture<>();
            Future<Sent> waiting = threads.submit(() -> {
                asker.complete(Thread.currentThread());
                return batches.ask(ASKED, in(Duration.ofDays(1)));
            });
            while (asker.get().getState() != Thread.State.TIMED_WAITING) {
                Thread.onSpinWait();
            }

            // When
            batches.close();

            // Then
            assertThat(waiting.get()).isEqualTo(TOO_LATE);
            assertThat(batches.ask(ASKED, in(Duration.ofDays(1)))).isEqualTo(TOO_LATE);
        } finally {
            stuck.end.countDown();
            threads.shutdownNow();
        }
    }

    @Test
    @Timeout(60)
    void shouldNotSendWhatHasWaitedForTooLong() throws Exception {
        // Given requests that are not answered, and a question that has waited behind them for half of its time
        Stuck stuck = new Stuck();
        ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor();
        try {
            QuestionBatches batches = new QuestionBatches(TOO_LATE, stuck);
            stuck.fill(batches, threads);
            long begun = System.nanoTime();
            Duration within = Duration.ofMillis(200);
            assertThat(batches.ask(ASKED, begun + within.toNanos())).isEqualTo(TOO_LATE);
            Future<Sent> next = threads.submit(() -> batches.ask(ASKED, in(Duration.ofDays(1))));

            // When
            stuck.end.countDown();

            // Then
            assertThat(next.get()).isEqualTo(LOST);
            assertThat(stuck.questions).hasValue(QuestionBatches.ON_THEIR_WAY + 1);
        } finally {
            stuck.end.countDown();
            threads.shutdownNow();
        }
    }

    /** Requests that are answered at the end only. */
    private static final class Stuck implements QuestionBatches.Sending {
        private final CountDownLatch end = new CountDownLatch(1);
        private final AtomicInteger requests = new AtomicInteger();
        private final AtomicInteger questions = new AtomicInteger();

        @Override
        public List<Sent> send(List<Asked> some, long until) {
            questions.addAndGet(some.size());
            requests.incrementAndGet();
            try {
                end.await();
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
            }
            return Collections.nCopies(some.size(), LOST);
        }

        /** Lets as many be under way as may be. */
        private void fill(QuestionBatches batches, ExecutorService threads) {
            for (int i = 1; i <= QuestionBatches.ON_THEIR_WAY; i++) {
                Future<?> unused = threads.submit(() -> batches.ask(ASKED, in(Duration.ofDays(1))));
                while (requests.get() < i) {
                    Thread.onSpinWait();
                }
            }
        }
    }

    private static long in(Duration time) {
        return System.nanoTime() + time.toNanos();
    }
}
