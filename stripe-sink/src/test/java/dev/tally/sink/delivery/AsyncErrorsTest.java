package dev.tally.sink.delivery;

import static org.assertj.core.api.Assertions.assertThat;

import dev.tally.sink.reporting.ErrorReport;
import java.time.Instant;
import java.util.List;
import org.junit.jupiter.api.Test;

final class AsyncErrorsTest {
    private static final Instant NOW = Instant.parse("2026-11-21T12:00:00Z");

    @Test
    void shouldNotTakeAnEventThatStripeHasForOneThatItDoesNotCount() {
        AsyncErrors errors = new AsyncErrors();

        // When
        errors.add(
                List.of(report(
                        new ErrorReport.Sample("by-code", "duplicate_meter_event", "Sent twice."),
                        new ErrorReport.Sample(
                                "by-message", "invalid", "An event already exists with identifier by-message."),
                        new ErrorReport.Sample("wrong", "meter_event_customer_not_found", "No such customer."))),
                NOW);

        // Then
        assertThat(errors.all()).extracting(AsyncErrors.AsyncError::identifier).containsExactly("wrong");
        assertThat(errors.find("by-code")).isNull();
        assertThat(errors.find("by-message")).isNull();
    }

    private static ErrorReport report(ErrorReport.Sample... samples) {
        return new ErrorReport("evt_1", NOW, "mtr_1", NOW, NOW, samples.length, List.of(samples));
    }
}
