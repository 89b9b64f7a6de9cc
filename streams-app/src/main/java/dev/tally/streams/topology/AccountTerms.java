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
    private final Map<String, Account> accounts = new HashMap<>();

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

    /** The account of a subject, by its text. Not to be kept. */
    Account account(String subjectText) {
        Account account = accounts.get(subjectText);
        if (account == null) {
            if (accounts.size() >= MOST) {
                accounts.clear();
            }
            account = new Account(subjectText);
            accounts.put(subjectText, account);
        }
        return account;
    }

    /** To be told when the catalogue has changed. */
    void forget() {
        terms.forget();
        accounts.clear();
    }

    /** A subject, with the limits that hold for it. */
    final class Account {
        private final String text;
        private final Subject subject;
        private EffectiveLimits limits = EffectiveLimits.NONE;
        private Instant from = Instant.MAX;
        private Instant to = Instant.MIN;

        private Account(String text) {
            this.text = text;
            this.subject = Subject.parse(text);
        }

        Subject subject() {
            return subject;
        }

        String text() {
            return text;
        }

        /** The limits that hold at an instant. */
        EffectiveLimits limits(Instant at) {
            if (at.isBefore(from) || !at.isBefore(to)) {
                limits = EffectiveLimits.of(AccountTerms.this, subject, at, seats(subject));
                from = at;
                to = nextPhase(at);
            }
            return limits;
        }

        private Instant nextPhase(Instant at) {
            return subscription(subject).stream()
                    .flatMap(subscription -> subscription.phases().stream())
                    .map(SubscriptionTerms.PhaseTerms::effectiveFrom)
                    .filter(effective -> effective.isAfter(at))
                    .min(Instant::compareTo)
                    .orElse(Instant.MAX);
        }
    }
}
