package dev.tally.e2e;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.tuple;

import com.fasterxml.jackson.databind.JsonNode;
import dev.tally.e2e.Timeline.Actions;
import dev.tally.schemas.AlertKind;
import dev.tally.schemas.BillableFact;
import dev.tally.schemas.FactKind;
import dev.tally.schemas.QuotaAlert;
import dev.tally.schemas.SeatChange;
import dev.tally.schemas.SeatLedgerEntry;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.Consumer;
import java.util.stream.Stream;
import org.assertj.core.groups.Tuple;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.MethodOrderer;
import org.junit.jupiter.api.Order;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.TestMethodOrder;

/**
 * The cases that were computed by hand, each with payers of its own, on one stack whose clock goes from the end of October 2026 to a leap
 * day. The tests are the moments of that time in their order. Of money they see the facts, and the invoices that the Stripe stand-in
 * computes from what it received. Its account would bill every credit of a team that is reported, so that none is reported unseen.
 */
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
@TestMethodOrder(MethodOrderer.OrderAnnotation.class)
class GoldenCasesE2E {

    private static final String JANUARY = "2026-01-01T00:00:00Z";

    /** The demo's enterprise plan, but for the rounding. */
    private static final String BLOCKS = """
            plans:
              - planId: enterprise-blocks
                version: 1
                payer: ORG
                limits: [{scope: ORG, meter: actions, window: PERIOD, amount: null, beyond: BILL, warnAt: [80]}]
                allocations: [{meter: actions, base: 100000}]
                prices:
                  currency: USD
                  interval: MONTH
                  base: "499.00"
                  overage: [{meter: actions, amount: "2.50", per: 1000, rounding: BLOCK_UP}]
            """;

    /** Who has a customer in the stand-in's account: {@code cus_}, and the name without its kind. */
    private static final Set<String> CUSTOMERS = Set.of(
            "org:late",
            "org:blocks",
            "org:seats",
            "org:shared",
            "org:topped",
            "org:topped-less",
            "org:full",
            "org:yearly",
            "org:anchored",
            "user:both");

    private final Timeline time = new Timeline(
            "golden",
            Instant.parse("2026-10-31T21:00:00Z"),
            "--stripe-account",
            Tally.ROOT.resolve("e2e/src/test/resources/golden-account.json").toString(),
            "--set",
            "seats.debounce=1s");

    @BeforeAll
    void subscribe() {
        time.apply(BLOCKS
                + "subscriptions:\n"
                + subscription("org:late", "enterprise", JANUARY)
                + subscription("org:blocks", "enterprise-blocks", JANUARY)
                + subscription("user:both", "pro", JANUARY)
                + subscription("user:raised", "pro", JANUARY)
                + subscription("user:queued", "pro", JANUARY)
                + subscription("user:paused", "starter", JANUARY));
        time.apply(teams("team", JANUARY, "seats", "shared", "topped", "topped-less", "full"));
        time.apply(teams("team-yearly", JANUARY, "yearly"));
    }

    @AfterAll
    void stop() {
        time.close();
    }

    @Test
    @Order(1)
    void shouldPoolTheSharesOfAllSeats() {
        for (String org : List.of("seats", "shared", "topped", "topped-less", "full", "yearly")) {
            time.await("/v1/orgs/" + org + "/billing", billing -> {
                assertThat(billing.required("seats").asLong()).isEqualTo(6);
                assertPool(billing, 14_000, 14_000);
            });
        }
        Timeline.await(() -> assertThat(seatsAtStripe())
                .allSatisfy(seats -> assertThat(seats).isIn("6 IN_STEP", "6 SENT")));
        assertThat(time.invoiced("cus_seats", "2026-11-16")).isEqualTo("121.00");
        assertThat(time.invoiced("cus_yearly", "2026-11-16")).isEqualTo("1188.00");
    }

    /** The quantities that the ledger of seats has last for the teams whose subscriptions name an item. */
    private List<String> seatsAtStripe() {
        Map<String, SeatLedgerEntry> ledger = time.wire().latest("stripe-seats", SeatLedgerEntry.class);
        return Stream.of("org:seats", "org:yearly")
                .map(org -> {
                    SeatLedgerEntry entry = ledger.get(org);
                    return entry == null ? "" : entry.getQuantity() + " " + entry.getState();
                })
                .toList();
    }

