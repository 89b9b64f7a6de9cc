package dev.tally.streams.query;

import dev.tally.keys.Subject;
import java.time.Instant;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** A subject's subscription as the intake goes by it at the moment. */
public record SubscriptionInForce(
        Subject subject, @Nullable String stripeCustomerId, Instant anchor, List<PhaseInForce> phases) {

    /** A plan version from an instant on. */
    public record PhaseInForce(String planId, int version, Instant effectiveFrom) {}

    public SubscriptionInForce {
        phases = List.copyOf(phases);
    }
}
