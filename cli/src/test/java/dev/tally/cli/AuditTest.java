package dev.tally.cli;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.tally.cli.audit.Difference;
import dev.tally.schemas.ActionEvent;
import dev.tally.schemas.AlertKind;
import dev.tally.schemas.BillableFact;
import dev.tally.schemas.LedgerEntry;
import dev.tally.schemas.LedgerState;
import dev.tally.schemas.QuotaAlert;
import dev.tally.schemas.UsageSnapshot;
import dev.tally.schemas.UsageWindow;
import dev.tally.schemas.topics.Topics;
import java.nio.file.Path;
import java.time.Instant;
import java.time.LocalDate;
import java.time.ZoneOffset;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.function.Function;
import java.util.function.Predicate;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.io.TempDir;

/** A month of seeded actions, audited as it is, and with lies planted in what Tally says of it: each is found and explained, and none is invented. */
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class AuditTest {

    private static final Topics TOPICS = AuditedMonth.TOPICS;

    private AuditedMonth month;

    @BeforeAll
    void runTheMonth(@TempDir Path stateDir) {
        month = new AuditedMonth(stateDir);
    }

    @AfterAll
    void close() {
        month.close();
    }

    /** How a planted difference must be told. */
    private record Told(String line, String because) {

        boolean isIn(Difference difference) {
            return difference.line().contains(line)
                    && (because.isEmpty() || difference.because().stream().anyMatch(told -> told.contains(because)));
        }
    }

    @Test
    void shouldFindNothingWhereNothingIsWrong() {
        // When
        Audit.Report report = month.world().audit();

        // Then
        assertThat(report.differences()).isEmpty();
        assertThat(report.said())
                .anyMatch(line ->
                        line.matches("compared [\\d,]+ day windows and \\d+ billing periods of the usage topic.*"))
                .anyMatch(line -> line.matches("compared [1-9]\\d* alerts with what is due; [1-9].*"))
                .anyMatch(line -> line.matches("compared [1-9]\\d+ billable facts .*"))
                .anyMatch(line -> line.matches("compared [1-9]\\d+ days of customers' meters at Stripe .*"))
                .contains("the log is whole: every action ever published is proved");
    }

    @Test
    void shouldFindEachLieAlone() {
        lies().forEach((name, lie) -> {
            // Given
            AuditedWorld world = month.world();
            Told told = lie.apply(world);

            // When
            List<Difference> differences = world.audit().differences();

            // Then
            assertThat(differences).as(name).hasSize(1);
            assertThat(told.isIn(differences.getFirst()))
                    .as(name + ": " + differences + " tells " + told)
                    .isTrue();
        });
    }

    @Test
    void shouldFindAllLiesAtOnceAndInventNone() {
        // Given
        AuditedWorld world = month.world();
        Map<String, Told> planted = new TreeMap<>();
        lies().forEach((name, lie) -> planted.put(name, lie.apply(world)));
        assertThat(planted).hasSizeGreaterThanOrEqualTo(20);

        // When
        List<Difference> differences = world.audit().differences();

        // Then
        Set<Difference> explained = new HashSet<>();
        planted.forEach((name, told) -> {
            List<Difference> of = differences.stream().filter(told::isIn).toList();
            assertThat(of).as(name + ": " + told + " in " + differences).hasSize(1);
            explained.addAll(of);
        });
        assertThat(differences).hasSize(planted.size()).allMatch(explained::contains);
    }

    @Test
    void shouldHoldNothingAgainstWhatIsPublishedMeanwhile() {
        // Given actions that come while it is audited, of which Tally has counted the first by the time it is asked
        AuditedWorld world = month.world();
        List<ConsumerRecord<byte[], byte[]>> log = world.records(TOPICS.actions());
        for (String id : List.of("new-1", "new-2", "")) {
            ActionEvent action = ActionEvent.newBuilder(action(world, readable -> true))
                    .setEventId(id)
                    .setUserId("free")
                    .setOccurredAt(Instant.parse("2026-11-30T10:00:00Z"))
                    .build();
            world.publishLater(
                    TOPICS.actions(), world.record(TOPICS.actions(), ActionEvent.class, log.getLast(), action));
        }
        world.change(
                TOPICS.usage(),
                UsageSnapshot.class,
                day("user:free", "actions", 30),
                usage -> with(usage, usage.getUsed() + 1, usage.getLimitUsed() + 1));

        // When
        Audit.Report report = world.audit();

        // Then
        assertThat(report.differences()).isEmpty();
        assertThat(report.said()).anyMatch(line -> line.contains("of them changed meanwhile"));
    }

    @Test
    void shouldProveWhatTheLogStillHas() {
        // Given
        AuditedWorld world = month.world();
        world.deleteActionsBefore(world.records(TOPICS.actions()).size() / 2);

        // When
        Audit.Report kept = world.audit();
        Told told = tooHigh(world, "user:pro1", 28, 1);
        List<Difference> differences = world.audit().differences();

        // Then
        assertThat(kept.differences()).isEmpty();
        assertThat(kept.said())
                .anyMatch(line -> line.contains("gone from the log"))
                .anyMatch(line -> line.startsWith("the log begins at offsets {0="));
        assertThat(differences).singleElement().matches(told::isIn);
    }

    @Test
    void shouldCompareWhatIsAskedFor() {
        // Given
        AuditedWorld world = month.world();
        Told asked = lose(world, "org:pool", 4);
        tooHigh(world, "user:pro1", 3, 3);

        // Then
        assertThat(world.audit(new AuditScope("pool", null, null)).differences())
                .singleElement()
                .matches(asked::isIn);
        assertThat(world.audit(new AuditScope(null, LocalDate.parse("2026-11-05"), null))
                        .differences())
                .isEmpty();
    }

    /** Lies by name; each about something else, so that no two meet. */
    private static Map<String, Function<AuditedWorld, Told>> lies() {
        Map<String, Function<AuditedWorld, Told>> lies = new TreeMap<>();
        lies.put("a count that is too high", world -> tooHigh(world, "user:pro1", 3, 3));
        lies.put("a count that is lost", world -> lose(world, "org:pool", 4));
        lies.put("a count of nobody", world -> {
            UsageSnapshot any = world.find(TOPICS.usage(), UsageSnapshot.class, day("user:free", "actions", 5))
                    .getFirst();
            UsageSnapshot nobody = UsageSnapshot.newBuilder(with(any, 7, 7))
                    .setSubject("user:nobody")
                    .build();
            world.append(TOPICS.usage(), UsageSnapshot.class, "user:nobody/actions/DAY/2026-11-05T00:00:00Z", nobody);
            return new Told(
                    "user:nobody/actions/DAY/2026-11-05T00:00:00Z: recounted 0, usage",
                    "no event of the log counts there");
        });
        lies.put("an action that was not counted", world -> {
            ActionEvent one = action(world, event -> event.getEventId().startsWith("free-6-"));
            change(world, day("user:free", "credits", 6), -credits(one));
            return new Told(
                    "user:free/credits/DAY/2026-11-06", "if it is missing: " + one.getEventId() + " (actions-0@");
        });
        lies.put("a duplicate that was counted", world -> {
            Set<String> seen = new HashSet<>();
            ActionEvent twice =
                    action(world, event -> event.getUserId().equals("member2") && !seen.add(event.getEventId()));
            int day = twice.getOccurredAt().atZone(ZoneOffset.UTC).getDayOfMonth();
            change(world, day("user:member2", "credits", day), credits(twice));
            return new Told("user:member2/credits/DAY/", twice.getEventId() + " (actions-0@");
        });
        lies.put("a billing period's count", world -> {
            change(
                    world,
                    usage -> usage.getSubject().equals("user:payg1")
                            && usage.getMeter().equals("credits")
                            && usage.getWindow() == UsageWindow.PERIOD,
                    -5);
            return new Told(
                    "user:payg1/credits/PERIOD/2026-11-01T00:00:00Z: recounted", "events of the log count there");
        });
        lies.put("what a limit counts", world -> {
            world.change(
                    TOPICS.usage(),
                    UsageSnapshot.class,
                    day("user:pro2", "actions", 7),
                    usage -> with(usage, usage.getUsed(), usage.getLimitUsed() + 1));
            return new Told("user:pro2/actions/DAY/2026-11-07T00:00:00Z: what its limit counts: recounted", "pro2-7-");
        });
        lies.put("a live count", world -> {
            add(world, "/v1/users/payg2/usage?meter=credits&day=2026-11-08", "used", 2);
            return new Told("user:payg2/credits/DAY/2026-11-08T00:00:00Z: recounted", "payg2-8-");
        });
        lies.put("a live limit", world -> {
            world.answer("/v1/users/pro2/usage?meter=actions&day=2026-11-09").put("limit", 25);
            return new Told("its limit is 20, streams-app says 25", "pro2-9-");
        });
        lies.put("an alert that is lost", world -> {
            QuotaAlert lost = alert(world, AlertKind.WARNING, "user:pro3");
            world.remove(TOPICS.quotaAlerts(), QuotaAlert.class, lost::equals);
            return new Told(
                    "WARNING at 80 % of user:pro3 actions from " + lost.getWindowStart() + ": due",
                    lost.getCause() + " (actions-0@");
        });
        lies.put("an alert that came twice", world -> {
            QuotaAlert twice = alert(world, AlertKind.REACHED, "user:pro3");
            world.append(TOPICS.quotaAlerts(), QuotaAlert.class, "user:pro3", twice);
            return new Told("REACHED at 100 % of user:pro3 actions from " + twice.getWindowStart() + ": twice", "");
        });
        lies.put("an alert that is not due", world -> {
            Set<Instant> reached = new HashSet<>();
            world.find(TOPICS.quotaAlerts(), QuotaAlert.class, of("user:pro4", AlertKind.REACHED))
                    .forEach(alert -> reached.add(alert.getWindowStart()));
            QuotaAlert warned =
                    world.find(TOPICS.quotaAlerts(), QuotaAlert.class, of("user:pro4", AlertKind.WARNING)).stream()
                            .filter(alert -> !reached.contains(alert.getWindowStart()))
                            .findFirst()
                            .orElseThrow();
            QuotaAlert invented = QuotaAlert.newBuilder(warned)
                    .setKind(AlertKind.EXCEEDED)
                    .setThreshold(100)
                    .setAlertId("invented")
                    .build();
            world.append(TOPICS.quotaAlerts(), QuotaAlert.class, "user:pro4", invented);
            return new Told("EXCEEDED at 100 % of user:pro4 actions from " + warned.getWindowStart(), "pro4-");
        });
        lies.put("an alert with another cause", world -> {
            QuotaAlert alert = alert(world, AlertKind.REACHED, "user:pro4");
            String cause = alert.getCause();
            world.change(
                    TOPICS.quotaAlerts(),
                    QuotaAlert.class,
                    alert::equals,
                    of -> QuotaAlert.newBuilder(of).setCause("nothing").build());
            return new Told("its cause nothing is no action of user:pro4", "caused by " + cause);
        });
        lies.put("an alert of another amount", world -> {
            QuotaAlert alert = alert(world, AlertKind.POOL_LOW, "org:pool");
            world.change(
                    TOPICS.quotaAlerts(),
                    QuotaAlert.class,
                    alert::equals,
                    of -> QuotaAlert.newBuilder(of).setUsed(of.getUsed() + 1).build());
            return new Told("recounted " + alert.getUsed() + " after " + alert.getCause(), "events of the log");
        });
        lies.put("a fact that is lost", world -> {
            BillableFact lost = fact(world, "user:payg2", 3);
            world.remove(TOPICS.billableUsage(), BillableFact.class, lost::equals);
            return new Told(
                    "user:payg2 credits: no fact with sequence [3]",
                    "stripe-ledger has " + lost.getIdentifier() + " of " + lost.getAmount());
        });
        lies.put("a fact of another amount", world -> {
            BillableFact fact = fact(world, "user:payg3", 2);
            world.change(
                    TOPICS.billableUsage(),
                    BillableFact.class,
                    fact::equals,
                    of -> BillableFact.newBuilder(of)
                            .setAmount(of.getAmount() + 4)
                            .build());
            return new Told(fact.getIdentifier() + " of " + (fact.getAmount() + 4), "reported by facts");
        });
        lies.put("an identifier with two amounts", world -> {
            BillableFact fact = fact(world, "user:payg4", 2);
            BillableFact again = BillableFact.newBuilder(fact)
                    .setAmount(fact.getAmount() + 6)
                    .build();
            world.append(TOPICS.billableUsage(), BillableFact.class, "user:payg4", again);
            return new Told(fact.getIdentifier() + " of " + fact.getAmount() + " (", "reported by facts");
        });
        lies.put("a fact outside its period", world -> {
            BillableFact fact = fact(world, "user:payg5", 2);
            world.change(
                    TOPICS.billableUsage(),
                    BillableFact.class,
                    fact::equals,
                    of -> BillableFact.newBuilder(of)
                            .setPeriodEnd(of.getIntervalStart().plusSeconds(1))
                            .build());
            return new Told("user:payg5 credits: fact " + fact.getIdentifier(), "payg5-");
        });
        lies.put("an outcome that is lost", world -> {
            BillableFact fact = fact(world, "user:payg5", 6);
            world.remove(
                    TOPICS.stripeLedger(),
                    LedgerEntry.class,
                    entry -> entry.getIdentifier().equals(fact.getIdentifier())
                            && entry.getState() == LedgerState.ACCEPTED);
            return new Told(fact.getIdentifier() + " of " + fact.getAmount(), "payg5-");
        });
        lies.put("an outcome of no fact", world -> {
            LedgerEntry any = world.find(TOPICS.stripeLedger(), LedgerEntry.class, entry -> true)
                    .getFirst();
            LedgerEntry orphan = LedgerEntry.newBuilder(any)
                    .setIdentifier("tally_unknown")
                    .setPayer("org:team")
                    .setState(LedgerState.DEAD)
                    .build();
            world.append(TOPICS.stripeLedger(), LedgerEntry.class, "tally_unknown", orphan);
            return new Told("org:team: stripe-ledger has tally_unknown", "");
        });
        lies.put("a meter event that came twice", world -> {
            BillableFact fact = fact(world, "user:payg1", 4);
            world.stripe()
                    .add(world.stripe().stream()
                            .filter(meterEvent(fact))
                            .findFirst()
                            .orElseThrow());
            return new Told("cus_payg1 tally_credits on ", "once more than " + fact.getIdentifier());
        });
        lies.put("a meter event that never came", world -> {
            BillableFact fact = fact(world, "org:pool", 5);
            world.stripe().removeIf(meterEvent(fact));
            return new Told("cus_pool tally_actions on ", "without " + fact.getIdentifier());
        });
        lies.put("what is billed", world -> {
            ObjectNode meter = (ObjectNode) world.answer("/v1/users/payg1/billing?period=2026-11-01")
                    .path("meters")
                    .path(0);
            meter.put("overage", meter.path("overage").asLong() + 9);
            return new Told("user:payg1 credits from 2026-11-01T00:00:00Z: ", "reported by facts");
        });
        lies.put("a dead letter that is there twice", world -> {
            world.repeat(TOPICS.deadLetters(), 0);
            return new Told("dead-letters holds actions-0@", "");
        });
        lies.put("a dead letter that is lost", world -> {
            world.remove(TOPICS.deadLetters(), 3);
            return new Told("and is no dead letter", "");
        });
        lies.put("a counter", world -> {
            ObjectNode partition = (ObjectNode)
                    world.answer("/v1/conservation").path("partitions").path(0);
            partition.put("duplicate", partition.path("duplicate").asLong() + 1);
            return new Told("duplicate: recounted", "");
        });
        return lies;
    }

    private static Told tooHigh(AuditedWorld world, String subject, int day, long by) {
        change(world, day(subject, "actions", day), by);
        return new Told(
                "%s/actions/DAY/2026-11-%02dT00:00:00Z: recounted ".formatted(subject, day),
                "events of the log count there");
    }

    private static Told lose(AuditedWorld world, String subject, int day) {
        world.remove(TOPICS.usage(), UsageSnapshot.class, day(subject, "actions", day));
        return new Told("%s/actions/DAY/2026-11-%02dT00:00:00Z: recounted ".formatted(subject, day), "and ");
    }

    private static Predicate<UsageSnapshot> day(String subject, String meter, int day) {
        Instant start = Instant.parse("2026-11-%02dT00:00:00Z".formatted(day));
        return usage -> usage.getSubject().equals(subject)
                && usage.getMeter().equals(meter)
                && usage.getWindow() == UsageWindow.DAY
                && usage.getWindowStart().equals(start);
    }

    private static void change(AuditedWorld world, Predicate<UsageSnapshot> which, long by) {
        world.change(
                TOPICS.usage(),
                UsageSnapshot.class,
                which,
                usage -> with(usage, usage.getUsed() + by, usage.getLimitUsed()));
    }

    private static UsageSnapshot with(UsageSnapshot usage, long used, long limitUsed) {
        return UsageSnapshot.newBuilder(usage)
                .setUsed(used)
                .setLimitUsed(limitUsed)
                .build();
    }

    private static void add(AuditedWorld world, String path, String field, long more) {
        ObjectNode answer = world.answer(path);
        answer.put(field, answer.path(field).asLong() + more);
    }

    private static ActionEvent action(AuditedWorld world, Predicate<ActionEvent> which) {
        return world.find(TOPICS.actions(), ActionEvent.class, which).stream()
                .filter(action -> !action.getReadOnly())
                .findFirst()
                .orElseThrow();
    }

    private static long credits(ActionEvent action) {
        return action.getUsage().getOrDefault("credits", 0L);
    }

    private static Predicate<QuotaAlert> of(String subject, AlertKind kind) {
        return alert -> alert.getSubject().equals(subject) && alert.getKind() == kind;
    }

    private static QuotaAlert alert(AuditedWorld world, AlertKind kind, String subject) {
        return world.find(TOPICS.quotaAlerts(), QuotaAlert.class, of(subject, kind))
                .getFirst();
    }

    private static BillableFact fact(AuditedWorld world, String payer, long sequence) {
        List<BillableFact> facts = new ArrayList<>(world.find(
                TOPICS.billableUsage(),
                BillableFact.class,
                fact -> fact.getPayer().equals(payer) && fact.getSequence() == sequence));
        return facts.getFirst();
    }

    private static Predicate<AuditedWorld.MeterEvent> meterEvent(BillableFact fact) {
        return event -> event.customer().equals(fact.getStripeCustomerId())
                && event.eventName().equals(fact.getEventName())
                && event.at().equals(fact.getTimestamp());
    }
}
