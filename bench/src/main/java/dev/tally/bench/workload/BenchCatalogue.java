package dev.tally.bench.workload;

import dev.tally.schemas.Subscription;
import dev.tally.schemas.catalogue.Catalogue;
import dev.tally.schemas.catalogue.CatalogueException;
import dev.tally.schemas.catalogue.CatalogueFile;
import java.time.Duration;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.function.IntConsumer;
import java.util.stream.IntStream;
import java.util.stream.Stream;

/**
 * The catalogues of the bench, after the demo's. Every second org is on a pooled plan with billed overage; of the users, the 1,000 most
 * active have a daily limit and the next 1,000 pay for every credit (wherever no pool pays for them). These 2,000 users make about 60 %
 * of the actions.
 */
public final class BenchCatalogue {

    public static final String ACTIONS = "actions";
    public static final String CREDITS = "credits";
    public static final String TOKENS = "tokens";

    static final int PRO_USERS = 1_000;
    static final int DAILY_LIMIT = 500;
    static final int POOL = 100;

    private static final int PAYG_USERS = 1_000;
    private static final Duration ANCHORED_BEFORE = Duration.ofDays(10);

    private BenchCatalogue() {}

    static boolean isPro(int user) {
        return user < PRO_USERS;
    }

    static boolean isPayg(int user) {
        return user >= PRO_USERS && user < PRO_USERS + PAYG_USERS;
    }

    static boolean isPooled(int org) {
        return org % 2 == 0;
    }

    /** One COUNT meter, no plan. */
    public static Catalogue core() {
        return parse("meters:\n  - {meterId: actions, aggregation: COUNT}\n");
    }

    /** Three meters and the plans, with everybody of a workload who is subscribed. */
    public static Catalogue full(WorkloadSpec spec) {
        return parse(plans() + subscriptions(spec));
    }

    /** A catalogue with further orgs, from a rank on; every second has the pooled plan. */
    public static Catalogue withOrgs(Catalogue catalogue, int from, int to) {
        Subscription pooled = catalogue.subscriptions().stream()
                .filter(one -> one.getSubject().startsWith("org:"))
                .findFirst()
                .orElseThrow();
        Stream<Subscription> more = IntStream.range(from, Math.max(from, to))
                .filter(BenchCatalogue::isPooled)
                .mapToObj(org -> Subscription.newBuilder(pooled)
                        .setSubject("org:" + BenchAction.orgId(org))
                        .build());
        return new Catalogue(
                catalogue.meters(),
                catalogue.plans(),
                Stream.concat(catalogue.subscriptions().stream(), more).toList(),
                catalogue.grants(),
                catalogue.memberships());
    }

    /**
     * {@link #full} and subjects for probes: each of these users has a daily limit of one action, so that its first action raises an
     * alert.
     */
    public static Catalogue probed(WorkloadSpec spec, int probes) {
        return withMore(spec, """
                  - planId: probe
                    version: 1
                    payer: USER
                    limits:
                      - {scope: USER, meter: actions, window: DAY, amount: 1, beyond: PAUSE, warnAt: [80]}
                """, "probe", IntStream.range(0, probes).mapToObj(BenchCatalogue::probeUser));
    }

    /** {@link #full} and users who ask before they act: each has a daily limit and an allocation, both far away. */
    public static Catalogue asked(WorkloadSpec spec, int askers) {
        return withMore(spec, """
                  - planId: agent
                    version: 1
                    payer: USER
                    limits:
                      - {scope: USER, meter: actions, window: DAY, amount: 1000000, beyond: QUEUE, warnAt: [80]}
                      - {scope: USER, meter: credits, window: PERIOD, amount: null, beyond: REJECT, warnAt: [80]}
                    allocations:
                      - {meter: credits, base: 10000000}
                """, "agent", IntStream.range(0, askers).mapToObj(BenchCatalogue::asker));
    }