    @Test
    @Order(2)
    void shouldBillLateOctoberActionsAsACorrectionInNovember() {
        // Given
        time.publish(Actions.ofOrg("late", 99_800, "2026-10-31T20:00:00Z"));
        charged(
                "late",
                "actions",
                "2026-10-15",
                october -> assertThat(october.required("includedRemaining").asLong())
                        .isEqualTo(200));
        time.moveTo("2026-11-01T02:00:00Z");

        // When
        time.publish(Actions.ofOrg("late", 500, "2026-10-31T23:50:00Z"));

        // Then
        charged("late", "actions", "2026-10-15", october -> {
            assertThat(october.required("overage").asLong()).isEqualTo(300);
            assertThat(october.required("includedRemaining").asLong()).isZero();
            assertThat(october.required("unreported").asLong()).isZero();
        });
        charged("late", "actions", "2026-11-15", november -> {
            assertThat(november.required("includedRemaining").asLong()).isEqualTo(100_000);
            assertThat(november.required("overage").asLong()).isZero();
        });
        assertBilled("org:late", 300);
        // As many as there were commits between which the actions came.
        assertThat(time.facts("org:late")).allSatisfy(fact -> {
            assertThat(fact.getKind()).isEqualTo(FactKind.CORRECTION);
            assertThat(fact.getPeriodStart()).isEqualTo("2026-11-01T00:00:00Z");
            assertThat(fact.getPeriodEnd()).isEqualTo("2026-12-01T00:00:00Z");
            assertThat(fact.getOriginPeriodStart()).isEqualTo("2026-10-01T00:00:00Z");
        });
        Timeline.await(() -> assertThat(time.invoiced("cus_late", "2026-11-15")).isEqualTo("499.75"));
        time.await("/v1/orgs/late/facts?period=2026-11-15", page -> {
            assertThat(page.required("facts").findValuesAsText("amount").stream()
                            .mapToLong(Long::parseLong)
                            .sum())
                    .isEqualTo(300);
            assertThat(page.required("facts").findValuesAsText("status")).containsOnly("ACCEPTED");
            assertThat(page.required("next").isNull()).isTrue();
        });
        assertThat(time.invoiced("cus_late", "2026-10-15")).isEqualTo("499.00");
    }

    @Test
    @Order(3)
    void shouldBillAnEnterpriseBeyondItsAllocationToTheUnitOrTheBlock() {
        time.moveTo("2026-11-16T09:00:00Z");
        publishOfEnterprises(100_000, "2026-11-16T09:00:00Z");
        assertEnterprisesBilled("2026-11-16T09:10:00Z", 0, "499.00", "499.00");

        publishOfEnterprises(1, "2026-11-16T09:10:00Z");
        assertEnterprisesBilled("2026-11-16T09:20:00Z", 1, "499.00", "501.50");

        publishOfEnterprises(1_233, "2026-11-16T09:20:00Z");
        assertEnterprisesBilled("2026-11-16T09:30:00Z", 1_234, "502.09", "504.00");
    }

    private void publishOfEnterprises(int count, String at) {
        time.publish(Actions.ofOrg("demo-enterprise", count, at), Actions.ofOrg("blocks", count, at));
    }

    /** @param after when the interval of the last action has ended */
    private void assertEnterprisesBilled(String after, long overage, String exactly, String byBlock) {
        time.moveTo(after);
        for (String org : List.of("demo-enterprise", "blocks")) {
            charged(org, "actions", "2026-11-16", meter -> {
                assertThat(meter.required("overage").asLong()).isEqualTo(overage);
                assertThat(meter.required("includedRemaining").asLong()).isZero();
                assertThat(meter.required("unreported").asLong()).isZero();
            });
            assertBilled("org:" + org, overage);
        }
        Timeline.await(() -> {
            assertThat(time.invoiced("cus_demo_enterprise", "2026-11-16")).isEqualTo(exactly);
            assertThat(time.invoiced("cus_blocks", "2026-11-16")).isEqualTo(byBlock);
        });
    }

