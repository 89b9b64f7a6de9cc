package dev.tally.streams.topology;

import dev.tally.keys.Subject;
import dev.tally.streams.metering.EffectiveLimits;
import dev.tally.streams.metering.GrantTerms;
import dev.tally.streams.metering.MemoTerms;
import dev.tally.streams.metering.PlanTerms;
import dev.tally.streams.metering.SubscriptionTerms;
import dev.tally.streams.metering.Terms;
import dev.tally.streams.state.AccountCatalogue;
import dev.tally.streams.state.SeatPools;
import java.time.Instant;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/** The catalogue of one task of the accounts stage, with what was worked out of it since its last change. */
final class AccountTerms implements Terms {

    private static final int MOST = 50_000;

    private final AccountCatalogue catalogue;
    private final MemoTerms terms;
    private final Map<String, Account> accounts = new HashMap<>();
    private final Map<String, Boolean> countingMeters = new HashMap<>();

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

    SeatPools seatPools(Subject org) {
        return catalogue.seatPools(org);
    }

    /** Whether a meter counts every action. */
    boolean countsEachAction(String meter) {
        return countingMeters.computeIfAbsent(meter, catalogue::countsEachAction);
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
        countingMeters.clear();
    }

    /** A subject, with what holds for it. */
    final class Account {
        private final String text;
        private final Subject subject;
        private final Map<String, Boolean> members = new HashMap<>(0);
        private EffectiveLimits limits = EffectiveLimits.NONE;
        private Instant from = Instant.MAX;
        private Instant to = Instant.MIN;
        private @Nullable Map<String, List<GrantTerms>> grants;
        private @Nullable SeatPools seatPools;
        private @Nullable Long seats;
        private final Optional<Instant> canceledAt;

        private Account(String text) {
            this.text = text;
            this.subject = Subject.parse(text);
            this.canceledAt = catalogue.canceledAt(subject);
        }

        Subject subject() {
            return subject;
        }

        String text() {
            return text;
        }

        Optional<SubscriptionTerms> subscription() {
            return AccountTerms.this.subscription(subject);
        }

        /** A plan as it holds for it, by its overrides of now; empty where the plan is not known. */
        Optional<PlanTerms> plan(String planId, int version) {
            return AccountTerms.this
                    .plan(planId, version)
                    .map(plan -> subscription()
                            .map(subscription -> plan.with(subscription.overrides()))
                            .orElse(plan));
        }

        /** Whether a user is an accepted member of it, an org. */
        boolean isMember(String userId) {
            if (members.size() >= MOST) {
                members.clear();
            }
            return members.computeIfAbsent(userId, user -> catalogue.isMember(subject, user));
        }

        /** Its grants of a meter, in the order in which they are burned. */
        List<GrantTerms> grants(String meter) {
            return grants().getOrDefault(meter, List.of());
        }

        /** Its grants, by meter. */
        private Map<String, List<GrantTerms>> grants() {
            Map<String, List<GrantTerms>> known = grants;
            if (known == null) {
                known = catalogue.grants(subject).stream().collect(Collectors.groupingBy(GrantTerms::meter));
                grants = known;
            }
            return known;
        }

        boolean hasGrants() {
            return !grants().isEmpty();
        }

        /** The seats that the pool of a period goes by; 0 for a user. */
        long poolSeats(Instant periodStart) {
            SeatPools known = seatPools;
            if (known == null) {
                known = catalogue.seatPools(subject);
                seatPools = known;
            }
            return known.seats(periodStart, seats());
        }

        private long seats() {
            Long known = seats;
            if (known == null) {
                known = AccountTerms.this.seats(subject);
                seats = known;
            }
            return known;
        }

        /** Since when its subscription has been canceled. */
        Optional<Instant> canceledAt() {
            return canceledAt;
        }

        /** The limits that hold at an instant. */
        EffectiveLimits limits(Instant at) {
            if (at.isBefore(from) || !at.isBefore(to)) {
                limits = EffectiveLimits.of(AccountTerms.this, subject, at, this::seats, () -> grants().keySet());
                from = at;
                to = nextPhase(at).orElse(Instant.MAX);
            }
            return limits;
        }

        private Optional<Instant> nextPhase(Instant at) {
            return subscription().stream()
                    .flatMap(subscription -> subscription.phases().stream())
                    .map(SubscriptionTerms.PhaseTerms::effectiveFrom)
                    .filter(effective -> effective.isAfter(at))
                    .min(Instant::compareTo);
        }

        /** When, after an instant, the next phase or grant begins or ends. */
        Optional<Instant> nextChange(Instant at) {
            Stream<Instant> grantTimes = grants().values().stream()
                    .flatMap(List::stream)
                    .flatMap(grant ->
                            Stream.of(Optional.of(grant.effectiveAt()), Optional.ofNullable(grant.expiresAt())))
                    .flatMap(Optional::stream);
            return Stream.concat(nextPhase(at).stream(), grantTimes)
                    .filter(time -> time.isAfter(at))
                    .min(Instant::compareTo);
        }
    }
}
