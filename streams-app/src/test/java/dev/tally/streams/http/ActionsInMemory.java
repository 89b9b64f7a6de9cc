package dev.tally.streams.http;

import dev.tally.streams.export.ActionExport;
import dev.tally.streams.export.ActionExports;
import dev.tally.streams.export.ActionRow;
import dev.tally.streams.export.ExportRequest;
import dev.tally.streams.query.Answer;
import java.io.IOException;
import java.time.Duration;
import java.time.LocalDate;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicInteger;
import org.jspecify.annotations.Nullable;

/** Counted actions that a test puts here; all are of whoever is asked about. */
final class ActionsInMemory implements ActionExports {

    static final LocalDate OLDEST = LocalDate.parse("2026-10-25");

    private final List<ActionRow> rows = new ArrayList<>();
    private volatile @Nullable ExportRequest asked;
    private volatile @Nullable CountDownLatch gate;
    private volatile int times = 1;
    private volatile @Nullable Throwable failure;
    private volatile boolean notDecided;
    private final AtomicInteger begun = new AtomicInteger();
    final CountDownLatch ended = new CountDownLatch(1);

    void add(ActionRow row) {
        rows.add(row);
    }

    /** Exports begin and do not end until told so. */
    CountDownLatch holdBack() {
        CountDownLatch latch = new CountDownLatch(1);
        gate = latch;
        return latch;
    }

    /** The rows come again and again. */
    void repeat(int count) {
        times = count;
    }

    /** The log cannot be read to its end. */
    void failAtTheEnd() {
        failure = new IllegalStateException("the log cannot be read");
    }

    /** There is no room to read it. */
    void runOutOfMemoryAtTheEnd() {
        failure = new OutOfMemoryError("a test's");
    }

    void decideNothing() {
        notDecided = true;
    }

    /** How many have begun to be written. */
    int begun() {
        return begun.get();
    }

    /** What was asked for last. */
    ExportRequest asked() {
        return Objects.requireNonNull(asked);
    }

    @Override
    public Answer<ActionExport> open(ExportRequest request) {
        asked = request;
        if (notDecided) {
            return new Answer.NotReady<>("not decided", Duration.ofSeconds(5));
        }
        return request.from().isBefore(OLDEST)
                ? new Answer.OutOfRetention<>(OLDEST)
                : new Answer.Found<>(new Export(), false);
    }

    private final class Export implements ActionExport {

        @Override
        public List<String> meters() {
            return List.of("actions", "credits");
        }

        @Override
        public Map<Integer, Long> until() {
            return Map.of(2, 40L, 0, 7L);
        }

        @Override
        public long behind() {
            return 3;
        }

        @Override
        public void close() {}

        @Override
        public void writeTo(Rows to) throws IOException {
            begun.incrementAndGet();
            try {
                CountDownLatch latch = gate;
                if (latch != null) {
                    latch.await();
                }
                for (int i = 0; i < times; i++) {
                    for (ActionRow row : rows) {
                        to.row(row);
                        to.passed(row.place());
                    }
                }
                switch (failure) {
                    case RuntimeException failed -> throw failed;
                    case Error failed -> throw failed;
                    case null, default -> {}
                }
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
                throw new IOException(e);
            } finally {
                ended.countDown();
            }
        }
    }
}