    @Test
    @Order(4)
    void shouldRaiseThePoolAtOnceWhenASeatIsAdded() {
        time.moveTo("2026-11-16T10:00:00Z");

        time.apply(member("seats", "m6", "status: ACCEPTED, acceptedAt: 2026-11-16T10:00:00Z"));

        assertPool("seats", 15_000, 15_000);
        Timeline.await(() -> assertThat(seatChanges("org:seats")).last().isEqualTo(tuple(7L, "2026-11-16T00:00:00Z")));
        Timeline.await(
                () -> assertThat(time.invoiced("cus_seats", "2026-11-16")).isEqualTo("127.00"));
    }

    @Test
    @Order(5)
    void shouldBurnATopUpFirst() {
        // Given
        time.moveTo("2026-11-16T10:30:00Z");
        time.apply("""
                grants:
                  - {subject: "org:topped", grantId: g1, meter: credits, amount: 5000, effectiveAt: 2026-11-16T10:30:00Z}
                  - {subject: "org:topped-less", grantId: g1, meter: credits, amount: 5000, effectiveAt: 2026-11-16T10:30:00Z}
                """);
        assertLeft("topped", 5_000, 14_000);
        assertLeft("topped-less", 5_000, 14_000);

        // When
        time.publish(
                Actions.of("topped-m1", "topped", 12, 500, "2026-11-16T10:30:00Z"),
                Actions.of("topped-less-m1", "topped-less", 3, 1_000, "2026-11-16T10:30:00Z"));

        // Then
        assertLeft("topped", 0, 13_000);
        assertLeft("topped-less", 2_000, 14_000);
    }

    @Test
    @Order(6)
    void shouldNeverBillWhatIsBeyondATeamsPool() {
        // Given
        time.moveTo("2026-11-16T11:00:00Z");
        time.publish(Actions.of("full-m1", "full", 14, 1_000, "2026-11-16T11:00:00Z"));
        assertPool("full", 14_000, 0);
        JsonNode refused = ask("full-m2", "full", "f1");
        assertThat(refused.required("decision").asText()).isEqualTo("REJECT");
        assertThat(refused.required("reason").asText()).isEqualTo("pool_empty");

        // When
        time.publish(Actions.of("full-m2", "full", 1, 50, "2026-11-16T11:00:00Z"));

        // Then
        charged("full", "credits", "2026-11-16", meter -> {
            assertThat(meter.required("excess").asLong()).isEqualTo(50);
            assertThat(meter.required("overage").asLong()).isZero();
            assertThat(meter.required("used").asLong()).isEqualTo(14_050);
            assertThat(meter.required("unreported").asLong()).isZero();
        });
    }

    @Test
    @Order(7)
    void shouldTakeAYearlyTeamsUsageFromTheMonth() {
        time.moveTo("2026-11-16T11:30:00Z");

        time.publish(Actions.of("yearly-m1", "yearly", 5, 1_000, "2026-11-16T11:30:00Z"));

        assertPool("yearly", 14_000, 9_000);
    }

    @Test
    @Order(8)
    void shouldCountAgainstAProUsersLimitWhatTheUserPaysFor() {
        time.moveTo("2026-11-16T12:00:00Z");

        time.publish(
                Actions.of("both", null, 300, 1, "2026-11-16T11:58:00Z"),
                Actions.of("both", "shared", 300, 1, "2026-11-16T11:59:00Z"),
                Actions.of("both", null, 180, 1, "2026-11-16T12:00:00Z"));

        time.await("/v1/users/both/usage?meter=actions&day=2026-11-16", usage -> {
            assertThat(usage.required("limitUsed").asLong()).isEqualTo(480);
            assertThat(usage.required("limit").asLong()).isEqualTo(500);
            assertThat(usage.required("used").asLong()).isEqualTo(780);
            assertThat(usage.required("state").asText()).isEqualTo("WARNING");
        });
        assertPool("shared", 14_000, 13_700);
        Timeline.await(() -> assertThat(time.alerts("user:both"))
                .extracting(QuotaAlert::getKind, QuotaAlert::getUsed, QuotaAlert::getCause, QuotaAlert::getLate)
                .containsExactly(tuple(AlertKind.WARNING, 400L, "both-2026-11-16T12:00:00Z-100", false)));
    }

