package dev.tally.cli.audit;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assumptions.assumeThat;

import dev.tally.cli.publish.ActionLines;
import dev.tally.keys.Keys;
import dev.tally.keys.Subject;
import dev.tally.schemas.ActionEvent;
import dev.tally.schemas.Aggregation;
import dev.tally.schemas.BillableFact;
import dev.tally.schemas.Grant;
import dev.tally.schemas.Meter;
import dev.tally.schemas.Plan;
import dev.tally.schemas.Subscription;
import dev.tally.schemas.catalogue.Catalogue;
import dev.tally.schemas.serde.RecordSerde;
import dev.tally.schemas.serde.RecordSerdes;
import dev.tally.schemas.testing.RegistryFake;
import dev.tally.schemas.testing.SeededCatalogue;
import dev.tally.schemas.topics.Topics;
import dev.tally.streams.metering.Coverage;
import dev.tally.streams.state.Engine;
import dev.tally.streams.state.PeriodCharges;
import dev.tally.streams.state.StoreKey;
import dev.tally.streams.state.StoreNames;
import dev.tally.streams.state.WriteBackStore;
import dev.tally.streams.state.WriteBacks;
import dev.tally.streams.topology.AccountSettings;
import dev.tally.streams.topology.IntakeSettings;
import dev.tally.streams.topology.MeteringTopology;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Properties;
import java.util.Set;
import java.util.TreeMap;
import org.apache.avro.specific.SpecificRecord;
import org.apache.kafka.common.serialization.ByteArraySerializer;
import org.apache.kafka.common.serialization.StringDeserializer;
import org.apache.kafka.common.utils.Bytes;
import org.apache.kafka.streams.StreamsConfig;
import org.apache.kafka.streams.TopologyConfig;
import org.apache.kafka.streams.TopologyTestDriver;
import org.apache.kafka.streams.state.KeyValueIterator;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A real trace of 13 years under a seeded catalogue: what the accounts stage charges is what the audit recounts, action by action. */
@Tag("slow")
class TraceChargesTest {

    private static final Path TRACE =
            Path.of(System.getProperty("tally.trace", "../../shared/data/actions-git.ndjson.gz"));
    private static final long SEED = 20_261_121;
    private static final int ORGS = 50;
    private static final Instant NOW = Instant.parse("2026-11-21T10:00:00Z");
    private static final Topics TOPICS = new Topics("", 1, 1);

    private static final Meter ACTIONS =
            new Meter("actions", Aggregation.COUNT, List.of(), null, List.of(), "tally_actions");
    private static final Meter TOKENS = new Meter(
            "tokens", Aggregation.SUM, List.of("input_tokens", "output_tokens"), null, List.of(), "tally_tokens");

    @TempDir
    Path stateDir;

    @Test
    void shouldChargeTheTraceAsRecounted() throws IOException {
        assumeThat(TRACE).as("the shared trace").exists();
        // Given
        List<ActionEvent> actions = actions();
        Catalogue catalogue = SeededCatalogue.over(actions, ORGS, SEED);
        Map<ChargedMeter, ChargedPeriod> recounted = recount(actions, catalogue);
        try (RegistryFake registry = RegistryFake.start();
                RecordSerdes serdes =
                        new RecordSerdes(Map.of("schema.registry.url", registry.url(), "auto.register.schemas", true));
                TopologyTestDriver driver = driver(serdes)) {

            // When
            send(driver, serdes, catalogue);
            for (ActionEvent action : actions) {
                send(driver, serdes, TOPICS.actions(), action.getUserId(), action);
            }

            // Then
            Map<ChargedMeter, Split> expected = new TreeMap<>();
            recounted.forEach((charged, period) -> {
                Split split = period.split().orElseThrow(() -> new AssertionError(charged + " has no known order"));
                assertThat(split.total()).as("%s", charged).isEqualTo(period.least());
                expected.put(charged, split);
            });
            Map<ChargedMeter, Split> charges = charges(driver, expected.keySet());
            assertThat(charges).isEqualTo(expected);
            assertShowsAllThatCanHappen(catalogue, expected);

            // And facts bill the overage, all of it and nothing else
            for (int i = 0; i < 120; i++) {
                driver.advanceWallClockTime(Duration.ofSeconds(1));
            }
            Map<String, Long> overage = new TreeMap<>();
            expected.forEach((charged, split) -> {
                if (split.overage() > 0) {
                    overage.put(charged.toString(), split.overage());
                }
            });
            assertThat(facts(driver, serdes)).isEqualTo(overage);
        }
    }

