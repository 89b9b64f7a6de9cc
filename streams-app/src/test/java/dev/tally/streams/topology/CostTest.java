package dev.tally.streams.topology;

import static org.assertj.core.api.Assertions.assertThat;

import dev.tally.schemas.ActionEvent;
import dev.tally.schemas.Allocation;
import dev.tally.schemas.Beyond;
import dev.tally.schemas.BillableFact;
import dev.tally.schemas.Grant;
import dev.tally.schemas.Limit;
import dev.tally.schemas.MembershipStatus;
import dev.tally.schemas.OveragePrice;
import dev.tally.schemas.PayerKind;
import dev.tally.schemas.Phase;
import dev.tally.schemas.Plan;
import dev.tally.schemas.PriceInterval;
import dev.tally.schemas.Prices;
import dev.tally.schemas.Rounding;
import dev.tally.schemas.Scope;
import dev.tally.schemas.Subscription;
import dev.tally.schemas.SubscriptionStatus;
import dev.tally.schemas.Trigger;
import dev.tally.streams.entitlements.Step;
import dev.tally.streams.entitlements.World;
import dev.tally.streams.metering.money.Cost;
import dev.tally.streams.state.Engine;
import java.math.BigDecimal;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Random;
import java.util.TreeMap;
import org.apache.avro.specific.SpecificRecord;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.api.parallel.Execution;
import org.junit.jupiter.api.parallel.ExecutionMode;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * What billing periods cost, of the golden cases and plans as the demo catalogue has them; computed by hand, or from the facts. Units are
 * credits, as many as wanted come with one action.
 */
@Execution(ExecutionMode.CONCURRENT)
class CostTest {

    private static final String FIRST = "2026-01-01T00:00:00Z";
    private static final String OCTOBER = "2026-10-15T00:00:00Z";
    private static final String NOVEMBER = "2026-11-15T00:00:00Z";
    private static final String DECEMBER = "2026-12-15T00:00:00Z";

    @TempDir
    Path stateDir;

    private @Nullable EntitlementRig started;
    private int ids;

    @AfterEach
    void stop() {
        rig().close();
    }

    @Test
    void shouldPriceTheOverageOfAnEnterprise() {
        start("2026-11-20T10:00:00Z");
        subscribe("org:e", FIRST, "enterprise");
        subscribe("org:b", FIRST, "blocks");

        assertInvoices(100_000, "499.00", "499.00");
        assertInvoices(1, "499.00", "501.50");
        assertInvoices(1_233, "502.09", "504.00");

        passTo("2026-12-01T02:00:00Z");
        assertFinal("org:e", NOVEMBER, "502.09");
        assertFinal("org:b", NOVEMBER, "504.00");
        assertThat(cost("org:e", DECEMBER).toDate()).isEqualTo("499.00");
    }

    private void assertInvoices(long more, String exactly, String byBlock) {
        credits("u", "e", more, "2026-11-20T09:00:00Z");
        credits("u", "b", more, "2026-11-20T09:00:00Z");
        assertThat(cost("org:e", NOVEMBER).toDate()).isEqualTo(exactly);
        assertThat(cost("org:b", NOVEMBER).toDate()).isEqualTo(byBlock);
    }

    @Test
    void shouldChargeInThePeriodIntoWhichItIsCarried() {
        // Given
        start("2026-10-31T12:00:00Z");
        subscribe("org:e", FIRST, "enterprise");
        credits("u", "e", 99_800, "2026-10-31T11:00:00Z");
        passTo("2026-11-01T02:00:00Z");
        assertFinal("org:e", OCTOBER, "499.00");

        // When
        credits("u", "e", 500, "2026-10-31T20:00:00Z");
        settle();

        // Then
        assertFinal("org:e", OCTOBER, "499.00");
        assertThat(cost("org:e", NOVEMBER).overage()).isEqualTo("0.75");
        // One line, rounded once: 300 + 1 units
        credits("u", "e", 100_001, "2026-11-01T02:00:00Z");
        passTo("2026-12-01T02:00:00Z");
        assertFinal("org:e", NOVEMBER, "499.75");
        restart();
        assertFinal("org:e", NOVEMBER, "499.75");
        assertFinal("org:e", OCTOBER, "499.00");
    }