    @Test
    @Order(9)
    void shouldReachALimitAgainAfterItWasRaisedAndLowered() {
        // Given
        time.moveTo("2026-11-16T12:30:00Z");
        time.publish(Actions.of("raised", null, 500, 1, "2026-11-16T12:30:00Z"));
        Tuple reached = tuple(AlertKind.REACHED, 0, 500L, 500L);
        Timeline.await(() -> assertThat(beyondWarnings("user:raised")).containsExactly(reached));

        // When
        String pro = "subscriptions:\n" + subscription("user:raised", "pro", JANUARY);
        time.apply(
                pro
                        + "    overrides: [{scope: USER, meter: actions, window: DAY, amount: 1000, beyond: QUEUE, warnAt: [80]}]\n");

        // Then
        Tuple recovered = tuple(AlertKind.RECOVERED, 0, 1_000L, 500L);
        Timeline.await(() -> assertThat(beyondWarnings("user:raised")).containsExactly(reached, recovered));

        // When
        time.apply(pro);

        // Then
        Timeline.await(() -> assertThat(beyondWarnings("user:raised"))
                .containsExactly(reached, recovered, tuple(AlertKind.REACHED, 1, 500L, 500L)));
    }

    private List<Tuple> beyondWarnings(String subject) {
        return time.alerts(subject).stream()
                .filter(alert -> alert.getKind() != AlertKind.WARNING)
                .map(alert -> tuple(alert.getKind(), alert.getEpoch(), alert.getLimit(), alert.getUsed()))
                .toList();
    }

    @Test
    @Order(10)
    void shouldBillEachCreditOfWhoPaysAsTheyGo() {
        time.moveTo("2026-11-16T13:00:00Z");
        time.publish(Actions.of("demo-payg", null, 1, 12_345, "2026-11-16T13:00:00Z"));
        time.moveTo("2026-11-16T13:10:00Z");

        time.await("/v1/users/demo-payg/billing", billing -> {
            assertThat(meter(billing, "credits").required("overage").asLong()).isEqualTo(12_345);
            assertThat(meter(billing, "credits").required("unreported").asLong())
                    .isZero();
        });
        assertBilled("user:demo-payg", 12_345);
        Timeline.await(
                () -> assertThat(time.invoiced("cus_demo_payg", "2026-11-16")).isEqualTo("24.69"));
    }

    @Test
    @Order(11)
    void shouldKeepThePoolOfASeatThatIsRemoved() {
        time.moveTo("2026-11-23T09:00:00Z");

        time.apply(member(
                "seats", "m6", "status: REMOVED, acceptedAt: 2026-11-16T10:00:00Z, removedAt: 2026-11-23T09:00:00Z"));

        Timeline.await(() -> assertThat(seatChanges("org:seats"))
                .endsWith(tuple(7L, "2026-11-16T00:00:00Z"), tuple(6L, "2026-11-23T00:00:00Z")));
        time.await("/v1/orgs/seats/billing", billing -> {
            assertThat(billing.required("seats").asLong()).isEqualTo(6);
            assertPool(billing, 15_000, 15_000);
        });
        Timeline.await(
                () -> assertThat(time.invoiced("cus_seats", "2026-11-16")).isEqualTo("123.80"));
        assertThat(time.prorations("cus_seats", "2026-11-16")).containsExactly("6.00", "-3.20");
    }

