package dev.tally.sink.checks;

import static org.assertj.core.api.Assertions.assertThat;

import dev.tally.sink.delivery.AsyncErrors;
import dev.tally.sink.reporting.Answer;
import dev.tally.sink.reporting.ErrorReading;
import dev.tally.sink.reporting.ErrorReport;
import dev.tally.sink.reporting.RetryRule;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.List;
import java.util.Queue;
import java.util.Random;
import org.junit.jupiter.api.Test;

final class ErrorWatchTest {
    private static final Duration INTERVAL = Duration.ofMinutes(1);

    private final List<Instant> askedSince = new ArrayList<>();
    private final Queue<ErrorReading> answers = new ArrayDeque<>();
    private final List<ErrorReport> heard = new ArrayList<>();
    private Instant now = Instant.parse("2026-11-21T12:00:00Z");

    @Test
    void shouldBeginWithAllThatStripeHasAndTellEachReportOnce() throws Exception {
        ErrorWatch watch = watch();
        Instant start = now;
        answers.add(new ErrorReading.Told(List.of(report("evt_1"), report("evt_2"))));
        answers.add(new ErrorReading.Untold(new Answer.Unknown("no_answer", "reset")));
        answers.add(new ErrorReading.Told(List.of(report("evt_2"), report("evt_3"))));

        // When
        Duration afterAnswer = watch.ask();
        now = now.plus(Duration.ofHours(5));
        Duration afterNone = watch.ask();
        now = now.plus(Duration.ofHours(5));
        watch.ask();

        // Then: what was missed while nobody answered is asked for, with an hour before it
        assertThat(askedSince)
                .containsExactly(
                        start.minus(Duration.ofDays(30)),
                        start.minus(Duration.ofHours(1)),
                        start.minus(Duration.ofHours(1)));
        assertThat(afterAnswer).isEqualTo(INTERVAL);
        assertThat(afterNone).isBetween(INTERVAL, Duration.ofMinutes(5));
        assertThat(heard).extracting(ErrorReport::id).containsExactly("evt_1", "evt_2", "evt_3");
    }

    private ErrorReport report(String id) {
        return new ErrorReport(id, now, "mtr_1", now, now, 1, List.of());
    }

    private ErrorWatch watch() {
        return new ErrorWatch(
                oldest -> {
                    askedSince.add(oldest);
                    return answers.remove();
                },
                new AsyncErrors(),
                INTERVAL,
                RetryRule.STANDARD,
                heard::addAll,
                () -> now,
                new Random(1));
    }
}
