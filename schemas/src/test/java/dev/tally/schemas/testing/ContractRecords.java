package dev.tally.schemas.testing;

import dev.tally.schemas.ActionEvent;
import dev.tally.schemas.AdmissionCancel;
import dev.tally.schemas.AdmissionDecision;
import dev.tally.schemas.AdmissionRequest;
import dev.tally.schemas.Aggregation;
import dev.tally.schemas.AlertChannel;
import dev.tally.schemas.AlertKind;
import dev.tally.schemas.AlertLedgerEntry;
import dev.tally.schemas.AlertState;
import dev.tally.schemas.Allocation;
import dev.tally.schemas.AppliedMeter;
import dev.tally.schemas.AppliedRate;
import dev.tally.schemas.Beyond;
import dev.tally.schemas.BillableFact;
import dev.tally.schemas.CatalogueRemoval;
import dev.tally.schemas.Decision;
import dev.tally.schemas.DuplicateActions;
import dev.tally.schemas.FactKind;
import dev.tally.schemas.Grant;
import dev.tally.schemas.LedgerEntry;
import dev.tally.schemas.LedgerState;
import dev.tally.schemas.Limit;
import dev.tally.schemas.LimitWindow;
import dev.tally.schemas.Membership;
import dev.tally.schemas.MembershipStatus;
import dev.tally.schemas.Meter;
import dev.tally.schemas.MetersApplied;
import dev.tally.schemas.OveragePrice;
import dev.tally.schemas.PayerKind;
import dev.tally.schemas.PendingSeats;
import dev.tally.schemas.Phase;
import dev.tally.schemas.Plan;
import dev.tally.schemas.PriceInterval;
import dev.tally.schemas.Prices;
import dev.tally.schemas.QuotaAlert;
import dev.tally.schemas.Rate;
import dev.tally.schemas.Role;
import dev.tally.schemas.Scope;
import dev.tally.schemas.SeatChange;
import dev.tally.schemas.SeatLedgerEntry;
import dev.tally.schemas.SeatState;
import dev.tally.schemas.Severity;
import dev.tally.schemas.Subscription;
import dev.tally.schemas.Trigger;
import dev.tally.schemas.UsageSnapshot;
import dev.tally.schemas.UsageWindow;
import java.nio.ByteBuffer;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import org.apache.avro.specific.SpecificRecord;

/** One example of each record of the public contract; their bytes are frozen in tests. */
public final class ContractRecords {

    private static final Instant T = Instant.parse("2026-11-21T12:34:56.789Z");
    private static final Instant DAY = Instant.parse("2026-11-21T00:00:00Z");
    private static final Instant NEXT_DAY = Instant.parse("2026-11-22T00:00:00Z");
    private static final Instant MONTH = Instant.parse("2026-11-01T00:00:00Z");
    private static final Instant NEXT_MONTH = Instant.parse("2026-12-01T00:00:00Z");

    private ContractRecords() {}

    public static List<SpecificRecord> all() {
        return List.of(
                action(),
                meter(),
                plan(),
                subscription(),
                new Grant("org:acme", "topup-7", "credits", 5_000L, DAY, null),
                new Membership("acme", "u1", Role.OWNER, MembershipStatus.ACCEPTED, "u1@example.org", DAY, null),
                new UsageSnapshot("user:u1", "actions", UsageWindow.DAY, DAY, NEXT_DAY, 42L, 40L, 500L, T),
                alert(),
                decision(),
                fact(),
                new SeatChange("org:acme", 6L, 3L, DAY, "acme/u1"),
                ledgerEntry(),
                seatLedgerEntry(),
                alertLedgerEntry(),
                new CatalogueRemoval("plans", "pro@1"),
                new AdmissionRequest("x-1", "org:acme", "u1", "acme", null, Map.of("credits", 3L), 600_000L),
                new AdmissionCancel("x-1", "org:acme"),
                new DuplicateActions(2, 4, 1, 300L, ByteBuffer.wrap(new byte[] {2, 5, 1}), 3L),
                new MetersApplied(
                        2,
                        4,
                        1,
                        300L,
                        T,
                        List.of(new AppliedMeter(
                                "credits",
                                false,
                                List.of(),
                                null,
                                "model-a",
                                null,
                                List.of(new AppliedRate("*", 0L, "output_tokens", 15L))))));
    }

    public static ActionEvent action() {
        return ActionEvent.newBuilder()
                .setEventId("e-1")
                .setOccurredAt(T)
                .setUserId("u1")
                .setOrgId("acme")
                .setActionType("message.send")
                .setTrigger(Trigger.CHAT_COMMAND)
                .setUsage(Map.of("credits", 3L))
                .build();
    }

