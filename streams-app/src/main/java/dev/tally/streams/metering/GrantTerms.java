package dev.tally.streams.metering;

import java.time.Instant;
import java.util.Comparator;
import org.jspecify.annotations.Nullable;

/**
 * An extra amount that a payer was given, on top of what its plan includes.
 *
 * @param grantId names it among the payer's grants
 * @param meter the meter it covers
 * @param amount over 0
 * @param effectiveAt it covers actions from this event time on
 * @param expiresAt and before this one; null: it never expires
 */
public record GrantTerms(
        String grantId,
        String meter,
        long amount,
        Instant effectiveAt,
        @Nullable Instant expiresAt) {

    /** In which order grants are burned: what expires first goes first. */
    public static final Comparator<GrantTerms> BURN_ORDER = Comparator.comparing(GrantTerms::end)
            .thenComparing(GrantTerms::effectiveAt)
            .thenComparing(GrantTerms::grantId);

    /** Whether it is in force at an instant. */
    public boolean isInForce(Instant at) {
        return !at.isBefore(effectiveAt) && at.isBefore(end());
    }

    private Instant end() {
        return expiresAt == null ? Instant.MAX : expiresAt;
    }
}
