package dev.tally.cli.audit;

import static org.assertj.core.api.Assertions.assertThat;

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
import dev.tally.schemas.Trigger;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Computed by hand. */
class ChargeRecountTest {

    private static final Instant LONG_AGO = Instant.parse("2020-01-01T00:00:00Z");
    private static final Instant PUBLISHED = Instant.parse("2027-07-01T00:00:00Z");
    private static final Instant ANCHOR_31 = Instant.parse("2027-01-31T10:15:30Z");

    private final ChargeCatalogue catalogue = new ChargeCatalogue();
    private final ChargeRecount recount = new ChargeRecount(catalogue, true);
    private int events;

    @ParameterizedTest
    @CsvSource({
        "2027-01-31T10:15:30Z, 2027-01-31T10:15:30Z, 2027-02-28T10:15:30Z, 2027-02-01",
        "2027-02-28T10:15:29Z, 2027-01-31T10:15:30Z, 2027-02-28T10:15:30Z, 2027-02-01",
        "2027-02-28T10:15:30Z, 2027-02-28T10:15:30Z, 2027-03-31T10:15:30Z, 2027-03-01",
        "2027-03-31T10:15:29Z, 2027-02-28T10:15:30Z, 2027-03-31T10:15:30Z, 2027-03-01",
        "2027-04-15T00:00:00Z, 2027-03-31T10:15:30Z, 2027-04-30T10:15:30Z, 2027-04-01",
        "2028-02-29T10:15:30Z, 2028-02-29T10:15:30Z, 2028-03-31T10:15:30Z, 2028-03-01",
        "2026-12-31T10:15:29Z, 2026-11-30T10:15:30Z, 2026-12-31T10:15:30Z, 2026-12-01",
    })
    void shouldBeginPeriodsWhereTheFirstBegan(Instant at, Instant start, Instant end, String midnight) {
        // When
        BillingMonth month = BillingMonth.of(ANCHOR_31, at);

        // Then
        assertThat(month).isEqualTo(new BillingMonth(start, end));
        assertThat(month.midnightInside()).hasToString(midnight);
        assertThat(month.holds(month.midnightInside())).isTrue();
    }

    @Test
    void shouldBeginAPeriodAtMidnightWithItsOwnDay() {
        assertThat(BillingMonth.of(Instant.parse("2027-01-01T00:00:00Z"), Instant.parse("2027-05-03T00:00:00Z"))
                        .midnightInside())
                .hasToString("2027-05-01");
    }

    @Test
    void shouldChargeALateActionToItsOwnPeriod() {
        // Given a pool of 10 that bills what is beyond
        plan("bill", 1, PayerKind.ORG, "actions", 10, Beyond.BILL);
        subscribe("org:o1", phase("bill", 1, "2027-01-31T10:15:30Z"));

        // When 11 of the second period and then 12 of the first
        act(11, "o1", "2027-03-01T00:00:00Z");
        act(12, "o1", "2027-02-28T10:15:29Z");

        // Then
        assertThat(split("org:o1", "2027-02-28T10:15:30Z")).contains(new Split(10, 1, 0, Map.of()));
        assertThat(split("org:o1", "2027-01-31T10:15:30Z")).contains(new Split(10, 2, 0, Map.of()));
    }

    @ParameterizedTest
    @CsvSource({"REJECT, BILL, 3, 0", "BILL, REJECT, 0, 3", "BILL, NOTIFY, 0, 3"})
    void shouldBillByTheOverride(Beyond ofPlan, Beyond ofSubscription, long overage, long excess) {
        // Given
        plan("pool", 1, PayerKind.ORG, "actions", 10, ofPlan);
        catalogue.subscription(
                "org:o1",
                Subscription.newBuilder(subscription("org:o1", phase("pool", 1, "2027-01-31T10:15:30Z")))
                        .setOverrides(List.of(
                                new Limit(Scope.ORG, "actions", LimitWindow.PERIOD, null, ofSubscription, List.of()),
                                new Limit(Scope.MEMBER, "actions", LimitWindow.PERIOD, 1L, ofPlan, List.of()),
                                new Limit(Scope.ORG, "actions", LimitWindow.DAY, 1L, ofPlan, List.of())))
                        .build(),
                LONG_AGO);

        // When
        act(13, "o1", "2027-02-15T12:00:00Z");

        // Then
        assertThat(split("org:o1", "2027-01-31T10:15:30Z")).contains(new Split(10, overage, excess, Map.of()));
    }

    @Test
    void shouldCountFromThePeriodsStartWhenThePlanChangesOnTheSameMeter() {
        // Given a pool of 10 that refuses, and from the 15th on one of 25 that bills
        plan("small", 1, PayerKind.ORG, "actions", 10, Beyond.REJECT);
        plan("large", 1, PayerKind.ORG, "actions", 25, Beyond.BILL);
        subscribe("org:o1", phase("small", 1, "2027-01-31T10:15:30Z"), phase("large", 1, "2027-02-15T12:00:00Z"));

        // When
        act(13, "o1", "2027-02-15T11:59:59Z");
        act(20, "o1", "2027-02-15T12:00:00Z");

        // Then 10 + 15 are included, 3 were beyond before and 5 after the change
        assertThat(split("org:o1", "2027-01-31T10:15:30Z")).contains(new Split(25, 5, 3, Map.of()));
    }