    @Test
    void shouldStampIntoItsOwnPeriodWhatComesBeforeTheInvoiceIsFinal() {
        start("2026-10-31T12:00:00Z");
        subscribe("org:e", FIRST, "enterprise");
        credits("u", "e", 100_000, "2026-10-31T11:00:00Z");
        passTo("2026-11-01T00:30:00Z");

        credits("u", "e", 500, "2026-10-31T20:00:00Z");
        settle();

        assertFinal("org:e", OCTOBER, "500.25");
        assertThat(cost("org:e", NOVEMBER).overage()).isEqualTo("0.00");
    }

    @Test
    void shouldProrateSeats() {
        // Given owner and five
        start("2026-10-31T21:00:00Z");
        team("org:t", "t", FIRST, "team");
        assertThat(cost("org:t", OCTOBER).toDate()).isEqualTo("121.00");
        // Some of them before the subscription, as it may come from another topic
        put(World.membership("r", "owner", MembershipStatus.ACCEPTED));
        put(World.membership("r", "m1", MembershipStatus.ACCEPTED));
        team("org:r", "r", FIRST, "team");
        assertThat(cost("org:r", OCTOBER).toDate()).isEqualTo("121.00");
        passTo("2026-11-16T10:00:00Z");
        assertThat(cost("org:t", NOVEMBER).seats()).isEqualTo("72.00");

        // When
        put(World.membership("t", "m6", MembershipStatus.ACCEPTED));
        assertThat(cost("org:t", NOVEMBER).toDate()).isEqualTo("127.00");
        passTo("2026-11-23T09:00:00Z");
        put(World.membership("t", "m6", MembershipStatus.REMOVED));

        // Then
        assertThat(cost("org:t", NOVEMBER).toDate()).isEqualTo("123.80");
        // Added and removed on one day
        put(World.membership("t", "m7", MembershipStatus.ACCEPTED));
        put(World.membership("t", "m7", MembershipStatus.REMOVED));
        passTo("2026-12-01T02:00:00Z");
        assertFinal("org:t", NOVEMBER, "123.80");
        assertThat(cost("org:t", DECEMBER).toDate()).isEqualTo("121.00");
        restart();
        assertFinal("org:t", NOVEMBER, "123.80");
    }

    @Test
    void shouldShowAYearlyPlanInTheMonthThatBeginsItsYear() {
        start("2026-11-10T00:00:00Z");
        team("org:t", "t", "2026-11-01T00:00:00Z", "team-yearly");

        assertThat(cost("org:t", NOVEMBER).toDate()).isEqualTo("1188.00");
        passTo("2026-12-02T00:00:00Z");
        assertThat(cost("org:t", DECEMBER).toDate()).isEqualTo("0.00");
        assertThat(cost("org:t", DECEMBER).projected().high()).isEqualTo("0.00");
    }

    @Test
    void shouldNeverBillATeamsCredits() {
        start("2026-11-10T00:00:00Z");
        team("org:t", "t", "2026-11-01T00:00:00Z", "team");
        put(new Grant("org:t", "top-up", "credits", 5_000L, Instant.parse("2026-11-10T00:00:00Z"), null));

        credits("m1", "t", 19_050, "2026-11-09T23:00:00Z");
        settle();

        Cost cost = cost("org:t", NOVEMBER);
        assertThat(cost.toDate()).isEqualTo("121.00");
        assertThat(cost.projected()).isEqualTo(new Cost.Projected(cost.toDate(), cost.toDate(), cost.toDate()));
    }

    @Test
    void shouldBillWhoPaysAsTheyGo() {
        start("2026-11-10T20:00:00Z");
        subscribe("user:u", FIRST, "payg");

        credits("u", null, 12_345, "2026-11-10T19:00:00Z");

        Cost cost = cost("user:u", NOVEMBER);
        assertThat(cost.toDate()).isEqualTo("24.69");
        assertThat(cost.projected().low()).isGreaterThanOrEqualTo(cost.toDate());
        assertThat(cost.projected().likely()).isGreaterThan(cost.projected().low());
        assertThat(cost.projected().high()).isGreaterThan(cost.projected().likely());
        settle();
        passTo("2026-12-01T02:00:00Z");
        assertFinal("user:u", NOVEMBER, "24.69");
        // Without prices there is nothing to say
        put(World.plan("free", PayerKind.USER, List.of(World.pool(Scope.USER, "credits", Beyond.REJECT)), null));
        subscribe("user:free", FIRST, "free");
        assertThat(rig().billing("user:free", Instant.parse(NOVEMBER)).cost()).isNull();
    }

