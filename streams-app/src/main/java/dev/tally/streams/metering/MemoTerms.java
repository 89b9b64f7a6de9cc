package dev.tally.streams.metering;

import dev.tally.keys.Subject;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;

/** Terms that remember what they were asked, until they are told to forget. Not for several threads. */
public final class MemoTerms implements Terms {

    private static final int MOST = 50_000;

    private record PlanVersion(String planId, int version) {}

    private final Terms source;
    private final Map<Subject, Optional<SubscriptionTerms>> subscriptions = new HashMap<>();
    private final Map<PlanVersion, Optional<PlanTerms>> plans = new HashMap<>();

    /** A memory of a source's answers. */
    public MemoTerms(Terms source) {
        this.source = source;
    }

    @Override
    public Optional<SubscriptionTerms> subscription(Subject subject) {
        if (subscriptions.size() >= MOST) {
            subscriptions.clear();
        }
        return subscriptions.computeIfAbsent(subject, source::subscription);
    }

    @Override
    public Optional<PlanTerms> plan(String planId, int version) {
        return plans.computeIfAbsent(
                new PlanVersion(planId, version), plan -> source.plan(plan.planId(), plan.version()));
    }

    /** From now on the source is asked again. */
    public void forget() {
        subscriptions.clear();
        plans.clear();
    }
}