    @Test
    @Order(12)
    void shouldBeginADayAtMidnightInSilence() {
        // Given
        time.moveToDuringACrash("2026-11-30T23:50:00Z");
        time.publish(
                Actions.of("paused", null, 100, 1, "2026-11-30T23:50:00Z"),
                Actions.of("queued", null, 500, 1, "2026-11-30T23:50:00Z"));
        time.await("/v1/users/paused/usage?meter=actions", usage -> {
            assertThat(usage.required("limitUsed").asLong()).isEqualTo(100);
            assertThat(usage.required("state").asText()).isEqualTo("REACHED");
            assertThat(usage.required("resetsAt").asText()).isEqualTo("2026-12-01T00:00:00Z");
        });
        for (String user : List.of("user:paused", "user:queued")) {
            Timeline.await(() -> assertThat(time.alerts(user))
                    .extracting(QuotaAlert::getKind)
                    .containsExactly(AlertKind.WARNING, AlertKind.REACHED));
        }
        JsonNode paused = ask("paused", null, "p1");
        assertThat(paused.required("decision").asText()).isEqualTo("PAUSE");
        assertThat(paused.required("retryAt").asText()).isEqualTo("2026-12-01T00:00:00Z");
        assertThat(ask("queued", null, "q1").required("decision").asText()).isEqualTo("QUEUE");
        assertPool("seats", 15_000, 15_000);

        // When
        time.passOver("2026-12-01T00:00:00Z");

        // Then
        time.await(
                "/v1/admissions/q1?payer=user:queued",
                admission -> assertThat(admission.required("decision").asText()).isEqualTo("ADMIT"));
        assertThat(ask("paused", null, "p2").required("decision").asText()).isEqualTo("ADMIT");
        time.await("/v1/users/paused/usage?meter=actions", usage -> {
            assertThat(usage.required("window").required("start").asText()).isEqualTo("2026-12-01T00:00:00Z");
            assertThat(usage.required("limitUsed").asLong()).isZero();
            assertThat(usage.required("state").asText()).isEqualTo("OK");
        });
        time.publish(
                Actions.of("paused", null, 1, 1, "2026-11-30T23:59:59.999Z"),
                Actions.of("paused", null, 1, 1, "2026-12-01T00:00:00Z"));
        time.await(
                "/v1/users/paused/usage?meter=actions",
                usage -> assertThat(usage.required("limitUsed").asLong()).isEqualTo(1));
        // What comes late for yesterday is told as such; the reset itself said nothing.
        Timeline.await(() -> assertThat(time.alerts("user:paused"))
                .extracting(QuotaAlert::getKind, QuotaAlert::getLate)
                .containsExactly(
                        tuple(AlertKind.WARNING, false),
                        tuple(AlertKind.REACHED, false),
                        tuple(AlertKind.EXCEEDED, true)));
        assertThat(time.alerts("user:queued")).hasSize(2);
    }

    @Test
    @Order(13)
    void shouldRefillPoolsWithTheMonth() {
        time.moveTo("2026-12-01T00:30:00Z");

        assertPool("seats", 14_000, 14_000);
        assertPool("yearly", 14_000, 14_000);
        assertPool("full", 14_000, 14_000);
        charged(
                "full",
                "credits",
                "2026-12-01",
                meter -> assertThat(meter.required("excess").asLong()).isZero());
        assertLeft("topped", 0, 14_000);
        assertLeft("topped-less", 2_000, 14_000);
        charged("demo-enterprise", "actions", "2026-12-01", meter -> {
            assertThat(meter.required("includedRemaining").asLong()).isEqualTo(100_000);
            assertThat(meter.required("overage").asLong()).isZero();
        });
        assertCostIsTheInvoice();
    }

    /** The billing view of a period that is over, and of one that has begun, against the stand-in's invoice. */
    private void assertCostIsTheInvoice() {
        for (String payer : List.of(
                "/v1/orgs/demo-enterprise cus_demo_enterprise",
                "/v1/orgs/blocks cus_blocks",
                "/v1/orgs/late cus_late",
                "/v1/orgs/seats cus_seats",
                "/v1/orgs/topped cus_topped",
                "/v1/orgs/topped-less cus_topped_less",
                "/v1/orgs/full cus_full",
                "/v1/orgs/shared cus_shared",
                "/v1/users/both cus_both",
                "/v1/users/demo-payg cus_demo_payg")) {
            String[] row = payer.split(" ", -1);
            for (String day : List.of("2026-10-31", "2026-11-16", "2026-12-01")) {
                String invoiced = time.invoiced(row[1], day);
                time.await(row[0] + "/billing?period=" + day, billing -> {
                    JsonNode cost = billing.required("cost");
                    assertThat(cost.required("toDate").asText())
                            .as(payer + " " + day)
                            .isEqualTo(invoiced);
                    if (!day.equals("2026-12-01")) {
                        assertThat(cost.required("projected"))
                                .extracting(JsonNode::asText)
                                .containsExactly(invoiced, invoiced, invoiced);
                    }
                });
            }
        }
        // Its year has begun in January.
        time.await(
                "/v1/orgs/yearly/billing?period=2026-11-16",
                billing -> assertThat(
                                billing.required("cost").required("toDate").asText())
                        .isEqualTo("0.00"));
    }