    @Test
    void shouldProjectNoMoreThanTheCapAllows() {
        start("2026-11-10T20:00:00Z");
        put(Subscription.newBuilder(World.subscription("user:u", Instant.parse(FIRST), "payg"))
                .setOverageCap(12_500L)
                .build());

        credits("u", null, 12_345, "2026-11-10T19:00:00Z");
        Cost cost = cost("user:u", NOVEMBER);
        assertThat(cost.projected().likely()).isEqualTo("25.00");
        assertThat(cost.projected().high()).isEqualTo("25.00");

        credits("u", null, 1_000, "2026-11-10T19:00:00Z");
        assertThat(cost("user:u", NOVEMBER).toDate()).isEqualTo("25.00");
    }

    @Test
    void shouldPriceEachUnitByThePlanOfItsTime() {
        // Given 1,000 credits at 0.002, and 1,000 after an upgrade to 0.001
        start("2026-11-16T12:00:00Z");
        Subscription payg = World.subscription("user:u", Instant.parse(FIRST), "payg");
        put(Subscription.newBuilder(payg)
                .setPhases(List.of(
                        new Phase("payg", 1, Instant.parse(FIRST)),
                        new Phase("volume", 1, Instant.parse("2026-11-16T00:00:00Z"))))
                .build());

        // When
        credits("u", null, 1_000, "2026-11-15T23:00:00Z");
        credits("u", null, 1_000, "2026-11-16T01:00:00Z");

        // Then the base of 30.00 for half a month
        Cost cost = cost("user:u", NOVEMBER);
        assertThat(cost.overage()).isEqualTo("3.00");
        assertThat(cost.base()).isEqualTo("15.00");
    }

    @Test
    void shouldChargeNothingAfterACancellation() {
        start("2026-11-10T20:00:00Z");
        Subscription enterprise = World.subscription("org:e", Instant.parse(FIRST), "enterprise");
        put(enterprise);
        credits("u", "e", 100_400, "2026-11-10T19:00:00Z");

        put(Subscription.newBuilder(enterprise)
                .setStatus(SubscriptionStatus.CANCELED)
                .build());
        pass(Duration.ofHours(1));
        credits("u", "e", 100_400, "2026-11-10T20:30:00Z");

        assertFinal("org:e", NOVEMBER, "500.00");
        passTo("2026-12-02T00:00:00Z");
        assertFinal("org:e", DECEMBER, "0.00");
    }

    /** Late usage, usage in the grace of the invoice, restarts: a period costs what its facts come to, and what is not reported yet. */
    @ParameterizedTest
    @ValueSource(longs = {1, 2})
    void shouldCostWhatItsFactsComeTo(long seed) {
        // Given
        Random random = new Random(seed);
        start("2026-10-31T21:00:00Z");
        List<String> payers = List.of("org:e", "user:u");
        subscribe("org:e", FIRST, "unit");
        subscribe("user:u", FIRST, "payg-unit");

        // When
        for (int i = 0; i < 30; i++) {
            if (i == 12) {
                passTo("2026-11-01T03:00:00Z");
            }
            Instant at = rig().now().minus(Duration.ofMinutes(random.nextInt(60 * 30)));
            credits("u", random.nextBoolean() ? "e" : null, 1 + random.nextInt(300), at.toString());
            if (random.nextInt(3) == 0) {
                pass(Duration.ofMinutes(random.nextInt(45)));
            }
            if (random.nextInt(10) == 0) {
                restart();
            }
        }
        settle();

        // Then
        Map<String, Long> charged = new TreeMap<>();
        Map<String, Long> carried = new TreeMap<>();
        for (BillableFact fact : rig().facts()) {
            charged.merge(fact.getPayer() + " " + fact.getPeriodStart(), fact.getAmount(), Long::sum);
            if (fact.getOriginPeriodStart() != null) {
                carried.merge(fact.getPayer(), fact.getAmount(), Long::sum);
            }
        }
        assertThat(carried).isNotEmpty();
        for (String payer : payers) {
            for (String period : List.of("2026-10-01T00:00:00Z", "2026-11-01T00:00:00Z")) {
                long units = charged.getOrDefault(payer + " " + period, 0L);
                assertThat(cost(payer, period).overage())
                        .as(payer + " " + period)
                        .isEqualByComparingTo(BigDecimal.valueOf(units));
            }
        }
    }

