package dev.tally.streams.alerts;

import dev.tally.keys.Subject;
import dev.tally.schemas.QuotaAlert;
import java.time.Instant;
import java.util.List;

/**
 * The newest alerts of a subject.
 *
 * @param since none that were decided before are among them
 * @param alerts the newest first, each {@code alertId} once
 * @param more whether there are older ones, not before {@code since}, that are not among them
 */
public record AlertPage(Subject subject, Instant since, List<QuotaAlert> alerts, boolean more) {

    public AlertPage {
        alerts = List.copyOf(alerts);
    }
}
