package dev.tally.cli;

import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.tally.keys.Keys;
import dev.tally.keys.Subject;
import dev.tally.schemas.ActionEvent;
import dev.tally.schemas.Aggregation;
import dev.tally.schemas.Allocation;
import dev.tally.schemas.Beyond;
import dev.tally.schemas.BillableFact;
import dev.tally.schemas.Grant;
import dev.tally.schemas.LedgerEntry;
import dev.tally.schemas.LedgerState;
import dev.tally.schemas.Limit;
import dev.tally.schemas.LimitWindow;
import dev.tally.schemas.Meter;
import dev.tally.schemas.PayerKind;
import dev.tally.schemas.Phase;
import dev.tally.schemas.Plan;
import dev.tally.schemas.Report;
import dev.tally.schemas.Scope;
import dev.tally.schemas.Subscription;
import dev.tally.schemas.SubscriptionStatus;
import dev.tally.schemas.Trigger;
import dev.tally.schemas.serde.RecordSerde;
import dev.tally.schemas.serde.RecordSerdes;
import dev.tally.schemas.testing.RegistryFake;
import dev.tally.schemas.topics.Topics;
import dev.tally.streams.metering.BillingCalendar;
import dev.tally.streams.metering.Coverage;
import dev.tally.streams.metering.DeadLetterReason;
import dev.tally.streams.metering.Period;
import dev.tally.streams.state.CounterKeys;
import dev.tally.streams.state.CounterKeys.Counter;
import dev.tally.streams.state.Engine;
import dev.tally.streams.state.IntervalCharge;
import dev.tally.streams.state.Numbers;
import dev.tally.streams.state.PeriodCharges;
import dev.tally.streams.state.StoreKey;
import dev.tally.streams.state.StoreNames;
import dev.tally.streams.state.Totals;
import dev.tally.streams.state.WindowKeys;
import dev.tally.streams.state.WindowTotals;
import dev.tally.streams.state.WriteBackStore;
import dev.tally.streams.state.WriteBacks;
import dev.tally.streams.topology.AccountSettings;
import dev.tally.streams.topology.IntakeSettings;
import dev.tally.streams.topology.MeteringTopology;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.time.LocalDate;
import java.time.ZoneOffset;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.Properties;
import java.util.Random;
import java.util.TreeMap;
import org.apache.avro.specific.SpecificRecord;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.common.header.internals.RecordHeaders;
import org.apache.kafka.common.record.TimestampType;
import org.apache.kafka.common.serialization.ByteArrayDeserializer;
import org.apache.kafka.common.serialization.ByteArraySerializer;
import org.apache.kafka.common.utils.Bytes;
import org.apache.kafka.streams.StreamsConfig;
import org.apache.kafka.streams.TopologyConfig;
import org.apache.kafka.streams.TopologyTestDriver;
import org.apache.kafka.streams.state.KeyValueIterator;
import org.apache.kafka.streams.test.TestRecord;
import org.jspecify.annotations.Nullable;

/** A month of seeded actions that went through the real topology: all that it wrote and would answer, with a ledger and a Stripe that agree. */
final class AuditedMonth implements AutoCloseable {

    static final Topics TOPICS = new Topics("", 1, 1);
    static final Instant END = Instant.parse("2026-12-01T02:00:00Z");
    static final long DAY_LIMIT = 20;
    static final long POOL = 300;

    private static final ObjectMapper JSON = new ObjectMapper();
    private static final Instant BEGIN = Instant.parse("2026-10-31T12:00:00Z");
    private static final Instant FIRST = Instant.parse("2026-11-01T00:00:00Z");
    private static final Instant ODD = Instant.parse("2026-10-15T10:15:30Z");
    private static final long TOP_UP = 200;
    private static final long SEED = 20_261_130;

    private final RegistryFake registry = RegistryFake.start();
    private final RecordSerdes serdes =
            new RecordSerdes(Map.of("schema.registry.url", registry.url(), "auto.register.schemas", true));
    private final TopologyTestDriver driver;
    private final Map<String, List<ConsumerRecord<byte[], byte[]>>> records = new HashMap<>();
    private final Map<String, Pays> payers = new TreeMap<>();
    private final Map<String, ObjectNode> answers = new HashMap<>();
    private final List<AuditedWorld.MeterEvent> stripe = new ArrayList<>();
    private Instant now = BEGIN;