    @Test
    @Order(14)
    void shouldAgreeWithTheAudit() {
        Tally.Result audit = time.audit();

        assertThat(audit.code()).as(audit.output()).isZero();
        assertThat(audit.output()).contains("compared 14 billing periods").doesNotContain("not compared");
    }

    @Test
    @Order(15)
    void shouldCountPeriodsFromAnAnchorOnThe31st() {
        time.moveTo("2027-01-31T10:15:30Z");
        time.apply(teams("team", "2027-01-31T10:15:30Z", "anchored"));
        assertPeriod("2027-01-31T10:15:30Z", "2027-02-28T10:15:30Z", 14_000);
        time.publish(Actions.of("anchored-m1", "anchored", 1, 1_000, "2027-01-31T10:15:30Z"));
        assertPeriod("2027-01-31T10:15:30Z", "2027-02-28T10:15:30Z", 13_000);

        time.moveTo("2027-02-28T10:10:00Z");
        time.publish(Actions.of("anchored-m1", "anchored", 1, 500, "2027-02-28T10:10:00Z"));
        assertPeriod("2027-01-31T10:15:30Z", "2027-02-28T10:15:30Z", 12_500);
        time.passOver("2027-02-28T10:15:30Z");
        assertPeriod("2027-02-28T10:15:30Z", "2027-03-31T10:15:30Z", 14_000);
        time.publish(
                Actions.of("anchored-m2", "anchored", 1, 250, "2027-02-28T10:15:29.999Z"),
                Actions.of("anchored-m2", "anchored", 1, 70, "2027-02-28T10:15:30Z"));
        assertPeriod("2027-02-28T10:15:30Z", "2027-03-31T10:15:30Z", 13_930);
        charged(
                "anchored",
                "credits",
                "2027-02-15",
                before -> assertThat(before.required("includedRemaining").asLong())
                        .isEqualTo(12_250));

        time.moveTo("2027-03-31T10:15:30Z");
        assertPeriod("2027-03-31T10:15:30Z", "2027-04-30T10:15:30Z", 14_000);
        time.moveTo("2027-04-30T10:15:30Z");
        assertPeriod("2027-04-30T10:15:30Z", "2027-05-31T10:15:30Z", 14_000);
    }

    @Test
    @Order(16)
    void shouldKnowTheLeapDay() {
        time.moveTo("2028-02-28T23:50:00Z");
        time.publish(Actions.of("anchored-m1", "anchored", 2, 100, "2028-02-28T23:50:00Z"));
        time.passOver("2028-02-29T00:00:00Z");
        time.publish(Actions.of("anchored-m1", "anchored", 3, 100, "2028-02-29T00:00:00Z"));
        assertDays("2028-02-28 2", "2028-02-29 3", "2028-03-01 0");
        assertPeriod("2028-01-31T10:15:30Z", "2028-02-29T10:15:30Z", 13_500);

        time.passOver("2028-02-29T10:15:30Z");
        assertPeriod("2028-02-29T10:15:30Z", "2028-03-31T10:15:30Z", 14_000);
        time.passOver("2028-03-01T00:00:00Z");
        time.publish(Actions.of("anchored-m1", "anchored", 1, 100, "2028-03-01T00:00:00Z"));
        assertDays("2028-02-28 2", "2028-02-29 3", "2028-03-01 1");
        assertPeriod("2028-02-29T10:15:30Z", "2028-03-31T10:15:30Z", 13_900);

        time.moveTo("2028-03-31T10:15:30Z");
        assertPeriod("2028-03-31T10:15:30Z", "2028-04-30T10:15:30Z", 14_000);
    }

    private void assertDays(String... days) {
        time.await(
                "/v1/users/anchored-m1/usage/history?meter=actions&from=2028-02-28&to=2028-03-01",
                history -> assertThat(history.required("days"))
                        .extracting(day -> day.required("day").asText() + " "
                                + day.required("used").asLong())
                        .containsExactly(days));
    }

