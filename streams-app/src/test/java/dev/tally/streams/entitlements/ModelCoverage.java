package dev.tally.streams.entitlements;

import dev.tally.schemas.Grant;
import dev.tally.schemas.Plan;
import dev.tally.schemas.Report;
import dev.tally.schemas.Subscription;
import java.time.Instant;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;

/** What covers a payer's usage: grants, allocation, overage, excess. */
final class ModelCoverage {

    private static final Comparator<Grant> EARLIEST_EXPIRY = Comparator.comparing(
                    (Grant grant) -> Optional.ofNullable(grant.getExpiresAt()).orElse(Instant.MAX))
            .thenComparing(Grant::getEffectiveAt)
            .thenComparing(Grant::getGrantId);
    private static final Comparator<Grant> EARLIEST_EFFECT =
            Comparator.comparing(Grant::getEffectiveAt).thenComparing(Grant::getGrantId);

    private final Mutant mutant;
    private final ModelCatalogue catalogue;
    private final Map<Account, Charged> charged = new HashMap<>();
    private final Map<String, Long> burned = new HashMap<>();

    /** A payer's meter in one period. */
    record Account(String payer, String meter, Instant periodStart) {}

    /** How the usage of one account is covered. */
    static final class Charged {
        long included;
        long overage;
        long excess;
        long billable;
        long beyondAtLastRaise;
        final Map<String, Long> granted = new TreeMap<>();

        long covered() {
            return included
                    + granted.values().stream().mapToLong(Long::longValue).sum();
        }

        long limitUsed() {
            return covered() + overage + excess - beyondAtLastRaise;
        }
    }

    ModelCoverage(Mutant mutant, ModelCatalogue catalogue) {
        this.mutant = mutant;
        this.catalogue = catalogue;
    }

    Map<Account, Charged> all() {
        return charged;
    }

    Charged of(String payer, String meter, Span period) {
        return charged.getOrDefault(new Account(payer, meter, period.start()), new Charged());
    }

    void cover(String payer, String meter, long amount, Instant occurredAt, Instant now) {
        Optional<Plan> plan = catalogue.plan(payer, occurredAt);
        Optional<Span> period = catalogue.period(payer, mutant == Mutant.LATE_RATED_IN_OPEN_PERIOD ? now : occurredAt);
        if (plan.isEmpty() || period.isEmpty() || !isCharged(payer, plan.get(), meter)) {
            return;
        }
        Charged account =
                charged.computeIfAbsent(new Account(payer, meter, period.get().start()), key -> new Charged());
        if (catalogue.isCanceled(payer, occurredAt) && mutant != Mutant.CANCELED_STILL_BILLS) {
            account.excess += amount;
            return;
        }
        long rest = amount;
        for (Grant grant : inOrderOfBurn(payer, meter)) {
            long part = ModelCatalogue.isInForce(grant, occurredAt) ? Math.min(rest, left(grant)) : 0;
            if (part > 0) {
                burned.merge(key(grant), part, Long::sum);
                account.granted.merge(grant.getGrantId(), part, Long::sum);
                rest -= part;
            }
        }
        long allocation = catalogue.included(payer, plan.get(), meter, period.get(), now);
        long included = Math.min(rest, Math.max(0, allocation - account.included));
        account.included += included;
        rest -= included;
        long overage = catalogue.bills(payer, plan.get(), meter) ? Math.min(rest, overageLeft(payer, account)) : 0;
        account.overage += overage;
        account.excess += rest - overage;
        account.billable += plan.get().getReport() == Report.ALL ? amount : overage;
    }

    private boolean isCharged(String payer, Plan plan, String meter) {
        return ModelCatalogue.allocation(plan, meter).isPresent()
                || catalogue.bills(payer, plan, meter)
                || catalogue.billsWithoutOverrides(payer, plan, meter)
                || !catalogue.grants(payer, meter).isEmpty();
    }

    private List<Grant> inOrderOfBurn(String payer, String meter) {
        return catalogue.grants(payer, meter).stream()
                .sorted(mutant == Mutant.GRANT_ORDER ? EARLIEST_EFFECT : EARLIEST_EXPIRY)
                .toList();
    }

    private long overageLeft(String payer, Charged account) {
        Subscription subscription = catalogue.subscription(payer);
        Long cap = subscription == null ? null : subscription.getOverageCap();
        return cap == null ? Long.MAX_VALUE : Math.max(0, cap - account.overage);
    }

    private static String key(Grant grant) {
        return grant.getSubject() + "/" + grant.getGrantId();
    }

    long left(Grant grant) {
        return grant.getAmount() - burned.getOrDefault(key(grant), 0L);
    }

    /** The limit of a pool: what the period includes, what grants have covered in it, and what is left of those in force. */
    Optional<Long> poolLimit(String payer, String meter, Span period, Instant now) {
        Optional<Plan> plan = catalogue.plan(payer, now);
        if (plan.isEmpty()) {
            return Optional.empty();
        }
        long burnedHere = of(payer, meter, period).granted.values().stream()
                .mapToLong(Long::longValue)
                .sum();
        boolean none = ModelCatalogue.allocation(plan.get(), meter).isEmpty()
                && catalogue.grants(payer, meter).isEmpty();
        return none
                ? Optional.empty()
                : Optional.of(catalogue.included(payer, plan.get(), meter, period, now)
                        + burnedHere
                        + grantsLeft(payer, meter, now));
    }

    long grantsLeft(String payer, String meter, Instant now) {
        return catalogue.grants(payer, meter).stream()
                .filter(grant -> ModelCatalogue.isInForce(grant, now))
                .mapToLong(this::left)
                .sum();
    }

    /** From here on only what is beyond the raised pool counts against it. */
    void raised(String payer, String meter, Span period) {
        Charged account = charged.get(new Account(payer, meter, period.start()));
        if (account != null) {
            account.beyondAtLastRaise = account.overage + account.excess;
        }
    }

    /** What only the wrong rule does. */
    void takeBack(Grant grant, Instant now) {
        catalogue.period(grant.getSubject(), now).ifPresent(period -> {
            Charged account = charged.get(new Account(grant.getSubject(), grant.getMeter(), period.start()));
            if (account != null) {
                long back = Math.min(account.overage, left(grant));
                long more = Math.min(account.excess, left(grant) - back);
                account.overage -= back;
                account.billable -= back;
                account.excess -= more;
                burned.merge(key(grant), back + more, Long::sum);
                account.granted.merge(grant.getGrantId(), back + more, Long::sum);
            }
        });
    }
}