    private static Meter meter() {
        return Meter.newBuilder()
                .setMeterId("credits")
                .setAggregation(Aggregation.SUM)
                .setRates(List.of(new Rate("*", null, "output_tokens", 15L)))
                .setStripeEventName("tally_credits")
                .build();
    }

    private static Plan plan() {
        return Plan.newBuilder()
                .setPlanId("enterprise")
                .setVersion(1)
                .setPayer(PayerKind.ORG)
                .setLimits(List.of(new Limit(Scope.ORG, "actions", LimitWindow.PERIOD, null, Beyond.BILL, List.of(80))))
                .setAllocations(List.of(new Allocation("actions", 100_000L, 0L)))
                .setPrices(Prices.newBuilder()
                        .setCurrency("USD")
                        .setInterval(PriceInterval.MONTH)
                        .setBase("499.00")
                        .setOverage(List.of(OveragePrice.newBuilder()
                                .setMeter("actions")
                                .setAmount("2.50")
                                .setPer(1_000)
                                .build()))
                        .build())
                .build();
    }

    private static Subscription subscription() {
        return Subscription.newBuilder()
                .setSubject("org:acme")
                .setStripeCustomerId("cus_1")
                .setAnchor(DAY)
                .setPhases(List.of(new Phase("enterprise", 1, DAY)))
                .build();
    }

    private static QuotaAlert alert() {
        return QuotaAlert.newBuilder()
                .setAlertId("a-1")
                .setKind(AlertKind.WARNING)
                .setSeverity(Severity.WARNING)
                .setSubject("user:u1")
                .setScope(Scope.USER)
                .setScopeId("u1")
                .setMeter("actions")
                .setWindowStart(DAY)
                .setWindowEnd(NEXT_DAY)
                .setThreshold(80)
                .setEpoch(0)
                .setLimit(500L)
                .setUsed(400)
                .setResetsAt(NEXT_DAY)
                .setPlanId("pro")
                .setCause("e-400")
                .setAt(T)
                .build();
    }

    private static AdmissionDecision decision() {
        return AdmissionDecision.newBuilder()
                .setActionId("x-1")
                .setPayer("user:u1")
                .setUserId("u1")
                .setAmounts(Map.of("credits", 3L))
                .setDecision(Decision.QUEUE)
                .setRevision(0)
                .setReason("limit")
                .setAt(T)
                .setRetryAt(NEXT_DAY)
                .setRemaining(0L)
                .build();
    }

    private static BillableFact fact() {
        return BillableFact.newBuilder()
                .setIdentifier("id-1")
                .setEnvironment("local")
                .setPayer("org:acme")
                .setStripeCustomerId("cus_1")
                .setMeter("actions")
                .setEventName("tally_actions")
                .setIntervalStart(DAY)
                .setIntervalEnd(DAY.plusSeconds(300))
                .setTimestamp(T)
                .setSequence(1)
                .setRevision(0)
                .setAmount(-3)
                .setKind(FactKind.CORRECTION)
                .setPeriodStart(MONTH)
                .setPeriodEnd(NEXT_MONTH)
                .setCatalogVersion("enterprise@1")
                .build();
    }

    private static AlertLedgerEntry alertLedgerEntry() {
        return AlertLedgerEntry.newBuilder()
                .setAlertId("a-1")
                .setSubject("user:u1")
                .setChannel(AlertChannel.WEBHOOK)
                .setAddress("https://hooks.example.org/tally")
                .setState(AlertState.PENDING)
                .setAlertOffset(7)
                .setAppendedAt(T)
                .setCatalogueOffset(3)
                .setAlert(ByteBuffer.wrap(new byte[] {0, 0, 0, 0, 1}))
                .setAt(T)
                .build();
    }

    private static LedgerEntry ledgerEntry() {
        return LedgerEntry.newBuilder()
                .setIdentifier("id-1")
                .setPayer("org:acme")
                .setStripeCustomerId("cus_1")
                .setEventName("tally_actions")
                .setAmount(3)
                .setTimestamp(T)
                .setState(LedgerState.ACCEPTED)
                .setFirstAttemptAt(T)
                .setRequestId("req_1")
                .setAt(T)
                .build();
    }

    private static SeatLedgerEntry seatLedgerEntry() {
        return SeatLedgerEntry.newBuilder()
                .setOrg("org:acme")
                .setItem("si_1")
                .setVersion(3)
                .setQuantity(7)
                .setEffectiveAt(DAY)
                .setCause("u1 ACCEPTED")
                .setOffset(41)
                .setAppendedAt(T)
                .setState(SeatState.INTENT)
                .setPending(List.of(new PendingSeats(4L, 6L, NEXT_DAY, "u1 REMOVED", 42L, T)))
                .setProrationDate(DAY)
                .setKeyNumber(2)
                .setAt(T)
                .build();
    }
}