    /** What is known of a payer beforehand. */
    private record Pays(String meter, Instant anchor, long included, long granted) {}

    @SuppressWarnings("ArrayRecordComponent") // never compared, and never changed
    private record Sent(Instant at, @Nullable ActionEvent action, byte[] bytes) {}

    AuditedMonth(Path stateDir) {
        Properties config = new Properties();
        config.put(StreamsConfig.APPLICATION_ID_CONFIG, "tally");
        config.put(StreamsConfig.BOOTSTRAP_SERVERS_CONFIG, "unused:9092");
        config.put(StreamsConfig.STATE_DIR_CONFIG, stateDir.toString());
        config.put(StreamsConfig.ENSURE_EXPLICIT_INTERNAL_RESOURCE_NAMING_CONFIG, true);
        Duration retention = Duration.ofDays(60);
        MeteringTopology topology = new MeteringTopology(
                TOPICS,
                serdes,
                new IntakeSettings(
                        Duration.ofHours(72),
                        Duration.ofHours(72),
                        retention,
                        Duration.ofHours(1),
                        "0123456789abcdef".getBytes(StandardCharsets.UTF_8),
                        1,
                        1 << 20,
                        0),
                new AccountSettings(
                        "test",
                        "i-1",
                        1,
                        Duration.ofHours(1),
                        Duration.ofMinutes(1),
                        Duration.ofHours(1),
                        retention,
                        10_000),
                WriteBacks.of(Engine.FAST));
        driver = new TopologyTestDriver(topology.build(new TopologyConfig(new StreamsConfig(config))), config, BEGIN);
        catalogue();
        actions().forEach(this::publish);
        pass(END);
        for (int i = 0; i < 10; i++) {
            pass(now.plusSeconds(1));
        }
        for (String topic : List.of(
                TOPICS.usage(),
                TOPICS.quotaAlerts(),
                TOPICS.billableUsage(),
                TOPICS.lateActions(),
                TOPICS.deadLetters())) {
            capture(topic);
        }
        settle();
        answer();
    }

    RecordSerdes serdes() {
        return serdes;
    }

    /** All of it, to be tampered with. */
    AuditedWorld world() {
        return new AuditedWorld(serdes, records, answers, stripe);
    }

    private void pass(Instant to) {
        if (to.isAfter(now)) {
            driver.advanceWallClockTime(Duration.between(now, to));
            now = to;
        }
    }

    private void catalogue() {
        put(
                TOPICS.meters(),
                "actions",
                new Meter("actions", Aggregation.COUNT, List.of(), null, List.of(), "tally_actions"));
        put(
                TOPICS.meters(),
                "credits",
                new Meter("credits", Aggregation.SUM, List.of("credits"), null, List.of(), "tally_credits"));
        plan("pro", PayerKind.USER, List.of(), limit(Scope.USER, "actions", LimitWindow.DAY, DAY_LIMIT, Beyond.QUEUE));
        plan("payg", PayerKind.USER, List.of(), limit(Scope.USER, "credits", LimitWindow.PERIOD, null, Beyond.BILL));
        plan(
                "pool",
                PayerKind.ORG,
                List.of(new Allocation("actions", POOL, 0L)),
                limit(Scope.ORG, "actions", LimitWindow.PERIOD, null, Beyond.BILL));
        plan(
                "team",
                PayerKind.ORG,
                List.of(new Allocation("credits", 100L, 0L)),
                limit(Scope.ORG, "credits", LimitWindow.PERIOD, null, Beyond.REJECT));
        for (int i = 1; i <= 4; i++) {
            subscribe(Subject.user("pro" + i), "pro", FIRST);
        }
        for (int i = 1; i <= 5; i++) {
            Instant anchor = i == 5 ? ODD : FIRST;
            subscribe(Subject.user("payg" + i), "payg", anchor);
            payers.put("user:payg" + i, new Pays("credits", anchor, 0, 0));
        }
        subscribe(Subject.org("pool"), "pool", FIRST);
        payers.put("org:pool", new Pays("actions", FIRST, POOL, 0));
        subscribe(Subject.org("team"), "team", FIRST);
        payers.put("org:team", new Pays("credits", FIRST, 100, TOP_UP));
        Grant grant = new Grant("org:team", "top", "credits", TOP_UP, BEGIN, null);
        put(TOPICS.grants(), Keys.grant(Subject.org("team"), "top"), grant);
    }