    @Test
    @Order(17)
    void shouldHaveBilledNothingElse() {
        // Whatever was open by then has been closed long before what is used now is billed.
        time.moveTo("2028-05-01T00:00:00Z");
        time.publish(Actions.of("demo-payg", null, 1, 5, "2028-05-01T00:00:00Z"));
        time.moveTo("2028-05-01T00:10:00Z");
        assertBilled("user:demo-payg", 12_350);

        assertThat(time.wire().values("billable-usage", BillableFact.class))
                .extracting(BillableFact::getPayer)
                .containsOnly("org:late", "org:demo-enterprise", "org:blocks", "user:demo-payg");
        assertThat(billed("org:late")).isEqualTo(300);
        assertThat(billed("org:demo-enterprise")).isEqualTo(1_234);
        assertThat(billed("org:blocks")).isEqualTo(1_234);
    }

    @Test
    @Order(18)
    void shouldHaveInvoicedWhatTheTableSays() {
        for (String invoice : List.of(
                "cus_demo_enterprise 2026-10-01 2026-11-01 499.00",
                "cus_demo_enterprise 2026-11-01 2026-12-01 502.09",
                "cus_demo_enterprise 2026-12-01 2027-01-01 499.00",
                "cus_blocks          2026-10-01 2026-11-01 499.00",
                "cus_blocks          2026-11-01 2026-12-01 504.00",
                "cus_blocks          2026-12-01 2027-01-01 499.00",
                "cus_late            2026-10-01 2026-11-01 499.00",
                "cus_late            2026-11-01 2026-12-01 499.75",
                "cus_late            2026-12-01 2027-01-01 499.00",
                "cus_seats           2026-10-01 2026-11-01 121.00",
                "cus_seats           2026-11-01 2026-12-01 123.80",
                "cus_seats           2026-12-01 2027-01-01 121.00",
                // Once a year, whatever is used or refilled by the month.
                "cus_yearly          2026-01-01 2027-01-01 1188.00",
                "cus_yearly          2027-01-01 2028-01-01 1188.00",
                "cus_topped          2026-11-01 2026-12-01 121.00",
                "cus_topped          2026-12-01 2027-01-01 121.00",
                "cus_topped_less     2026-11-01 2026-12-01 121.00",
                "cus_topped_less     2026-12-01 2027-01-01 121.00",
                "cus_full            2026-11-01 2026-12-01 121.00",
                "cus_full            2026-12-01 2027-01-01 121.00",
                "cus_shared          2026-11-01 2026-12-01 121.00",
                "cus_both            2026-11-01 2026-12-01 19.00",
                "cus_anchored        2027-02-28 2027-03-31 121.00",
                "cus_anchored        2028-02-29 2028-03-31 121.00",
                "cus_demo_payg       2026-10-01 2026-11-01 0.00",
                "cus_demo_payg       2026-11-01 2026-12-01 24.69",
                "cus_demo_payg       2026-12-01 2027-01-01 0.00")) {
            String[] row = invoice.split(" +", -1);
            JsonNode found = time.invoice(row[0], row[1]);
            assertThat(found.path("period").path("start").asText()).as(invoice).startsWith(row[1]);
            assertThat(found.path("period").path("end").asText()).as(invoice).startsWith(row[2]);
            assertThat(found.path("total").asText()).as(invoice).isEqualTo(row[3]);
            assertThat(found.path("lines").findValuesAsText("lateQuantity"))
                    .as(invoice + ", used and not billed")
                    .containsOnly("0");
        }
    }

    @Test
    @Order(19)
    void shouldSayThatAPeriodIsNoLongerKept() {
        time.moveTo("2028-05-01T00:30:00Z");

        // Of enough users to be in each partition: what is oldest in any of them is kept.
        time.publish(Actions.ofOrg("late", 1_000, "2028-05-01T00:30:00Z"));

        String billing = time.stack().app() + "/v1/orgs/full/billing";
        Timeline.await(() ->
                assertThat(time.wire().status(billing + "?period=2026-11-16")).isEqualTo(410));
        assertThat(time.wire().status(billing + "?period=2028-04-15")).isEqualTo(200);
        assertPool("full", 14_000, 14_000);
    }

    private void assertBilled(String payer, long amount) {
        Timeline.await(() -> assertThat(billed(payer)).isEqualTo(amount));
    }

    private long billed(String payer) {
        return time.facts(payer).stream().mapToLong(BillableFact::getAmount).sum();
    }

