package dev.tally.streams.topology;

import dev.tally.keys.Subject;
import dev.tally.schemas.ActionEvent;
import dev.tally.schemas.AdmissionCancel;
import dev.tally.schemas.AdmissionDecision;
import dev.tally.schemas.AdmissionRequest;
import dev.tally.schemas.AlertKind;
import dev.tally.schemas.BillableFact;
import dev.tally.schemas.Grant;
import dev.tally.schemas.Meter;
import dev.tally.schemas.Plan;
import dev.tally.schemas.QuotaAlert;
import dev.tally.schemas.SeatChange;
import dev.tally.schemas.Subscription;
import dev.tally.schemas.UsageSnapshot;
import dev.tally.schemas.UsageWindow;
import dev.tally.schemas.serde.RecordSerde;
import dev.tally.schemas.serde.RecordSerdes;
import dev.tally.schemas.testing.RegistryFake;
import dev.tally.streams.entitlements.Model;
import dev.tally.streams.entitlements.Said;
import dev.tally.streams.entitlements.Step;
import dev.tally.streams.entitlements.World;
import dev.tally.streams.metering.BillingCalendar;
import dev.tally.streams.metering.Coverage;
import dev.tally.streams.metering.MeterDefinition;
import dev.tally.streams.metering.Period;
import dev.tally.streams.metering.SubscriptionTerms;
import dev.tally.streams.query.BillingPeriod;
import dev.tally.streams.query.BillingView;
import dev.tally.streams.state.AccountCatalogue;
import dev.tally.streams.state.CatalogueRecords;
import dev.tally.streams.state.Engine;
import dev.tally.streams.state.PeriodCharges;
import dev.tally.streams.state.StoreKey;
import dev.tally.streams.state.StoreNames;
import dev.tally.streams.state.TermsMapping;
import dev.tally.streams.state.WriteBackStore;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Properties;
import java.util.Set;
import java.util.TreeMap;
import org.apache.avro.specific.SpecificRecord;
import org.apache.kafka.common.header.internals.RecordHeaders;
import org.apache.kafka.common.serialization.ByteArrayDeserializer;
import org.apache.kafka.common.serialization.ByteArraySerializer;
import org.apache.kafka.common.serialization.StringDeserializer;
import org.apache.kafka.common.utils.Bytes;
import org.apache.kafka.streams.StreamsConfig;
import org.apache.kafka.streams.TopologyConfig;
import org.apache.kafka.streams.TopologyTestDriver;
import org.apache.kafka.streams.state.KeyValueIterator;
import org.apache.kafka.streams.state.ReadOnlyKeyValueStore;
import org.apache.kafka.streams.test.TestRecord;

/** The engine as a box: steps go in at its input topics, and what it says comes out of its output topics, in the model's words. */
final class EntitlementRig implements AutoCloseable {

    /** Alerts about how fast usage comes, which have nothing to do with limits. */
    private static final Set<AlertKind> OF_RATES = Set.of(AlertKind.ANOMALY, AlertKind.SILENCE);

    private final RegistryFake registry = RegistryFake.start();
    private final RecordSerdes serdes =
            new RecordSerdes(Map.of("schema.registry.url", registry.url(), "auto.register.schemas", true));
    private final MeteringTopology topology;
    private final TopologyTestDriver driver;
    private final Map<String, UsageSnapshot> snapshots = new TreeMap<>();
    private final Map<String, Long> billable = new TreeMap<>();
    private final List<BillableFact> facts = new ArrayList<>();
    private final Map<String, String> alertIds = new HashMap<>();
    private final List<TestRecord<byte[], byte[]>> log = new ArrayList<>();
    private Instant now;
    private long actions;

    EntitlementRig(Path stateDir, Engine engine, Instant start) {
        now = start;
        Properties config = Pipeline.config(stateDir);
        topology = Pipeline.topology(serdes, engine);
        driver = new TopologyTestDriver(topology.build(new TopologyConfig(new StreamsConfig(config))), config, start);
    }

    Instant now() {
        return now;
    }

    /** What the engine says about a step. */
    List<Said> take(Step step) {
        switch (step) {
            case Step.Pass pass -> {
                now = now.plus(pass.duration());
                driver.advanceWallClockTime(pass.duration());
            }
            case Step.Act act -> act(act.events());
            case Step.Put put -> put(put.record());
            case Step.Ask ask -> toSubjectLog(ask.request().getPayer(), ask.request());
            case Step.GiveUp giveUp -> toSubjectLog(giveUp.cancel().getPayer(), giveUp.cancel());
            case Step.Restart ignored -> DrivenTask.restart(driver);
        }
        return said();
    }

