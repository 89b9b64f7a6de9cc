package dev.tally.streams.topology;

import dev.tally.keys.Subject;
import dev.tally.schemas.AlertKind;
import dev.tally.schemas.QuotaAlert;
import dev.tally.schemas.Scope;
import dev.tally.schemas.Severity;
import dev.tally.streams.metering.EffectiveLimits.EffectiveLimit;
import dev.tally.streams.metering.FactIdentifier;
import dev.tally.streams.metering.Thresholds;
import dev.tally.streams.metering.Thresholds.Threshold;
import java.time.Instant;

/** Quota alerts as they go out. */
final class Alerts {

    private Alerts() {}

    /**
     * What an alert is about.
     *
     * @param eventId the action that caused it
     */
    record Cause(Subject subject, String meter, Instant start, Instant end, String eventId) {}

    static QuotaAlert of(Cause cause, EffectiveLimit limit, long limitUsed, Threshold threshold, Instant now) {
        AlertKind kind = AlertKind.valueOf(threshold.kind().name());
        Scope scope = Scope.valueOf(limit.terms().scope().name());
        int epoch = 0;
        return new QuotaAlert(
                FactIdentifier.ofAlert(
                        kind.name(),
                        cause.subject(),
                        scope.name(),
                        cause.subject().id(),
                        cause.meter(),
                        cause.start(),
                        threshold.percent(),
                        epoch),
                kind,
                severity(threshold.kind()),
                cause.subject().text(),
                scope,
                cause.subject().id(),
                cause.meter(),
                cause.start(),
                cause.end(),
                threshold.percent(),
                epoch,
                limit.amount(),
                limitUsed,
                cause.end(),
                limit.planId(),
                cause.eventId(),
                !cause.end().isAfter(now),
                now);
    }

    private static Severity severity(Thresholds.Kind kind) {
        return switch (kind) {
            case WARNING, POOL_LOW -> Severity.WARNING;
            case REACHED, EXCEEDED -> Severity.CRITICAL;
        };
    }
}