    /** A catalogue under which nothing interesting happens would prove nothing. */
    private static void assertShowsAllThatCanHappen(Catalogue catalogue, Map<ChargedMeter, Split> expected) {
        Split all = expected.values().stream().reduce(Split.NONE, Split::plus);
        assertThat(all.included()).isPositive();
        assertThat(all.overage()).isPositive();
        assertThat(all.excess()).isPositive();
        assertThat(all.burns()).containsOnlyKeys("early", "expiring", "late");
        assertThat(all.burns().values()).allMatch(amount -> amount > 0);
        Map<String, Long> expiring = new HashMap<>();
        Set<String> payers = new HashSet<>();
        expected.forEach((charged, split) -> {
            payers.add(charged.payer());
            expiring.merge(charged.payer(), split.burns().getOrDefault("expiring", 0L), Long::sum);
        });
        assertThat(payers).hasSize(ORGS);
        assertThat(catalogue.grants())
                .as("some grants expire before they are used up")
                .anyMatch(grant -> grant.getGrantId().equals("expiring")
                        && expiring.getOrDefault(grant.getSubject(), 0L) > 0
                        && expiring.getOrDefault(grant.getSubject(), 0L) < grant.getAmount());
        System.out.printf(
                "%,d billing periods of %d orgs: %,d included, %,d overage, %,d excess, %s from grants%n",
                expected.size(), payers.size(), all.included(), all.overage(), all.excess(), all.burns());
    }

    private static List<ActionEvent> actions() throws IOException {
        List<ActionEvent> actions = new ArrayList<>();
        ActionLines.read(ActionLines.open(TRACE.toString()), actions::add, bad -> {
            throw new AssertionError(bad);
        });
        assertThat(actions).hasSize(99_515);
        return actions;
    }

    private static Map<ChargedMeter, ChargedPeriod> recount(List<ActionEvent> actions, Catalogue catalogue) {
        ChargeCatalogue charging = new ChargeCatalogue();
        catalogue.plans().forEach(plan -> charging.plan(plan, Instant.EPOCH));
        catalogue.subscriptions().forEach(of -> charging.subscription(of.getSubject(), of, Instant.EPOCH));
        catalogue.grants().forEach(of -> charging.grant(of.getSubject(), Catalogue.key(of), of, Instant.EPOCH));
        Recount counts = new Recount(List.of(ACTIONS, TOKENS));
        ChargeRecount charges = new ChargeRecount(charging, true);
        for (ActionEvent action : actions) {
            charges.action(0, NOW, true, action, counts.action(0, action));
        }
        return charges.reading();
    }

    private TopologyTestDriver driver(RecordSerdes serdes) {
        Properties config = new Properties();
        config.put(StreamsConfig.APPLICATION_ID_CONFIG, "tally");
        config.put(StreamsConfig.BOOTSTRAP_SERVERS_CONFIG, "unused:9092");
        config.put(StreamsConfig.STATE_DIR_CONFIG, stateDir.toString());
        config.put(StreamsConfig.ENSURE_EXPLICIT_INTERNAL_RESOURCE_NAMING_CONFIG, true);
        Duration horizon = Duration.ofDays(6_000);
        Duration retention = Duration.ofDays(6_100);
        MeteringTopology topology = new MeteringTopology(
                TOPICS,
                serdes,
                new IntakeSettings(
                        horizon,
                        horizon,
                        retention,
                        Duration.ofMinutes(5),
                        "0123456789abcdef".getBytes(StandardCharsets.UTF_8),
                        1,
                        64 << 20,
                        0),
                new AccountSettings(
                        "test",
                        "i-1",
                        1,
                        Duration.ofMinutes(5),
                        Duration.ofMinutes(1),
                        Duration.ofHours(1),
                        retention,
                        10_000),
                WriteBacks.of(Engine.FAST));
        return new TopologyTestDriver(topology.build(new TopologyConfig(new StreamsConfig(config))), config, NOW);
    }