    private static Limit limit(Scope scope, String meter, LimitWindow window, @Nullable Long amount, Beyond beyond) {
        return new Limit(scope, meter, window, amount, beyond, List.of(80));
    }

    private void plan(String id, PayerKind payer, List<Allocation> allocations, Limit limit) {
        put(TOPICS.plans(), id + "@1", new Plan(id, 1, payer, List.of(limit), allocations, null, Report.OVERAGE));
    }

    private void subscribe(Subject subject, String plan, Instant anchor) {
        put(
                TOPICS.subscriptions(),
                subject.text(),
                new Subscription(
                        subject.text(),
                        "cus_" + subject.id(),
                        null,
                        anchor,
                        SubscriptionStatus.ACTIVE,
                        List.of(new Phase(plan, 1, ODD)),
                        List.of(),
                        null,
                        null,
                        null,
                        List.of(),
                        List.of()));
    }

    /** Of everybody, in the order in which they are published: with duplicates, late, read-only and broken ones. */
    private List<Sent> actions() {
        Random random = new Random(SEED);
        List<Sent> sent = new ArrayList<>();
        RecordSerde<ActionEvent> serde = serdes.of(ActionEvent.class);
        for (int day = 1; day <= 30; day++) {
            List<ActionEvent> ofDay = new ArrayList<>();
            for (int i = 1; i <= 4; i++) {
                add(ofDay, "pro" + i, null, day, 6 + random.nextInt(18), random);
            }
            for (int i = 1; i <= 5; i++) {
                add(ofDay, "payg" + i, null, day, 1 + random.nextInt(4), random);
            }
            for (int i = 1; i <= 3; i++) {
                add(ofDay, "member" + i, "pool", day, 2 + random.nextInt(6), random);
            }
            add(ofDay, "member1", "team", day, 1 + random.nextInt(4), random);
            add(ofDay, "free", null, day, 1 + random.nextInt(3), random);
            ofDay.sort(Comparator.comparing(ActionEvent::getOccurredAt));
            for (ActionEvent action : ofDay) {
                send(sent, serde, action, action.getOccurredAt().plusSeconds(2));
                if (random.nextInt(20) == 0) {
                    send(sent, serde, action, action.getOccurredAt().plusSeconds(5));
                }
            }
            if (day > 5) {
                ActionEvent late = event("late-" + day, "free", null, day - 5, 3_600, 4);
                send(sent, serde, late, at(day, 80_000));
                sent.add(new Sent(at(day, 80_001), null, new byte[] {1, 2, 3}));
                ActionEvent broken = event("broken-" + day, "free", null, day, 3_600, -1);
                send(sent, serde, broken, at(day, 80_002));
            }
        }
        sent.sort(Comparator.comparing(Sent::at));
        return sent;
    }

    private static Instant at(int day, int second) {
        return FIRST.plus(Duration.ofDays(day - 1L)).plusSeconds(second);
    }

    private static void add(
            List<ActionEvent> to, String user, @Nullable String org, int day, int count, Random random) {
        for (int i = 0; i < count; i++) {
            ActionEvent action = event(
                    user + (org == null ? "" : "-" + org) + "-" + day + "-" + i,
                    user,
                    org,
                    day,
                    random.nextInt(79_000),
                    1 + random.nextInt(9));
            boolean readOnly = random.nextInt(40) == 0;
            to.add(ActionEvent.newBuilder(action).setReadOnly(readOnly).build());
        }
    }

    private static ActionEvent event(String id, String user, @Nullable String org, int day, int second, long credits) {
        return new ActionEvent(
                id,
                at(day, second),
                user,
                org,
                null,
                null,
                "x",
                Trigger.OTHER,
                false,
                Map.of("credits", credits),
                null,
                null);
    }

    private static void send(List<Sent> to, RecordSerde<ActionEvent> serde, ActionEvent action, Instant at) {
        to.add(new Sent(at, action, serde.serializer().serialize(TOPICS.actions(), action)));
    }

