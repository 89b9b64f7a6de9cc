package dev.tally.streams.topology;

import dev.tally.keys.Subject;
import dev.tally.streams.metering.EffectiveLimits;
import dev.tally.streams.metering.MemoTerms;
import dev.tally.streams.metering.PlanTerms;
import dev.tally.streams.metering.SubscriptionTerms;
import dev.tally.streams.metering.Terms;
import dev.tally.streams.state.AccountCatalogue;
import java.time.Instant;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;

/** The catalogue of one task of the accounts stage, with what was worked out of it since its last change. */
final class AccountTerms implements Terms {

    private static final int MOST = 50_000;

    private final AccountCatalogue catalogue;
    private final MemoTerms terms;
    private final Map<Subject, Limits> limits = new HashMap<>();

    private record Limits(EffectiveLimits limits, Instant from, Instant to) {
        boolean holdAt(Instant at) {
            return !at.isBefore(from) && at.isBefore(to);
        }
    }

    AccountTerms(AccountCatalogue catalogue) {
        this.catalogue = catalogue;
        this.terms = new MemoTerms(catalogue);
    }

    @Override
    public Optional<SubscriptionTerms> subscription(Subject subject) {
        return terms.subscription(subject);
    }

    @Override
    public Optional<PlanTerms> plan(String planId, int version) {
        return terms.plan(planId, version);
    }

    /** Accepted memberships of an org; 0 for a user. */
    long seats(Subject subject) {
        return catalogue.seats(subject);
    }

    String stripeEventName(String meter) {
        return catalogue.stripeEventName(meter);
    }

    /** The limits that hold for a subject at an instant. */
    EffectiveLimits limits(Subject subject, Instant at) {
        Limits known = limits.get(subject);
        if (known == null || !known.holdAt(at)) {
            if (limits.size() >= MOST) {
                limits.clear();
            }
            known = new Limits(EffectiveLimits.of(this, subject, at, seats(subject)), at, nextPhase(subject, at));
            limits.put(subject, known);
        }
        return known.limits();
    }

    private Instant nextPhase(Subject subject, Instant at) {
        return subscription(subject).stream()
                .flatMap(subscription -> subscription.phases().stream())
                .map(SubscriptionTerms.PhaseTerms::effectiveFrom)
                .filter(from -> from.isAfter(at))
                .min(Instant::compareTo)
                .orElse(Instant.MAX);
    }

    /** To be told when the catalogue has changed. */
    void forget() {
        terms.forget();
        limits.clear();
    }
}
