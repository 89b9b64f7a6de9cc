package dev.tally.streams.query;

import dev.tally.keys.Subject;
import dev.tally.streams.metering.money.Cost;
import java.time.Instant;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * A payer's billing period.
 *
 * @param seats accepted memberships of an org, 0 for a user
 * @param cost null where no plan of the period has a price, where the record of one has not arrived yet, and where their currencies differ
 */
public record BillingPeriod(
        Subject subject,
        Instant start,
        Instant end,
        String plan,
        long seats,
        @Nullable String stripeCustomerId,
        List<MeterCharges> meters,
        @Nullable Cost cost) {

    /**
     * What covered one meter's usage. {@code included + granted - used + overage + excess = remaining}.
     *
     * @param included what the period includes; not less than what it has covered
     * @param granted what was taken from grants in it, and what is left of those in force
     * @param used all that is accounted for
     * @param unreported overage that no fact has been emitted for yet
     * @param burns what the period's usage took from each grant, by grantId
     */
    public record MeterCharges(
            String meter,
            long included,
            long granted,
            long used,
            long includedRemaining,
            long grantsRemaining,
            long overage,
            long excess,
            long unreported,
            List<GrantBurn> burns) {
        public MeterCharges {
            burns = List.copyOf(burns);
        }
    }

    /** What was taken from a grant. */
    public record GrantBurn(String grantId, long amount) {}

    public BillingPeriod {
        meters = List.copyOf(meters);
    }
}