    private void start(String at) {
        started = new EntitlementRig(stateDir, Engine.FAST, Instant.parse(at));
        World.meters().forEach(this::put);
        Limit orgPool = World.pool(Scope.ORG, "credits", Beyond.REJECT);
        Limit orgBills = World.pool(Scope.ORG, "credits", Beyond.BILL);
        Limit userBills = World.pool(Scope.USER, "credits", Beyond.BILL);
        Allocation enterprise = new Allocation("credits", 100_000L, 0L);
        Allocation team = new Allocation("credits", 8_000L, 1_000L);
        plan("enterprise", orgBills, enterprise, monthly("499.00", "0", "2.50", 1_000, Rounding.EXACT));
        plan("blocks", orgBills, enterprise, monthly("499.00", "0", "2.50", 1_000, Rounding.BLOCK_UP));
        plan("unit", orgBills, new Allocation("credits", 500L, 0L), monthly("0", "0", "1.00", 1, Rounding.EXACT));
        plan("payg", userBills, null, monthly("0", "0", "0.002", 1, Rounding.EXACT));
        plan("payg-unit", userBills, null, monthly("0", "0", "1.00", 1, Rounding.EXACT));
        plan("volume", userBills, null, monthly("30.00", "0", "0.001", 1, Rounding.EXACT));
        plan("team", orgPool, team, monthly("49.00", "12.00", null, 1, Rounding.EXACT));
        plan("team-yearly", orgPool, team, new Prices("USD", PriceInterval.YEAR, "468.00", "120.00", List.of()));
    }

    private static Prices monthly(String base, String perSeat, @Nullable String overage, long per, Rounding rounding) {
        return new Prices(
                "USD",
                PriceInterval.MONTH,
                base,
                perSeat,
                overage == null ? List.of() : List.of(new OveragePrice("credits", overage, per, rounding)));
    }

    private void plan(String id, Limit limit, @Nullable Allocation allocation, Prices prices) {
        PayerKind payer = limit.getScope() == Scope.ORG ? PayerKind.ORG : PayerKind.USER;
        put(Plan.newBuilder(World.plan(id, payer, List.of(limit), allocation))
                .setPrices(prices)
                .build());
    }

    private EntitlementRig rig() {
        return Objects.requireNonNull(started);
    }

    private Cost cost(String payer, String in) {
        return Objects.requireNonNull(rig().billing(payer, Instant.parse(in)).cost());
    }

    private void assertFinal(String payer, String in, String amount) {
        Cost cost = cost(payer, in);
        BigDecimal all = new BigDecimal(amount);
        assertThat(cost.toDate()).isEqualTo(all);
        assertThat(cost.projected()).isEqualTo(new Cost.Projected(all, all, all));
    }

    private void put(SpecificRecord record) {
        rig().take(new Step.Put(record));
    }

    private void subscribe(String subject, String anchor, String planId) {
        put(World.subscription(subject, Instant.parse(anchor), planId));
    }

    /** An owner and five members. */
    private void team(String subject, String orgId, String anchor, String planId) {
        subscribe(subject, anchor, planId);
        for (String member : List.of("owner", "m1", "m2", "m3", "m4", "m5")) {
            put(World.membership(orgId, member, MembershipStatus.ACCEPTED));
        }
    }

    private void credits(String userId, @Nullable String orgId, long credits, String at) {
        rig().take(new Step.Act(List.of(new ActionEvent(
                "e" + ++ids,
                Instant.parse(at),
                userId,
                orgId,
                null,
                null,
                "message.send",
                Trigger.CHAT_COMMAND,
                false,
                Map.of("credits", credits),
                null,
                null))));
    }

    private void pass(Duration duration) {
        rig().take(new Step.Pass(duration));
    }

    private void passTo(String at) {
        pass(Duration.between(rig().now(), Instant.parse(at)));
    }

    private void restart() {
        rig().take(new Step.Restart());
    }

    /** Until whatever has ended is closed. */
    private void settle() {
        for (int i = 0; i < 5; i++) {
            pass(Duration.ofSeconds(1));
        }
        pass(Duration.ofMinutes(7));
        for (int i = 0; i < 3; i++) {
            pass(Duration.ofSeconds(1));
        }
    }
}
