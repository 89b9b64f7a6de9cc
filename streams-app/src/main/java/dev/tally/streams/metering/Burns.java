package dev.tally.streams.metering;

import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/**
 * How much of each grant is used up.
 *
 * @param byGrant amount by grantId, each over 0
 */
public record Burns(Map<String, Long> byGrant) {

    /** Nothing. */
    public static final Burns NONE = new Burns(Map.of());

    public Burns {
        byGrant = Map.copyOf(byGrant);
    }

    /** What one action takes from one grant. */
    public record Burn(String grantId, long amount) {}

    /**
     * What an action takes from grants.
     *
     * @param grants of the payer and meter, in {@link GrantTerms#BURN_ORDER}
     * @param at event time of the action
     */
    public List<Burn> take(long amount, List<GrantTerms> grants, Instant at) {
        List<Burn> taken = new ArrayList<>();
        long left = amount;
        for (GrantTerms grant : grants) {
            long burn = Math.min(left, grant.isInForce(at) ? left(grant) : 0);
            if (burn > 0) {
                taken.add(new Burn(grant.grantId(), burn));
                left -= burn;
            }
        }
        return taken;
    }

    /** With more used up. */
    public Burns plus(List<Burn> more) {
        if (more.isEmpty()) {
            return this;
        }
        Map<String, Long> sums = new TreeMap<>(byGrant);
        more.forEach(burn -> sums.merge(burn.grantId(), burn.amount(), Amounts::plus));
        return new Burns(sums);
    }

    /** What is left of a grant. One that was made smaller than what is used of it has nothing left. */
    public long left(GrantTerms grant) {
        return Math.max(0, grant.amount() - byGrant.getOrDefault(grant.grantId(), 0L));
    }

    /** What is left of those grants that are in force at an instant. */
    public long left(List<GrantTerms> grants, Instant at) {
        long left = 0;
        for (GrantTerms grant : grants) {
            left = Amounts.plus(left, grant.isInForce(at) ? left(grant) : 0);
        }
        return left;
    }
}