    private void act(List<ActionEvent> events) {
        for (ActionEvent event : events) {
            byte[] value = serdes.of(ActionEvent.class).serializer().serialize(Pipeline.TOPICS.actions(), event);
            DrivenTask.process(driver, Pipeline.TOPICS.actions(), actions++, record(event.getUserId(), value));
        }
        DrivenTask.commit(driver);
    }

    private void put(SpecificRecord record) {
        String topic = switch (record) {
            case Meter ignored -> Pipeline.TOPICS.meters();
            case Plan ignored -> Pipeline.TOPICS.plans();
            case Subscription ignored -> Pipeline.TOPICS.subscriptions();
            case Grant ignored -> Pipeline.TOPICS.grants();
            default -> Pipeline.TOPICS.memberships();
        };
        send(topic, CatalogueRecords.keyOf(record), record.getClass(), record);
    }

    private <T extends SpecificRecord> void send(String topic, String key, Class<T> type, SpecificRecord record) {
        RecordSerde<T> serde = serdes.of(type);
        send(topic, key, serde.serializer().serialize(topic, type.cast(record)));
    }

    private void toSubjectLog(String key, SpecificRecord record) {
        String topic = Pipeline.TOPICS.subjectLog();
        byte[] value = serdes.anyOf(AdmissionRequest.class, AdmissionCancel.class)
                .serializer()
                .serialize(topic, record);
        log.add(record(key, value));
        send(topic, key, value);
    }

    private void send(String topic, String key, byte[] value) {
        driver.createInputTopic(topic, new ByteArraySerializer(), new ByteArraySerializer())
                .pipeInput(record(key, value));
    }

    private TestRecord<byte[], byte[]> record(String key, byte[] value) {
        return new TestRecord<>(key.getBytes(StandardCharsets.UTF_8), value, new RecordHeaders(), now);
    }

    private List<Said> said() {
        List<Said> said = new ArrayList<>();
        read(Pipeline.TOPICS.quotaAlerts(), QuotaAlert.class).stream()
                .filter(alert -> !OF_RATES.contains(alert.getKind()))
                .forEach(alert -> said.add(alert(alert)));
        read(Pipeline.TOPICS.admissions(), AdmissionDecision.class).forEach(decision -> said.add(decision(decision)));
        read(Pipeline.TOPICS.seatChanges(), SeatChange.class)
                .forEach(seats -> said.add(new Said.Seats(
                        seats.getOrg(),
                        seats.getQuantity(),
                        seats.getVersion(),
                        seats.getEffectiveAt(),
                        seats.getCause())));
        read(Pipeline.TOPICS.usage(), UsageSnapshot.class)
                .forEach(one -> snapshots.put(
                        Model.usageKey(
                                one.getSubject(),
                                one.getMeter(),
                                one.getWindow().name(),
                                one.getWindowStart()),
                        one));
        read(Pipeline.TOPICS.billableUsage(), BillableFact.class).forEach(this::bill);
        if (driver.producedTopicNames().contains(Pipeline.TOPICS.subjectLog())) {
            log.addAll(driver.createOutputTopic(
                            Pipeline.TOPICS.subjectLog(), new ByteArrayDeserializer(), new ByteArrayDeserializer())
                    .readRecordsToList());
        }
        return said;
    }

    private <T extends SpecificRecord> List<T> read(String topic, Class<T> type) {
        if (!driver.producedTopicNames().contains(topic)) {
            return List.of();
        }
        return driver.createOutputTopic(
                        topic, new StringDeserializer(), serdes.of(type).deserializer())
                .readValuesToList();
    }

    private Said alert(QuotaAlert alert) {
        Said.Alert said = new Said.Alert(
                alert.getKind().name(),
                alert.getSubject(),
                alert.getScope().name(),
                alert.getScopeId(),
                alert.getMeter(),
                alert.getWindowStart(),
                alert.getWindowEnd(),
                alert.getThreshold(),
                alert.getEpoch(),
                alert.getLimit(),
                alert.getUsed(),
                alert.getCause(),
                alert.getLate());
        String before = alertIds.put(alert.getAlertId(), said.toString());
        if (before != null) {
            throw new AssertionError("two alerts are called " + alert.getAlertId() + ": " + before + " and " + said);
        }
        return said;
    }