    private void publish(Sent sent) {
        pass(sent.at());
        ActionEvent action = sent.action();
        put(TOPICS.actions(), action == null ? "?" : action.getUserId(), sent.bytes());
    }

    private <T extends SpecificRecord> void put(String topic, String key, T record) {
        @SuppressWarnings("unchecked")
        RecordSerde<T> serde = serdes.of((Class<T>) record.getClass());
        put(topic, key, serde.serializer().serialize(topic, record));
    }

    private void put(String topic, String key, byte[] value) {
        byte[] keyBytes = key.getBytes(StandardCharsets.UTF_8);
        driver.createInputTopic(topic, new ByteArraySerializer(), new ByteArraySerializer())
                .pipeInput(keyBytes, value, now);
        keep(topic, new TestRecord<>(keyBytes, value, new RecordHeaders(), now));
    }

    private void capture(String topic) {
        driver.createOutputTopic(topic, new ByteArrayDeserializer(), new ByteArrayDeserializer())
                .readRecordsToList()
                .forEach(record -> keep(topic, record));
    }

    private void keep(String topic, TestRecord<byte[], byte[]> record) {
        List<ConsumerRecord<byte[], byte[]>> of = records.computeIfAbsent(topic, any -> new ArrayList<>());
        of.add(new ConsumerRecord<>(
                topic,
                0,
                of.size(),
                record.timestamp(),
                TimestampType.LOG_APPEND_TIME,
                0,
                0,
                record.key(),
                record.value(),
                record.headers(),
                Optional.empty()));
    }

    /** Each fact an intent, an outcome, and a meter event. */
    private void settle() {
        RecordSerde<BillableFact> serde = serdes.of(BillableFact.class);
        for (ConsumerRecord<byte[], byte[]> record :
                List.copyOf(records.getOrDefault(TOPICS.billableUsage(), List.of()))) {
            BillableFact fact = serde.deserializer().deserialize(record.topic(), record.value());
            for (LedgerState state : List.of(LedgerState.INTENT, LedgerState.ACCEPTED)) {
                LedgerEntry entry = new LedgerEntry(
                        fact.getIdentifier(),
                        fact.getPayer(),
                        fact.getStripeCustomerId(),
                        fact.getEventName(),
                        fact.getAmount(),
                        fact.getTimestamp(),
                        state,
                        Instant.ofEpochMilli(record.timestamp()),
                        0,
                        null,
                        null,
                        Instant.ofEpochMilli(record.timestamp()),
                        0,
                        null,
                        null);
                keep(
                        TOPICS.stripeLedger(),
                        new TestRecord<>(
                                fact.getIdentifier().getBytes(StandardCharsets.UTF_8),
                                serdes.of(LedgerEntry.class).serializer().serialize(TOPICS.stripeLedger(), entry),
                                new RecordHeaders(),
                                Instant.ofEpochMilli(record.timestamp())));
            }
            stripe.add(new AuditedWorld.MeterEvent(
                    Objects.requireNonNull(fact.getStripeCustomerId()),
                    fact.getEventName(),
                    fact.getTimestamp(),
                    fact.getAmount()));
        }
    }

    /** What streams-app would answer, from the stores. */
    private void answer() {
        ArrayNode partitions = JSON.createArrayNode();
        partitions
                .addObject()
                .put("partition", 0)
                .put("read", counter(CounterKeys.key(0, Counter.READ)))
                .put("counted", counter(CounterKeys.key(0, Counter.COUNTED)))
                .put("readOnly", counter(CounterKeys.key(0, Counter.READ_ONLY)))
                .put("duplicate", counter(CounterKeys.key(0, Counter.DUPLICATE)))
                .put("late", counter(CounterKeys.key(0, Counter.LATE)))
                .put(
                        "deadLettered",
                        List.of(DeadLetterReason.values()).stream()
                                .mapToLong(reason -> counter(CounterKeys.key(0, reason)))
                                .sum());
        answers.put("/v1/conservation", JSON.createObjectNode().set("partitions", partitions));
        for (String subject : List.of(
                "user:pro1",
                "user:pro2",
                "user:pro3",
                "user:pro4",
                "user:payg1",
                "user:payg2",
                "user:payg3",
                "user:payg4",
                "user:payg5",
                "user:member1",
                "user:member2",
                "user:member3",
                "user:free",
                "org:pool",
                "org:team")) {
            for (String meter : List.of("actions", "credits")) {
                for (int day = 1; day <= 30; day++) {
                    usage(Subject.parse(subject), meter, at(day, 0));
                }
            }
        }
        payers.forEach((payer, pays) -> {
            for (Instant at : List.of(FIRST, END)) {
                billing(payer, pays, BillingCalendar.period(pays.anchor(), at));
            }
        });
    }

