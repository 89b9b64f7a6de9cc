package dev.tally.cli.audit;

import dev.tally.keys.Keys;
import dev.tally.keys.Subject;
import dev.tally.schemas.AlertKind;
import dev.tally.schemas.Allocation;
import dev.tally.schemas.Grant;
import dev.tally.schemas.Limit;
import dev.tally.schemas.LimitWindow;
import dev.tally.schemas.Phase;
import dev.tally.schemas.Plan;
import dev.tally.schemas.Scope;
import dev.tally.schemas.Subscription;
import dev.tally.schemas.SubscriptionStatus;
import java.math.BigInteger;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * The limits of users and orgs, read by the audit itself, and since when they hold unchanged. Actions that came earlier may have been
 * judged by other limits: of the windows that they lie in it says nothing.
 */
public final class LimitCatalogue {

    private static final int POOL_LOW_SHARE = 20;

    private final Instant now;
    private final Kept<Subscription> subscriptions = new Kept<>();
    private final Kept<Plan> plans = new Kept<>();
    private final Set<MeterOf> granted = new HashSet<>();
    private final Map<String, Optional<Holding>> known = new HashMap<>();

    private record MeterOf(String subject, String meter) {}

    /** @param now by the clock that the stack goes by */
    public LimitCatalogue(Instant now) {
        this.now = now;
    }

    /** A limit of a meter in a kind of window. */
    record Limited(String meter, LimitWindow window) {}

    /**
     * What a limit allows and at what it alerts.
     *
     * @param amount null where it follows grants or seats, which the audit does not judge
     */
    record Allowed(@Nullable Long amount, List<Rule> rules) {}

    /** At what an alert is due. */
    record Rule(AlertKind kind, int percent) {

        /** Whether so much use of so much is enough. More use never takes it back. */
        boolean isDue(long used, long amount) {
            return switch (kind) {
                case WARNING -> share(used).compareTo(part(amount)) >= 0;
                case REACHED -> used >= amount;
                case EXCEEDED -> used > amount;
                case POOL_LOW -> share(Math.max(0, amount - used)).compareTo(part(amount)) < 0;
                case RECOVERED, ANOMALY, SILENCE, UNKNOWN -> false;
            };
        }

        private static BigInteger share(long of) {
            return BigInteger.valueOf(of).multiply(BigInteger.valueOf(100));
        }

        private BigInteger part(long of) {
            return BigInteger.valueOf(of).multiply(BigInteger.valueOf(percent));
        }
    }

    /**
     * The limits of a subject.
     *
     * @param after only actions that were published after it are judged by these for sure
     */
    private record Holding(Instant after, Map<Limited, Allowed> limits) {
        static final Holding NOTHING = new Holding(Instant.MIN, Map.of());
    }

    /** A subscription's record, in the order of its topic; null where it is removed. */
    public void subscription(String subject, @Nullable Subscription record, Instant writtenAt) {
        subscriptions.put(subject, record, writtenAt);
    }

    /** A plan's record. The first of a version counts. */
    public void plan(Plan record, Instant writtenAt) {
        plans.putFirst(Keys.plan(record.getPlanId(), record.getVersion()), record, writtenAt);
    }

    /** A grant's record. */
    public void grant(Grant record) {
        granted.add(new MeterOf(record.getSubject(), record.getMeter()));
    }

    /** What limits the actions of a subject that were published at a time; empty where that is not sure. */
    Optional<Map<Limited, Allowed>> limits(String subject, Instant publishedAt) {
        return known.computeIfAbsent(subject, this::holding)
                .filter(holding -> publishedAt.isAfter(holding.after()))
                .map(Holding::limits);
    }

    private Optional<Holding> holding(String subject) {
        Optional<Kept.Held<Subscription>> held = subscriptions.of(subject);
        if (held.isEmpty()) {
            return Optional.of(Holding.NOTHING);
        }
        Instant after = held.get().since().plus(Kept.IN_FORCE_WITHIN);
        Subscription subscription = held.get().value();
        if (subscription == null) {
            return Optional.of(new Holding(after, Map.of()));
        }
        if (subscription.getStatus() == SubscriptionStatus.CANCELED) {
            return Optional.empty();
        }
        Phase newest = null;
        for (Phase phase : subscription.getPhases()) {
            Instant from = phase.getEffectiveFrom();
            if (!from.isAfter(now.plus(Kept.IN_FORCE_WITHIN))
                    && (newest == null || from.isAfter(newest.getEffectiveFrom()))) {
                newest = phase;
            }
        }
        if (newest == null) {
            return Optional.of(new Holding(after, Map.of()));
        }
        Optional<Kept.Held<Plan>> plan = plans.of(Keys.plan(newest.getPlanId(), newest.getVersion()));
        if (plan.isEmpty() || plan.get().value() == null) {
            return Optional.empty();
        }
        after = later(after, plan.get().since().plus(Kept.IN_FORCE_WITHIN));
        after = later(after, newest.getEffectiveFrom().plus(Kept.IN_FORCE_WITHIN));
        return Optional.of(
                new Holding(after, limits(subject, subscription, plan.get().value())));
    }

    private static Instant later(Instant one, Instant other) {
        return one.isAfter(other) ? one : other;
    }

    private Map<Limited, Allowed> limits(String subject, Subscription subscription, Plan plan) {
        Scope own = Subject.parse(subject).kind() == Subject.Kind.ORG ? Scope.ORG : Scope.USER;
        Map<Limited, Allowed> limits = new HashMap<>();
        List<Limit> all = new ArrayList<>(subscription.getOverrides());
        all.addAll(plan.getLimits());
        for (Limit limit : all) {
            if (limit.getScope() == own
                    && (limit.getWindow() == LimitWindow.DAY || limit.getWindow() == LimitWindow.PERIOD)) {
                // An override comes first, and takes the place of the plan's.
                limits.putIfAbsent(
                        new Limited(limit.getMeter(), limit.getWindow()), allowed(subject, subscription, plan, limit));
            }
        }
        return Map.copyOf(limits);
    }

    private Allowed allowed(String subject, Subscription subscription, Plan plan, Limit limit) {
        Long amount = limit.getAmount();
        boolean pool = amount == null;
        if (pool) {
            // One plan for all of a period, no grants, no seats: then what is included is all that there is.
            boolean simple =
                    subscription.getPhases().size() == 1 && !granted.contains(new MeterOf(subject, limit.getMeter()));
            amount = !simple
                    ? null
                    : plan.getAllocations().stream()
                            .filter(of ->
                                    of.getMeter().equals(limit.getMeter()) && of.getPerSeat() == 0 && of.getBase() > 0)
                            .map(Allocation::getBase)
                            .findFirst()
                            .orElse(null);
        }
        List<Rule> rules = new ArrayList<>();
        if (pool && limit.getScope() == Scope.ORG) {
            Integer share = subscription.getPoolLowShare();
            rules.add(new Rule(AlertKind.POOL_LOW, share == null ? POOL_LOW_SHARE : share));
        } else {
            limit.getWarnAt().stream()
                    .filter(percent -> percent < 100)
                    .distinct()
                    .forEach(percent -> rules.add(new Rule(AlertKind.WARNING, percent)));
        }
        rules.add(new Rule(AlertKind.REACHED, 100));
        rules.add(new Rule(AlertKind.EXCEEDED, 100));
        return new Allowed(amount, List.copyOf(rules));
    }
}