    private JsonNode ask(String user, @Nullable String org, String actionId) {
        return time.wire().post(time.stack().app() + "/v1/admissions", """
                {"actionId": "%s", "userId": "%s", %s"actionType": "x", "amounts": {"actions": 1, "credits": 1}}
                """.formatted(
                        actionId, user, org == null ? "" : "\"orgId\": \"" + org + "\", "));
    }

    private void assertPeriod(String start, String end, long left) {
        time.await("/v1/orgs/anchored/billing", billing -> {
            assertThat(billing.required("period").required("start").asText()).isEqualTo(start);
            assertThat(billing.required("period").required("end").asText()).isEqualTo(end);
            assertPool(billing, 14_000, left);
        });
        JsonNode invoiced = time.invoice("cus_anchored", start.substring(0, "2027-01-31".length()))
                .required("period");
        assertThat(invoiced.required("start").asText()).isEqualTo(start);
        assertThat(invoiced.required("end").asText()).isEqualTo(end);
    }

    private void assertPool(String org, long included, long remaining) {
        time.await("/v1/orgs/" + org + "/billing", billing -> assertPool(billing, included, remaining));
    }

    private static void assertPool(JsonNode billing, long included, long remaining) {
        assertThat(meter(billing, "credits").required("included").asLong()).isEqualTo(included);
        assertThat(meter(billing, "credits").required("includedRemaining").asLong())
                .isEqualTo(remaining);
    }

    private void assertLeft(String org, long ofGrants, long ofAllocation) {
        time.await("/v1/orgs/" + org + "/billing", billing -> {
            assertThat(meter(billing, "credits").required("grantsRemaining").asLong())
                    .isEqualTo(ofGrants);
            assertThat(meter(billing, "credits").required("includedRemaining").asLong())
                    .isEqualTo(ofAllocation);
        });
    }

    /** @param day of the period that is looked at */
    private void charged(String org, String meter, String day, Consumer<JsonNode> assertion) {
        time.await("/v1/orgs/" + org + "/billing?period=" + day, billing -> assertion.accept(meter(billing, meter)));
    }

    private static JsonNode meter(JsonNode billing, String meter) {
        for (JsonNode one : billing.required("meters")) {
            if (one.required("meter").asText().equals(meter)) {
                return one;
            }
        }
        throw new AssertionError("no meter " + meter + " in " + billing);
    }

    /** Quantity and day of each. */
    private List<Tuple> seatChanges(String org) {
        return time.wire().values("seat-changes", SeatChange.class).stream()
                .filter(change -> change.getOrg().equals(org))
                .map(change ->
                        tuple(change.getQuantity(), change.getEffectiveAt().toString()))
                .toList();
    }

    private static String subscription(String subject, String plan, String anchor) {
        return """
                  - subject: "%s"
                    stripeCustomerId: %s
                    stripeSeatItemId: %s
                    anchor: %s
                    phases: [{planId: %s, version: 1, effectiveFrom: %s}]
                """.formatted(
                        subject,
                        CUSTOMERS.contains(subject) ? "cus_" + name(subject) : "null",
                        Set.of("org:seats", "org:yearly").contains(subject) ? "si_" + name(subject) : "null",
                        anchor,
                        plan,
                        anchor);
    }

    private static String name(String subject) {
        return subject.substring(subject.indexOf(':') + 1).replace('-', '_');
    }

    /** Orgs with an owner and five members each. */
    private static String teams(String plan, String anchor, String... orgs) {
        StringBuilder yaml = new StringBuilder("subscriptions:\n");
        for (String org : orgs) {
            yaml.append(subscription("org:" + org, plan, anchor));
        }
        yaml.append("memberships:\n");
        for (String org : orgs) {
            yaml.append(membership(org, "owner", "role: OWNER, status: ACCEPTED"));
            for (int i = 1; i <= 5; i++) {
                yaml.append(membership(org, "m" + i, "status: ACCEPTED"));
            }
        }
        return yaml.toString();
    }

    private static String member(String org, String user, String fields) {
        return "memberships:\n" + membership(org, user, fields);
    }

    private static String membership(String org, String user, String fields) {
        return "  - {orgId: %s, userId: %s-%s, %s}\n".formatted(org, org, user, fields);
    }
}
