package dev.tally.schemas.testing;

import dev.tally.keys.Subject;
import dev.tally.schemas.ActionEvent;
import dev.tally.schemas.Allocation;
import dev.tally.schemas.Beyond;
import dev.tally.schemas.Grant;
import dev.tally.schemas.Limit;
import dev.tally.schemas.LimitWindow;
import dev.tally.schemas.PayerKind;
import dev.tally.schemas.Phase;
import dev.tally.schemas.Plan;
import dev.tally.schemas.Report;
import dev.tally.schemas.Scope;
import dev.tally.schemas.Subscription;
import dev.tally.schemas.SubscriptionStatus;
import dev.tally.schemas.catalogue.Catalogue;
import java.time.Duration;
import java.time.Instant;
import java.time.LocalDate;
import java.time.LocalTime;
import java.time.YearMonth;
import java.time.ZoneOffset;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;

/**
 * A catalogue over actions that took place: the orgs that used most tokens, on pools of tokens that are sometimes enough and sometimes not.
 * Anchors lie on the 1st, 15th, 29th, 30th and 31st at odd times; each org has three grants, one of which expires, and changes its plan
 * twice, between such that bill, such that do not, and, some of them, one whose pool is of actions. Always the same for a seed.
 */
public final class SeededCatalogue {

    private static final int[] ANCHOR_DAYS = {1, 15, 29, 30, 31};

    private final Random random;
    private final List<Plan> plans = new ArrayList<>();
    private final List<Subscription> subscriptions = new ArrayList<>();
    private final List<Grant> grants = new ArrayList<>();

    private SeededCatalogue(long seed) {
        random = new Random(seed);
    }

    /** What an org did. */
    private record Use(String orgId, List<Instant> times, long tokens) {

        static Use of(String orgId, List<ActionEvent> actions) {
            return new Use(
                    orgId,
                    actions.stream().map(ActionEvent::getOccurredAt).sorted().toList(),
                    actions.stream().mapToLong(SeededCatalogue::tokens).sum());
        }

        /** When a share of its actions had taken place. */
        Instant at(double share) {
            return times.get((int) (share * (times.size() - 1)));
        }

        long months() {
            return times.stream()
                    .map(at -> YearMonth.from(at.atZone(ZoneOffset.UTC)))
                    .distinct()
                    .count();
        }
    }

    private static long tokens(ActionEvent action) {
        return action.getUsage().getOrDefault("input_tokens", 0L)
                + action.getUsage().getOrDefault("output_tokens", 0L);
    }

    /** The catalogue of so many orgs. It has no meters; {@code actions} and {@code tokens} are those of the demo catalogue. */
    public static Catalogue over(List<ActionEvent> actions, int orgs, long seed) {
        Map<String, List<ActionEvent>> byOrg = new HashMap<>();
        for (ActionEvent action : actions) {
            if (action.getOrgId() != null && !action.getReadOnly()) {
                byOrg.computeIfAbsent(action.getOrgId(), org -> new ArrayList<>())
                        .add(action);
            }
        }
        List<Use> most = byOrg.entrySet().stream()
                .map(org -> Use.of(org.getKey(), org.getValue()))
                .sorted(Comparator.comparingLong(Use::tokens).reversed().thenComparing(Use::orgId))
                .limit(orgs)
                .toList();
        SeededCatalogue made = new SeededCatalogue(seed);
        for (int i = 0; i < most.size(); i++) {
            made.add(i, most.get(i));
        }
        return new Catalogue(List.of(), made.plans, made.subscriptions, made.grants, List.of());
    }

    private void add(int index, Use use) {
        String subject = Subject.org(use.orgId()).text();
        String planId = "pool-" + use.orgId();
        long aMonth = Math.max(1, use.tokens() / use.months());
        boolean bills = random.nextBoolean();
        plans.add(pool(planId, 1, "tokens", share(aMonth, 0.2, 1.0), bills));
        plans.add(
                index % 4 == 3
                        ? pool(planId, 2, "actions", Math.max(1, use.times().size() / use.months() / 2), true)
                        : pool(planId, 2, "tokens", share(aMonth, 0.5, 2.0), !bills));
        plans.add(pool(planId, 3, "tokens", share(aMonth, 0.2, 1.5), random.nextBoolean()));
        // Some begin when actions have taken place already: those are their users' own.
        boolean late = index % 6 == 4 && use.at(0.05).plus(Duration.ofDays(1)).isBefore(use.at(1));
        Instant first = late ? odd(use.at(0.05)) : use.at(0).minus(Duration.ofHours(30));
        Instant second = later(first, odd(use.at(0.3 + 0.15 * random.nextDouble())));
        Instant third = later(second, odd(use.at(0.6 + 0.2 * random.nextDouble())));
        subscriptions.add(new Subscription(
                subject,
                null,
                null,
                anchor(ANCHOR_DAYS[index % ANCHOR_DAYS.length]),
                SubscriptionStatus.ACTIVE,
                List.of(new Phase(planId, 1, first), new Phase(planId, 2, second), new Phase(planId, 3, third)),
                List.of(),
                null,
                null,
                index % 7 == 6 ? share(use.tokens(), 0.05, 0.2) : null,
                List.of(),
                List.of()));
        Instant expiring = odd(use.at(0.15 + 0.2 * random.nextDouble()));
        grants.add(new Grant(subject, "early", "tokens", share(use.tokens(), 0.01, 0.1), odd(use.at(0.1)), null));
        grants.add(new Grant(
                subject,
                "expiring",
                "tokens",
                share(use.tokens(), 0.02, 0.4),
                expiring,
                later(expiring, odd(use.at(0.45 + 0.2 * random.nextDouble())))));
        grants.add(new Grant(subject, "late", "tokens", share(use.tokens(), 0.01, 0.05), odd(use.at(0.5)), null));
    }

    private static Plan pool(String planId, int version, String meter, long included, boolean bills) {
        return new Plan(
                planId,
                version,
                PayerKind.ORG,
                List.of(new Limit(
                        Scope.ORG, meter, LimitWindow.PERIOD, null, bills ? Beyond.BILL : Beyond.REJECT, List.of(80))),
                List.of(new Allocation(meter, included, 0L)),
                null,
                Report.OVERAGE);
    }

    private long share(long of, double least, double most) {
        return Math.max(1, (long) (of * (least + (most - least) * random.nextDouble())));
    }

    /** A little later, at a time at which nothing else changes. */
    private Instant odd(Instant at) {
        return at.plusSeconds(1 + random.nextInt(7_200));
    }

    private static Instant later(Instant than, Instant wanted) {
        return wanted.isAfter(than) ? wanted : than.plusSeconds(1);
    }

    private Instant anchor(int day) {
        return LocalDate.of(2011, 1, day)
                .atTime(LocalTime.ofSecondOfDay(1 + random.nextInt(86_399)))
                .toInstant(ZoneOffset.UTC);
    }
}
