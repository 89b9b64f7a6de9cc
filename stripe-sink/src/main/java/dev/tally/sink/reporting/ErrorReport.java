package dev.tally.sink.reporting;

import java.time.Instant;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * What Stripe reported of meter events that it had taken and then did not count (thin events {@code v1.billing.meter.error_report_triggered}
 * and {@code v1.billing.meter.no_meter_found}). It names a sample of them only.
 *
 * @param id Stripe's id of the report
 * @param meterId the meter; null where no meter was found
 * @param from when Stripe began to look at the events
 * @param to when it ended
 * @param errors how many events are wrong
 */
public record ErrorReport(
        String id,
        Instant created,
        @Nullable String meterId,
        Instant from,
        Instant to,
        long errors,
        List<Sample> samples) {
    /** Copies the samples. */
    public ErrorReport {
        samples = List.copyOf(samples);
    }

    /**
     * An event that is wrong.
     *
     * @param code Stripe's code for what is wrong; an open list
     */
    public record Sample(String identifier, String code, String message) {}

    /** How many events are wrong and not named. */
    public long unnamed() {
        return Math.max(0, errors - samples.size());
    }
}
