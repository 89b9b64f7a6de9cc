package dev.tally.streams.query;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.tally.keys.Subject;
import dev.tally.streams.query.QuestionBatches.Sent;
import dev.tally.streams.query.QuestionJson.Asked;
import java.time.Duration;
import java.util.Collections;
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
        CountDownLatch sent = new CountDownLatch(QuestionBatches.ON_THEIR_WAY);
        CountDownLatch end = new CountDownLatch(1);
        try (ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor()) {
            QuestionBatches batches = new QuestionBatches(TOO_LATE, (questions, until) -> {
                sent.countDown();
                try {
                    end.await();
                } catch (InterruptedException e) {
                    Thread.currentThread().interrupt();
                }
                return Collections.nCopies(questions.size(), LOST);
            });
            for (int i = 0; i < QuestionBatches.ON_THEIR_WAY; i++) {
                long before = sent.getCount();
                Future<?> unused = threads.submit(() -> batches.ask(ASKED, in(Duration.ofDays(1))));
                while (sent.getCount() == before) {
                    Thread.onSpinWait();
                }
            }
            Future<Sent> waiting = threads.submit(() -> batches.ask(ASKED, in(Duration.ofDays(1))));

            // When
            batches.close();

            // Then
            assertThat(waiting.get()).isEqualTo(TOO_LATE);
            assertThat(batches.ask(ASKED, in(Duration.ofDays(1)))).isEqualTo(TOO_LATE);
            end.countDown();
        }
    }

    private static long in(Duration time) {
        return System.nanoTime() + time.toNanos();
    }
}
