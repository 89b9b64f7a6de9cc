package dev.tally.cli.oracle;

import static org.assertj.core.api.Assertions.assertThat;

import ch.qos.logback.classic.Level;
import ch.qos.logback.classic.Logger;
import dev.tally.schemas.serde.RecordSerdes;
import dev.tally.schemas.testing.RegistryFake;
import java.net.http.HttpClient;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import java.util.stream.LongStream;
import java.util.stream.Stream;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.common.serialization.ByteArraySerializer;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.io.TempDir;
import org.slf4j.LoggerFactory;

/**
 * Whatever happens, Stripe's sums are what was used: many seeds of load, crashes, rebalances, faults and outages, and a verdict that
 * knows the generator's own record only. {@code -Doracle.seed=N} runs one seed.
 */
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class BillingOracleTest {
    private static final int AT_ONCE = 8;
    private static final int FEW = 12;
    private static final int MANY = 200;
    private static final int ENOUGH_HITS = 10;

    private static final List<Logger> QUIET = Stream.of(
                    "dev.tally.sink.delivery", "org.apache.kafka.clients", "kafka.server.ReplicaManager")
            .map(name -> (Logger) LoggerFactory.getLogger(name))
            .toList();

    @TempDir
    static Path directory;

    private OracleBroker broker;
    private RegistryFake registry;
    private RecordSerdes serdes;
    private KafkaProducer<byte[], byte[]> producer;
    private HttpClient http;
    private Path account;

    @BeforeAll
    void start() throws Exception {
        // Each killed life says so at length.
        QUIET.forEach(logger -> logger.setLevel(Level.OFF));
        broker = OracleBroker.start();
        registry = RegistryFake.start();
        serdes = new RecordSerdes(Map.of("schema.registry.url", registry.url(), "auto.register.schemas", true));
        producer = new KafkaProducer<>(broker.clientConfig(), new ByteArraySerializer(), new ByteArraySerializer());
        http = HttpClient.newHttpClient();
        account = Files.writeString(directory.resolve("account.json"), account());
    }

    @AfterAll
    void stop() throws Exception {
        QUIET.forEach(logger -> logger.setLevel(null));
        http.shutdownNow();
        producer.close();
        serdes.close();
        registry.close();
        broker.close();
    }

    private static String account() {
        String meters = Load.METERS.stream()
                .map(meter -> "{\"id\":\"mtr_" + meter + "\",\"event_name\":\"" + meter + "\",\"formula\":\"sum\"}")
                .collect(Collectors.joining(","));
        String customers = IntStream.range(0, Load.CUSTOMERS)
                .mapToObj(number -> "{\"id\":\"cus_" + number + "\"}")
                .collect(Collectors.joining(","));
        return "{\"meters\":[" + meters + "],\"customers\":[" + customers + "]}";
    }

    @Test
    void shouldBillWhatWasUsedWhateverHappens() throws Exception {
        Long only = Long.getLong("oracle.seed");
        LongStream seeds = only == null ? LongStream.range(0, FEW) : LongStream.of(only);
        Happenings happenings = new Happenings();
        assertThat(problems(seeds, false, happenings)).isEmpty();
        assertThat(happenings.count("seed")).isPositive();
    }

    @Test
    void shouldNoticeASinkWithoutIdentifiers() throws Exception {
        // Stripe's own sums, not the identifiers, show it
        assertThat(problems(LongStream.range(0, FEW / 2), true, new Happenings()))
                .anySatisfy(problem -> assertThat(problem).contains("sums by charge differ"));
    }

    @Test
    @Tag("slow")
    void shouldBillWhatWasUsedInManySeeds() throws Exception {
        Happenings happenings = new Happenings();
        long began = System.nanoTime();
        List<String> problems = problems(LongStream.range(FEW, FEW + MANY), false, happenings);
        System.out.printf(
                "%s%d seeds in %d s%n", happenings.table(), MANY, (System.nanoTime() - began) / 1_000_000_000L);
        assertThat(problems).isEmpty();
        assertThat(Scenario.POINTS)
                .allSatisfy(point -> assertThat(happenings.hits(point)).isGreaterThanOrEqualTo(ENOUGH_HITS));
    }

    private List<String> problems(LongStream seeds, boolean stripped, Happenings happenings) throws Exception {
        Scenario.Stage stage = new Scenario.Stage(broker, serdes, producer, http, directory, account, happenings);
        List<String> problems = new ArrayList<>();
        try (ExecutorService threads = Executors.newFixedThreadPool(AT_ONCE)) {
            List<Future<List<String>>> runs = seeds.mapToObj(
                            seed -> threads.submit(() -> new Scenario(stage, seed, stripped).run()))
                    .toList();
            for (Future<List<String>> run : runs) {
                problems.addAll(run.get());
            }
        }
        return problems;
    }
}
