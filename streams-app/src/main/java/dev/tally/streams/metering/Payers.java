package dev.tally.streams.metering;

import dev.tally.keys.Subject;

/** Who pays for an action. Asked once, where an action is accepted; everyone downstream obeys the answer. */
public final class Payers {

    private Payers() {}

    /** The action's org where that org has a pooled plan in force at the action's time, else its user. */
    public static Subject of(Action action, Terms terms) {
        if (action.orgId() != null) {
            Subject org = Subject.org(action.orgId());
            if (hasPooledPlan(org, action, terms)) {
                return org;
            }
        }
        return Subject.user(action.userId());
    }

    private static boolean hasPooledPlan(Subject org, Action action, Terms terms) {
        return terms.subscription(org)
                .flatMap(subscription -> subscription.phaseAt(action.occurredAt()))
                // An org whose plan record has not arrived yet is pooled: orgs have no other kind of plan, and charging
                // the user
                // for what the org subscribed to could not be put right later.
                .map(phase -> terms.plan(phase.planId(), phase.version())
                        .map(plan -> plan.payer() == Subject.Kind.ORG)
                        .orElse(true))
                .orElse(false);
    }
}