    private WriteBackStore store(String name) {
        return (WriteBackStore)
                Objects.requireNonNull(driver.getAllStateStores().get(name));
    }

    private long counter(Bytes key) {
        return Numbers.orElse(store(StoreNames.INTAKE_COUNTERS).get(key), 0);
    }

    private void usage(Subject subject, String meter, Instant day) {
        Totals totals;
        if (subject.kind() == Subject.Kind.USER) {
            totals = Totals.ofNullable(store(StoreNames.USER_DAYS).get(WindowKeys.userDay(subject.id(), day)));
        } else {
            byte[] stored = store(StoreNames.ACCOUNT_WINDOWS)
                    .get(WindowKeys.window(WindowKeys.Length.DAY, day, subject.text()));
            totals = stored == null
                    ? Totals.NONE
                    : WindowTotals.fromBytes(stored).totals();
        }
        ObjectNode answer = JSON.createObjectNode()
                .put("used", totals.used(meter))
                .put("limitUsed", totals.limitUsed(meter))
                .put("stale", false);
        if (subject.id().startsWith("pro") && meter.equals("actions")) {
            answer.put("limit", DAY_LIMIT);
        } else {
            answer.putNull("limit");
        }
        answers.put(UsageCommand.path(subject.text(), meter, day.toString().substring(0, 10)), answer);
    }

    private void billing(String payer, Pays pays, Period period) {
        byte[] stored = store(StoreNames.ACCOUNT_CHARGES).get(PeriodCharges.key(payer, pays.meter(), period.start()));
        PeriodCharges charges = stored == null ? PeriodCharges.NONE : PeriodCharges.fromBytes(stored);
        Coverage covered = charges.covered();
        long grantsLeft = pays.granted() - covered.granted();
        ObjectNode answer = JSON.createObjectNode();
        answer.putObject("period").put("start", period.start().toString());
        ObjectNode meter = answer.putArray("meters").addObject();
        meter.put("meter", pays.meter())
                .put("included", pays.included())
                .put("granted", covered.granted() + grantsLeft)
                .put("used", covered.total())
                .put("includedRemaining", pays.included() - covered.included())
                .put("grantsRemaining", grantsLeft)
                .put("overage", covered.overage())
                .put("excess", covered.excess())
                .put("unreported", unreported(payer, pays.meter(), period));
        ArrayNode burns = meter.putArray("burns");
        charges.burns()
                .byGrant()
                .forEach((grant, amount) ->
                        burns.addObject().put("grantId", grant).put("amount", amount));
        LocalDate begin = LocalDate.ofInstant(period.start(), ZoneOffset.UTC);
        boolean midnight = begin.atStartOfDay(ZoneOffset.UTC).toInstant().equals(period.start());
        Subject subject = Subject.parse(payer);
        answers.put(
                "/v1/" + (subject.kind() == Subject.Kind.ORG ? "orgs/" : "users/") + subject.id() + "/billing?period="
                        + (midnight ? begin : begin.plusDays(1)),
                answer);
    }

    private long unreported(String payer, String meter, Period period) {
        StoreKey prefix = IntervalCharge.key(payer, meter);
        long unreported = 0;
        try (KeyValueIterator<Bytes, byte[]> intervals = store(StoreNames.ACCOUNT_INTERVALS)
                .range(
                        prefix.copy().number(period.start().toEpochMilli()).bytes(),
                        prefix.copy().number(period.end().toEpochMilli() - 1).bytes())) {
            while (intervals.hasNext()) {
                IntervalCharge charge = IntervalCharge.fromBytes(intervals.next().value);
                unreported += charge.billable() - charge.billed();
            }
        }
        return unreported;
    }

    @Override
    public void close() {
        driver.close();
        serdes.close();
        registry.close();
    }
}