    private static Catalogue withMore(WorkloadSpec spec, String plan, String planId, Stream<String> users) {
        StringBuilder yaml = new StringBuilder(plans()).append(plan).append(subscriptions(spec));
        String since = since(spec);
        users.forEach(user -> subscription(yaml, "user:" + user, planId, since));
        return parse(yaml.toString());
    }

    /** A user who asks before acting. */
    public static String asker(int number) {
        return "asker-u%05d".formatted(number);
    }

    /** The user of a probe. */
    public static String probeUser(int probe) {
        return "probe-u%05d".formatted(probe);
    }

    /** The org of a probe; it has no plan, so the user pays. */
    public static String probeOrg(int probe) {
        return "probe-o%05d".formatted(probe);
    }

    private static String plans() {
        return """
                meters:
                  - {meterId: actions, aggregation: COUNT, stripeEventName: bench_actions}
                  - {meterId: credits, aggregation: SUM, units: [credits], stripeEventName: bench_credits}
                  - {meterId: tokens, aggregation: SUM, units: [input_tokens, output_tokens], stripeEventName: bench_tokens}
                plans:
                  - planId: pro
                    version: 1
                    payer: USER
                    limits:
                      - {scope: USER, meter: actions, window: DAY, amount: %d, beyond: QUEUE, warnAt: [80]}
                      - {scope: USER, meter: credits, window: PERIOD, amount: null, beyond: REJECT, warnAt: [80]}
                    allocations:
                      - {meter: credits, base: 5000}
                    prices: {currency: USD, interval: MONTH, base: "19.00"}
                  - planId: payg
                    version: 1
                    payer: USER
                    limits:
                      - {scope: USER, meter: credits, window: PERIOD, amount: null, beyond: BILL, warnAt: []}
                    prices:
                      currency: USD
                      interval: MONTH
                      base: "0"
                      overage:
                        - {meter: credits, amount: "0.002", per: 1, rounding: EXACT}
                  - planId: enterprise
                    version: 1
                    payer: ORG
                    limits:
                      - {scope: ORG, meter: actions, window: PERIOD, amount: null, beyond: BILL, warnAt: [80]}
                    allocations:
                      - {meter: actions, base: %d}
                    prices:
                      currency: USD
                      interval: MONTH
                      base: "499.00"
                      overage:
                        - {meter: actions, amount: "2.50", per: 1000, rounding: EXACT}
                """.formatted(DAILY_LIMIT, POOL);
    }

    private static String subscriptions(WorkloadSpec spec) {
        StringBuilder yaml = new StringBuilder("subscriptions:\n");
        String since = since(spec);
        upTo(
                spec.users(),
                PRO_USERS + PAYG_USERS,
                user -> subscription(yaml, "user:" + BenchAction.userId(user), isPro(user) ? "pro" : "payg", since));
        upTo(spec.orgs(), spec.orgs(), org -> {
            if (isPooled(org)) {
                subscription(yaml, "org:" + BenchAction.orgId(org), "enterprise", since);
            }
        });
        return yaml.toString();
    }

    /** One billing period holds the whole workload, out-of-order actions too. */
    private static String since(WorkloadSpec spec) {
        Instant since = spec.end().minus(ANCHORED_BEFORE).truncatedTo(ChronoUnit.DAYS);
        return since.toString();
    }

    private static void upTo(int size, int most, IntConsumer each) {
        for (int i = 0; i < Math.min(size, most); i++) {
            each.accept(i);
        }
    }

    private static void subscription(StringBuilder yaml, String subject, String plan, String since) {
        yaml.append("  - {subject: \"%s\", stripeCustomerId: cus_bench, anchor: %s,".formatted(subject, since));
        yaml.append(" phases: [{planId: %s, version: 1, effectiveFrom: %s}]}%n".formatted(plan, since));
    }

    private static Catalogue parse(String yaml) {
        try {
            return CatalogueFile.parse(yaml, "bench catalogue");
        } catch (CatalogueException e) {
            throw new IllegalStateException("the bench's catalogue is wrong: " + e.problems(), e);
        }
    }
}