    @Test
    void shouldCountFromTheChangeOnWhenThePlanChangesToAnotherMeter() {
        // Given
        plan("tokens", 1, PayerKind.ORG, "tokens", 10, Beyond.BILL);
        plan("actions", 1, PayerKind.ORG, "actions", 10, Beyond.BILL);
        subscribe("org:o1", phase("tokens", 1, "2027-01-31T10:15:30Z"), phase("actions", 1, "2027-02-15T12:00:00Z"));

        // When
        act(13, "o1", "2027-02-15T11:59:59Z");
        act(4, "o1", "2027-02-15T12:00:00Z");

        // Then
        assertThat(split("org:o1", "2027-01-31T10:15:30Z")).contains(new Split(4, 0, 0, Map.of()));
        assertThat(recount.reading().get(charged("org:o1", "tokens", "2027-01-31T10:15:30Z")))
                .extracting(period -> period.split().orElseThrow())
                .isEqualTo(new Split(10, 13 * 7 - 10, 0, Map.of()));
    }

    @Test
    void shouldTakeFromTheGrantThatExpiresFirstAndOnlyWhileItIsInForce() {
        // Given 5 that last, and 8 that expire on the 20th
        plan("small", 1, PayerKind.ORG, "actions", 10, Beyond.REJECT);
        subscribe("org:o1", phase("small", 1, "2027-01-31T10:15:30Z"));
        grant("org:o1", "lasting", 5, "2027-02-01T00:00:00Z", null, LONG_AGO);
        grant("org:o1", "expiring", 8, "2027-02-10T00:00:00Z", "2027-02-20T00:00:00Z", LONG_AGO);

        // When
        act(2, "o1", "2027-02-10T00:00:00Z");
        act(3, "o1", "2027-02-09T23:59:59Z");
        act(4, "o1", "2027-02-20T00:00:00Z");
        act(7, "o1", "2027-02-19T23:59:59Z");
        act(1, "o1", "2027-03-01T00:00:00Z");

        // Then 2 + 6 of the one that expires; 3 and 2 of the other, and the rest is included
        assertThat(split("org:o1", "2027-01-31T10:15:30Z"))
                .contains(new Split(3, 0, 0, Map.of("expiring", 8L, "lasting", 5L)));
        assertThat(split("org:o1", "2027-02-28T10:15:30Z")).contains(new Split(1, 0, 0, Map.of()));
    }

    @Test
    void shouldAccountForAMeterThatOnlyAGrantIsOf() {
        // Given
        plan("tokens", 1, PayerKind.ORG, "tokens", 10, Beyond.REJECT);
        subscribe("org:o1", phase("tokens", 1, "2027-01-31T10:15:30Z"));
        grant("org:o1", "g", 5, "2027-02-10T00:00:00Z", null, LONG_AGO);

        // When
        act(1, "o1", "2027-02-09T00:00:00Z");
        act(7, "o1", "2027-02-10T00:00:00Z");

        // Then
        assertThat(split("org:o1", "2027-01-31T10:15:30Z")).contains(new Split(0, 0, 3, Map.of("g", 5L)));
    }

    @Test
    void shouldChargeTheUserBeforeTheOrgHasAPooledPlan() {
        // Given
        plan("own", 1, PayerKind.USER, "actions", 10, Beyond.REJECT);
        plan("pool", 1, PayerKind.ORG, "actions", 10, Beyond.REJECT);
        subscribe("user:u1", phase("own", 1, "2027-01-31T10:15:30Z"));
        subscribe("org:o1", phase("pool", 1, "2027-02-15T12:00:00Z"));

        // When
        act(1, "o1", "2027-02-15T11:59:59Z");
        act(2, "o1", "2027-02-15T12:00:00Z");
        act(4, null, "2027-02-15T12:00:00Z");

        // Then
        assertThat(split("user:u1", "2027-01-31T10:15:30Z")).contains(new Split(5, 0, 0, Map.of()));
        assertThat(split("org:o1", "2027-01-31T10:15:30Z")).contains(new Split(2, 0, 0, Map.of()));
    }

    @Test
    void shouldNotBillMoreThanTheCap() {
        // Given
        plan("bill", 1, PayerKind.ORG, "actions", 10, Beyond.BILL);
        Subscription capped = Subscription.newBuilder(subscription("org:o1", phase("bill", 1, "2027-01-31T10:15:30Z")))
                .setOverageCap(3L)
                .build();
        catalogue.subscription("org:o1", capped, LONG_AGO);

        // When
        act(20, "o1", "2027-02-15T00:00:00Z");

        // Then
        assertThat(split("org:o1", "2027-01-31T10:15:30Z")).contains(new Split(10, 3, 7, Map.of()));
    }

