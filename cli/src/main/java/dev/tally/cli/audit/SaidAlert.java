package dev.tally.cli.audit;

import dev.tally.schemas.QuotaAlert;

/** An alert, and where it lies. */
public record SaidAlert(QuotaAlert alert, Place place) {

    /** What there is one alert of. */
    record Identity(
            String kind,
            String subject,
            String scope,
            String scopeId,
            String meter,
            long start,
            long end,
            String threshold,
            int epoch) {}

    Identity identity() {
        return new Identity(
                alert.getKind().name(),
                alert.getSubject(),
                alert.getScope().name(),
                alert.getScopeId(),
                alert.getMeter(),
                alert.getWindowStart().toEpochMilli(),
                alert.getWindowEnd().toEpochMilli(),
                String.valueOf(alert.getThreshold()),
                alert.getEpoch());
    }

    /** In words, such as {@code WARNING at 80 % of user:u1 actions from 2026-11-21T00:00:00Z}. */
    String text() {
        return alert.getKind() + (alert.getThreshold() == null ? "" : " at " + alert.getThreshold() + " %") + " of "
                + alert.getSubject() + " " + alert.getMeter() + " from " + alert.getWindowStart();
    }
}
