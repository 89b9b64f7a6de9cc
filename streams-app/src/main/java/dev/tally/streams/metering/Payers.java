package dev.tally.streams.metering;

import dev.tally.keys.Subject;
import java.time.Instant;
import org.jspecify.annotations.Nullable;

/** Who pays for an action. Asked once, where an action is accepted; everyone downstream obeys the answer. */
public final class Payers {

    private Payers() {}

    /**
     * Whether an action's org pays for it: where it has a pooled plan in force at the action's time. Else the action's user does.
     *
     * @param subscription of the org; null where it has none
     */
    public static boolean orgPays(@Nullable SubscriptionTerms subscription, Instant at, Terms terms) {
        return subscription != null && hasPooledPlan(subscription, at, terms);
    }

    private static boolean hasPooledPlan(SubscriptionTerms subscription, Instant at, Terms terms) {
        return subscription
                .phaseAt(at)
                // An org whose plan record has not arrived yet is pooled: orgs have no other kind of plan, and charging
                // the user
                // for what the org subscribed to could not be put right later.
                .map(phase -> terms.plan(phase.planId(), phase.version())
                        .map(plan -> plan.payer() == Subject.Kind.ORG)
                        .orElse(true))
                .orElse(false);
    }
}