    @Test
    void shouldNotJudgeWhatWasPublishedWhileTheSubscriptionChanged() {
        // Given
        plan("bill", 1, PayerKind.ORG, "actions", 10, Beyond.BILL);
        Subscription subscription = subscription("org:o1", phase("bill", 1, "2027-01-31T10:15:30Z"));
        catalogue.subscription("org:o1", subscription, PUBLISHED.minusSeconds(5));

        // When
        act(1, "o1", "2027-02-15T00:00:00Z");
        recount.action(0, PUBLISHED.plusSeconds(6), true, action("o1", "2027-02-15T00:00:00Z"), Map.of("actions", 1L));
        recount.action(0, PUBLISHED.plusSeconds(7), true, action("o1", "2027-03-15T00:00:00Z"), Map.of("actions", 1L));

        // Then
        assertThat(period("org:o1", "2027-01-31T10:15:30Z").provable()).isFalse();
        assertThat(period("org:o1", "2027-02-28T10:15:30Z").provable()).isTrue();
        assertThat(period("org:o1", "2027-02-28T10:15:30Z").split()).isEmpty();
        assertThat(period("org:o1", "2027-02-28T10:15:30Z").least()).isEqualTo(1);
    }

    @Test
    void shouldKnowTheOrderOnlyOfAUserInOnePartition() {
        // Given
        plan("own", 1, PayerKind.USER, "actions", 10, Beyond.REJECT);
        plan("pool", 1, PayerKind.ORG, "actions", 10, Beyond.REJECT);
        subscribe("user:u1", phase("own", 1, "2027-01-31T10:15:30Z"));
        subscribe("org:o1", phase("pool", 1, "2027-01-31T10:15:30Z"));
        ChargeRecount partitioned = new ChargeRecount(catalogue, false);
        Map<String, Long> one = Map.of("actions", 1L);

        // When
        partitioned.action(3, PUBLISHED, true, action(null, "2027-02-15T00:00:00Z"), one);
        partitioned.action(3, PUBLISHED, true, action("o1", "2027-02-15T00:00:00Z"), one);
        Optional<Split> inOrder =
                period(partitioned, "user:u1", "2027-01-31T10:15:30Z").split();
        partitioned.action(4, PUBLISHED, true, action(null, "2027-02-15T00:00:00Z"), one);

        // Then
        assertThat(inOrder).contains(new Split(1, 0, 0, Map.of()));
        assertThat(partitioned.reading().values())
                .extracting(ChargedPeriod::split)
                .containsOnly(Optional.empty());
    }

    private void act(int times, @Nullable String org, String at) {
        for (int i = 0; i < times; i++) {
            recount.action(0, PUBLISHED, true, action(org, at), Map.of("actions", 1L, "tokens", 7L));
        }
    }

    private ActionEvent action(@Nullable String org, String at) {
        return new ActionEvent(
                "e" + events++,
                Instant.parse(at),
                "u1",
                org,
                null,
                null,
                "x",
                Trigger.OTHER,
                false,
                Map.of(),
                null,
                null);
    }

    private Optional<Split> split(String payer, String start) {
        return period(payer, start).split();
    }

    private ChargedPeriod period(String payer, String start) {
        return period(recount, payer, start);
    }

    private static ChargedPeriod period(ChargeRecount of, String payer, String start) {
        return Objects.requireNonNull(of.reading().get(charged(payer, "actions", start)));
    }

    private static ChargedMeter charged(String payer, String meter, String start) {
        return new ChargedMeter(payer, meter, BillingMonth.of(ANCHOR_31, Instant.parse(start)));
    }

    private void plan(String id, int version, PayerKind payer, String meter, long included, Beyond beyond) {
        Scope scope = payer == PayerKind.ORG ? Scope.ORG : Scope.USER;
        catalogue.plan(
                new Plan(
                        id,
                        version,
                        payer,
                        List.of(new Limit(scope, meter, LimitWindow.PERIOD, null, beyond, List.of())),
                        List.of(new Allocation(meter, included, 0L)),
                        null,
                        Report.OVERAGE),
                LONG_AGO);
    }

    private static Phase phase(String plan, int version, String from) {
        return new Phase(plan, version, Instant.parse(from));
    }

    private void subscribe(String subject, Phase... phases) {
        catalogue.subscription(subject, subscription(subject, phases), LONG_AGO);
    }

    private static Subscription subscription(String subject, Phase... phases) {
        return new Subscription(
                subject,
                null,
                null,
                ANCHOR_31,
                SubscriptionStatus.ACTIVE,
                Stream.of(phases).toList(),
                List.of(),
                null,
                null,
                null,
                List.of(),
                List.of());
    }

    private void grant(
            String subject, String id, long amount, String effectiveAt, @Nullable String expiresAt, Instant writtenAt) {
        Instant expires = expiresAt == null ? null : Instant.parse(expiresAt);
        catalogue.grant(
                subject,
                subject + "/" + id,
                new Grant(subject, id, "actions", amount, Instant.parse(effectiveAt), expires),
                writtenAt);
    }
}