    private static Said decision(AdmissionDecision decision) {
        return new Said.Decision(
                decision.getActionId(),
                decision.getPayer(),
                decision.getDecision().name(),
                decision.getRevision(),
                decision.getReason(),
                decision.getAt(),
                decision.getRetryAt(),
                decision.getHoldUntil());
    }

    private void bill(BillableFact fact) {
        facts.add(fact);
        Instant period = fact.getOriginPeriodStart() == null ? fact.getPeriodStart() : fact.getOriginPeriodStart();
        String account = Model.accountKey(fact.getPayer(), fact.getMeter(), period);
        billable.merge(account, fact.getAmount(), Long::sum);
        billable.values().removeIf(amount -> amount == 0);
    }

    /** The latest totals of each window: used, and of a day what the subject pays for. */
    Map<String, List<Long>> usage() {
        Map<String, List<Long>> usage = new TreeMap<>();
        snapshots.forEach((key, one) -> usage.put(
                key,
                one.getWindow() == UsageWindow.DAY
                        ? List.of(one.getUsed(), one.getLimitUsed())
                        : List.of(one.getUsed())));
        return usage;
    }

    /** The latest snapshot of a window. */
    UsageSnapshot snapshot(String subject, String meter, UsageWindow window, String start) {
        String key = Model.usageKey(subject, meter, window.name(), Instant.parse(start));
        return Objects.requireNonNull(snapshots.get(key), key);
    }

    /** The sums of the facts so far, by payer, meter and the period the usage belongs to. */
    Map<String, Long> billable() {
        return billable;
    }

    /** All facts so far. */
    List<BillableFact> facts() {
        return facts;
    }

    /** A subject's billing period, as queries see it now. */
    BillingPeriod billing(String payer, Instant in) {
        Subject subject = Subject.parse(payer);
        AccountCatalogue terms = new AccountCatalogue(topology.catalogueSerdes(), store(StoreNames.ACCOUNT_CATALOGUE));
        SubscriptionTerms subscription = terms.subscription(subject).orElseThrow();
        Period period = BillingCalendar.period(subscription.anchor(), in);
        Instant at = period.contains(now) ? now : period.end().minusMillis(1);
        List<MeterDefinition> meters =
                World.meters().stream().map(TermsMapping::meter).toList();
        return new BillingView(terms, meters, this::store)
                .period(subject, subscription, period, at, now)
                .orElseThrow();
    }

    @SuppressWarnings("unchecked") // all stores are of bytes
    private ReadOnlyKeyValueStore<Bytes, byte[]> store(String name) {
        return (ReadOnlyKeyValueStore<Bytes, byte[]>)
                Objects.requireNonNull(driver.getAllStateStores().get(name), name);
    }

    /** How usage is covered, by payer, meter and period, of the periods that began after a time. */
    Map<String, Model.Coverage> coverage(Instant after) {
        WriteBackStore charges = (WriteBackStore)
                Objects.requireNonNull(driver.getAllStateStores().get(StoreNames.ACCOUNT_CHARGES));
        Map<String, Model.Coverage> coverage = new TreeMap<>();
        try (KeyValueIterator<Bytes, byte[]> all = charges.all()) {
            all.forEachRemaining(entry -> {
                StoreKey.Reader key = new StoreKey.Reader(entry.key);
                String payer = key.text();
                String meter = key.text();
                Instant start = Instant.ofEpochMilli(key.number());
                PeriodCharges period = PeriodCharges.fromBytes(entry.value);
                Coverage covered = period.covered();
                if (start.isAfter(after) && covered.total() > 0) {
                    coverage.put(
                            Model.accountKey(payer, meter, start),
                            new Model.Coverage(
                                    new TreeMap<>(period.burns().byGrant()),
                                    covered.included(),
                                    covered.overage(),
                                    covered.excess()));
                }
            });
        }
        return coverage;
    }

    /** The subject log so far. */
    List<TestRecord<byte[], byte[]>> log() {
        return log;
    }

    /** Serdes of whatever this engine writes; closed with it. */
    RecordSerdes serdes() {
        return serdes;
    }

    @Override
    public void close() {
        driver.close();
        registry.close();
    }
}
