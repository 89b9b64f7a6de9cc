package dev.tally.cli.oracle;

import dev.tally.schemas.serde.RecordSerdes;
import dev.tally.schemas.testing.RegistryFake;
import java.io.PrintWriter;
import java.io.StringWriter;
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
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.common.serialization.ByteArraySerializer;

/**
 * What all scenarios of a test share.
 *
 * @param account what Stripe has: meters and customers
 */
record Stage(
        OracleBroker broker,
        RegistryFake registry,
        RecordSerdes serdes,
        KafkaProducer<byte[], byte[]> producer,
        HttpClient http,
        Path directory,
        Path account)
        implements AutoCloseable {

    /** One seed, played to its end; gives everything that is wrong. */
    @FunctionalInterface
    interface Play {
        List<String> run(long seed) throws Exception;
    }

    static Stage open(Path directory) throws Exception {
        OracleBroker broker = OracleBroker.start();
        RegistryFake registry = RegistryFake.start();
        return new Stage(
                broker,
                registry,
                new RecordSerdes(Map.of("schema.registry.url", registry.url(), "auto.register.schemas", true)),
                new KafkaProducer<>(broker.clientConfig(), new ByteArraySerializer(), new ByteArraySerializer()),
                HttpClient.newHttpClient(),
                directory,
                Files.writeString(directory.resolve("account.json"), accountOfStripe()));
    }

    private static String accountOfStripe() {
        String meters = Load.METERS.stream()
                .map(meter -> "{\"id\":\"mtr_" + meter + "\",\"event_name\":\"" + meter + "\",\"formula\":\"sum\"}")
                .collect(Collectors.joining(","));
        String customers = IntStream.range(0, Load.CUSTOMERS)
                .mapToObj(number -> "{\"id\":\"cus_" + number + "\"}")
                .collect(Collectors.joining(","));
        return "{\"meters\":[" + meters + "],\"customers\":[" + customers + "]}";
    }

    /** Plays seeds, some at once; everything that is wrong with any, which is also printed when it is found: there may be many seeds. */
    static List<String> play(LongStream seeds, int atOnce, Play play) throws Exception {
        List<String> problems = new ArrayList<>();
        try (ExecutorService threads = Executors.newFixedThreadPool(atOnce)) {
            List<Future<List<String>>> runs = seeds.mapToObj(seed -> threads.submit(() -> played(play, seed)))
                    .toList();
            for (Future<List<String>> run : runs) {
                problems.addAll(run.get());
            }
        }
        return problems;
    }

    private static List<String> played(Play play, long seed) {
        List<String> problems;
        try {
            problems = play.run(seed);
        } catch (Exception failure) {
            StringWriter trace = new StringWriter();
            failure.printStackTrace(new PrintWriter(trace, true));
            problems = List.of("seed " + seed + " did not come to its end: " + trace);
        }
        problems.forEach(System.out::println);
        return problems;
    }

    @Override
    public void close() {
        http.shutdownNow();
        producer.close();
        serdes.close();
        registry.close();
        broker.close();
    }
}
