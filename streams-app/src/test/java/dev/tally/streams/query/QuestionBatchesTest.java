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
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Nested;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

class QuestionBatchesTest {

    private static final Asked ASKED = new Asked(new Question.OfBilling(Subject.org("o1"), null), true);
    private static final long DAY = Duration.ofDays(1).toNanos();
    private static final Sent.Lost TOO_LATE = new Sent.Lost("too late", false);
    private static final Sent.Lost LOST = new Sent.Lost("away", false);

    @Test
    void shouldCarryOnAfterAFailure() throws InterruptedException {
        // Given a way that fails as often as there are requests at a time, and once more
        AtomicInteger requests = new AtomicInteger();
        try (QuestionBatches batches = new QuestionBatches(
                TOO_LATE,
                (questions, until) -> {
                    if (requests.incrementAndGet() <= QuestionBatches.ON_THEIR_WAY + 1) {
                        throw new IllegalStateException("no way");
                    }
                    return Collections.nCopies(questions.size(), LOST);
                },
                System::nanoTime)) {
            for (int i = 0; i <= QuestionBatches.ON_THEIR_WAY; i++) {
                assertThatThrownBy(() -> batches.ask(ASKED, System.nanoTime() + DAY))
                        .hasRootCauseMessage("no way");
            }

            // When / Then
            assertThat(batches.ask(ASKED, System.nanoTime() + DAY)).isEqualTo(LOST);
        }
    }

    @Nested
    @Timeout(60)
    class WhereRequestsAreNotAnswered {

        private final AtomicLong nanos = new AtomicLong();
        private final CountDownLatch end = new CountDownLatch(1);
        private final AtomicInteger requests = new AtomicInteger();
        private final AtomicInteger questions = new AtomicInteger();
        private final ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor();
        private final QuestionBatches batches = new QuestionBatches(TOO_LATE, this::send, nanos::get);

        /** As many requests are under way as may be, and a question with a day's time waits behind them. */
        private Future<Sent> waiting() throws Exception {
            for (int i = 1; i <= QuestionBatches.ON_THEIR_WAY; i++) {
                Future<?> unused = threads.submit(() -> batches.ask(ASKED, nanos.get() + DAY));
                while (requests.get() < i) {
                    Thread.onSpinWait();
                }
            }
            CompletableFuture<Thread> asker = new CompletableFuture<>();
            Future<Sent> waiting = threads.submit(() -> {
                asker.complete(Thread.currentThread());
                return batches.ask(ASKED, nanos.get() + DAY);
            });
            while (asker.get().getState() != Thread.State.TIMED_WAITING) {
                Thread.onSpinWait();
            }
            return waiting;
        }

        private List<Sent> send(List<Asked> some, long until) {
            questions.addAndGet(some.size());
            requests.incrementAndGet();
            try {
                end.await();
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
            }
            return Collections.nCopies(some.size(), LOST);
        }

        @AfterEach
        void end() {
            end.countDown();
            threads.shutdownNow();
        }

        @Test
        void shouldKeepNobodyWaitingOnceClosed() throws Exception {
            Future<Sent> waiting = waiting();

            batches.close();

            assertThat(waiting.get()).isEqualTo(TOO_LATE);
            assertThat(batches.ask(ASKED, nanos.get() + DAY)).isEqualTo(TOO_LATE);
        }

        @Test
        void shouldSendWhatHasWaitedForHalfOfItsTime() throws Exception {
            Future<Sent> waiting = waiting();

            nanos.addAndGet(DAY / 2);
            end.countDown();

            assertThat(waiting.get()).isEqualTo(LOST);
            assertThat(questions).hasValue(QuestionBatches.ON_THEIR_WAY + 1);
        }

        @Test
        void shouldNotSendWhatHasWaitedForLonger() throws Exception {
            Future<Sent> waiting = waiting();

            nanos.addAndGet(DAY / 2 + 1);
            end.countDown();

            assertThat(waiting.get()).isEqualTo(TOO_LATE);
            assertThat(questions).hasValue(QuestionBatches.ON_THEIR_WAY);
        }
    }
}