    private static void send(TopologyTestDriver driver, RecordSerdes serdes, Catalogue catalogue) {
        for (Meter meter : List.of(ACTIONS, TOKENS)) {
            send(driver, serdes, TOPICS.meters(), Catalogue.key(meter), meter);
        }
        for (Plan plan : catalogue.plans()) {
            send(driver, serdes, TOPICS.plans(), Keys.plan(plan.getPlanId(), plan.getVersion()), plan);
        }
        for (Grant grant : catalogue.grants()) {
            send(
                    driver,
                    serdes,
                    TOPICS.grants(),
                    Keys.grant(Subject.parse(grant.getSubject()), grant.getGrantId()),
                    grant);
        }
        for (Subscription subscription : catalogue.subscriptions()) {
            send(driver, serdes, TOPICS.subscriptions(), subscription.getSubject(), subscription);
        }
    }

    private static <T extends SpecificRecord> void send(
            TopologyTestDriver driver, RecordSerdes serdes, String topic, String key, T record) {
        @SuppressWarnings("unchecked")
        RecordSerde<T> serde = serdes.of((Class<T>) record.getClass());
        driver.createInputTopic(topic, new ByteArraySerializer(), new ByteArraySerializer())
                .pipeInput(
                        key.getBytes(StandardCharsets.UTF_8), serde.serializer().serialize(topic, record), NOW);
    }

    /** What is charged in the periods that are expected, and in those that are not under their own keys. */
    private static Map<ChargedMeter, Split> charges(TopologyTestDriver driver, Set<ChargedMeter> expected) {
        WriteBackStore store = (WriteBackStore)
                Objects.requireNonNull(driver.getAllStateStores().get(StoreNames.ACCOUNT_CHARGES));
        Map<ChargedMeter, BillingMonth> known = new HashMap<>();
        expected.forEach(charged -> known.put(withoutEnd(charged), charged.period()));
        Map<ChargedMeter, Split> charges = new TreeMap<>();
        try (KeyValueIterator<Bytes, byte[]> all = store.all()) {
            while (all.hasNext()) {
                var row = all.next();
                Coverage covered = PeriodCharges.fromBytes(row.value).covered();
                Map<String, Long> burns =
                        PeriodCharges.fromBytes(row.value).burns().byGrant();
                StoreKey.Reader key = new StoreKey.Reader(row.key);
                String payer = key.text();
                String meter = key.text();
                Instant start = Instant.ofEpochMilli(key.number());
                ChargedMeter of = new ChargedMeter(payer, meter, new BillingMonth(start, start));
                assertThat(covered.granted())
                        .isEqualTo(burns.values().stream()
                                .mapToLong(Long::longValue)
                                .sum());
                if (covered.total() > 0) {
                    charges.put(
                            new ChargedMeter(payer, meter, known.getOrDefault(of, of.period())),
                            new Split(covered.included(), covered.overage(), covered.excess(), burns));
                }
            }
        }
        return charges;
    }

    private static ChargedMeter withoutEnd(ChargedMeter charged) {
        Instant start = charged.period().start();
        return new ChargedMeter(charged.payer(), charged.meter(), new BillingMonth(start, start));
    }

    private static Map<String, Long> facts(TopologyTestDriver driver, RecordSerdes serdes) {
        Map<String, Long> sums = new TreeMap<>();
        for (BillableFact fact : driver.createOutputTopic(
                        TOPICS.billableUsage(),
                        new StringDeserializer(),
                        serdes.of(BillableFact.class).deserializer())
                .readValuesToList()) {
            // All of it is carried into the period that is open now: the invoices of its own are long final.
            Instant start = Objects.requireNonNull(fact.getOriginPeriodStart(), "where it is carried from");
            sums.merge(
                    new ChargedMeter(fact.getPayer(), fact.getMeter(), new BillingMonth(start, start)).toString(),
                    fact.getAmount(),
                    Long::sum);
        }
        return sums;
    }
}
