package dev.tally.streams.topology;

import dev.tally.keys.Subject;
import dev.tally.schemas.AlertKind;
import dev.tally.schemas.QuotaAlert;
import dev.tally.schemas.Scope;
import dev.tally.schemas.Severity;
import dev.tally.streams.metering.EffectiveLimits.EffectiveLimit;
import dev.tally.streams.metering.FactIdentifier;
import dev.tally.streams.metering.PlanTerms;
import dev.tally.streams.metering.Thresholds;
import dev.tally.streams.metering.Thresholds.Threshold;
import java.time.Instant;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/** Quota alerts as they go out. */
final class Alerts {

    private Alerts() {}

    /**
     * What an alert is about.
     *
     * @param scopeId id of the subject, or of the member or space of it
     * @param cause eventId of the action that caused it, or what else did
     */
    record Cause(
            Subject subject,
            PlanTerms.Scope scope,
            String scopeId,
            String meter,
            Instant start,
            Instant end,
            String cause) {}

    static QuotaAlert raised(
            Cause cause, EffectiveLimit limit, Thresholds.Level level, Threshold threshold, int epoch, Instant now) {
        return alert(
                cause,
                AlertKind.valueOf(threshold.kind().name()),
                severity(threshold.kind()),
                Optional.of(limit),
                level.limit(),
                level.used(),
                threshold,
                epoch,
                now);
    }

    /**
     * Tells that usage lies below a threshold again that it had passed.
     *
     * @param limit what holds now; empty where there is none any more
     */
    static QuotaAlert recovered(
            Cause cause,
            Optional<EffectiveLimit> limit,
            Optional<Thresholds.Level> level,
            long used,
            Threshold threshold,
            int epoch,
            Instant now) {
        return alert(
                cause,
                AlertKind.RECOVERED,
                Severity.INFO,
                limit,
                level.map(Thresholds.Level::limit).orElse(null),
                used,
                threshold,
                epoch,
                now);
    }

    private static QuotaAlert alert(
            Cause cause,
            AlertKind kind,
            Severity severity,
            Optional<EffectiveLimit> limit,
            @Nullable Long amount,
            long used,
            Threshold threshold,
            int epoch,
            Instant now) {
        return new QuotaAlert(
                FactIdentifier.ofAlert(
                        kind.name(),
                        cause.subject().text(),
                        cause.scope().name(),
                        cause.scopeId(),
                        cause.meter(),
                        cause.start(),
                        cause.end(),
                        threshold.percent(),
                        epoch),
                kind,
                severity,
                cause.subject().text(),
                Scope.valueOf(cause.scope().name()),
                cause.scopeId(),
                cause.meter(),
                cause.start(),
                cause.end(),
                threshold.percent(),
                epoch,
                amount,
                used,
                cause.end(),
                limit.map(EffectiveLimit::planId).orElse(null),
                cause.cause(),
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
