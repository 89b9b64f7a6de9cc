package dev.tally.e2e;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.tally.cli.Servers;
import dev.tally.clock.TestClock;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.apache.avro.specific.SpecificRecord;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.serialization.ByteArraySerializer;
import org.awaitility.Awaitility;

/** What a stack says, over Kafka and over HTTP. */
final class Wire {

    private static final ObjectMapper JSON = new ObjectMapper();
    private static final int NOT_READY = 503;

    private final LocalStack stack;
    private final String clock;
    private final HttpClient http = HttpClient.newHttpClient();

    Wire(LocalStack stack) {
        this(stack, TestClock.SYSTEM);
    }

    /** @param clock the setting of that name, with which the stack was started */
    Wire(LocalStack stack, String clock) {
        this.stack = stack;
        this.clock = clock;
    }

    Servers servers() {
        return Servers.of(stack.bootstrapServers(), stack.registryUrl(), "", clock);
    }

    /** All committed records of a topic. */
    List<ConsumerRecord<byte[], byte[]>> records(String topic) {
        List<ConsumerRecord<byte[], byte[]>> records = new ArrayList<>();
        servers().reader().readAll(topic, records::add);
        return records;
    }

    /** All committed values of a topic, in the order of their partitions. */
    <T extends SpecificRecord> List<T> values(String topic, Class<T> type) {
        try (var serdes = servers().serdes()) {
            var deserializer = serdes.of(type).deserializer();
            return records(topic).stream()
                    .map(record -> deserializer.deserialize(topic, record.headers(), record.value()))
                    .toList();
        }
    }

    /** The latest value of each key. */
    <T extends SpecificRecord> Map<String, T> latest(String topic, Class<T> type) {
        Map<String, T> latest = new LinkedHashMap<>();
        try (var serdes = servers().serdes()) {
            var deserializer = serdes.of(type).deserializer();
            for (var record : records(topic)) {
                latest.put(
                        new String(record.key(), StandardCharsets.UTF_8),
                        deserializer.deserialize(topic, record.headers(), record.value()));
            }
        }
        return latest;
    }

    KafkaProducer<byte[], byte[]> producer() {
        Map<String, Object> config = servers().client();
        config.put("max.request.size", 2_000_000);
        return new KafkaProducer<>(config, new ByteArraySerializer(), new ByteArraySerializer());
    }

    static void send(KafkaProducer<byte[], byte[]> producer, ProducerRecord<byte[], byte[]> record) {
        var unused = producer.send(record);
    }

    JsonNode get(String url) {
        return json(HttpRequest.newBuilder(URI.create(url)).build());
    }

    /** An answer of JSON values, one in each line. */
    List<JsonNode> lines(String url) {
        HttpRequest request = HttpRequest.newBuilder(URI.create(url)).build();
        return text(request).lines().map(line -> parse(request, line)).toList();
    }

    JsonNode post(String url, String body) {
        return json(HttpRequest.newBuilder(URI.create(url))
                .header("Content-Type", "application/json")
                .POST(HttpRequest.BodyPublishers.ofString(body))
                .build());
    }

    /** The status of an answer, whatever it is. */
    int status(String url) {
        return send(HttpRequest.newBuilder(URI.create(url)).build()).statusCode();
    }

    private JsonNode json(HttpRequest request) {
        return parse(request, text(request));
    }

    private static JsonNode parse(HttpRequest request, String json) {
        try {
            return JSON.readTree(json);
        } catch (IOException e) {
            throw new AssertionError(request.uri().toString(), e);
        }
    }

    String text(String url) {
        return text(HttpRequest.newBuilder(URI.create(url)).build());
    }

    private String text(HttpRequest request) {
        HttpResponse<String> response = send(request);
        if (response.statusCode() != 200) {
            throw new AssertionError(request.uri() + ": " + response.statusCode() + " " + response.body());
        }
        return response.body();
    }

    private HttpResponse<String> send(HttpRequest request) {
        try {
            return http.send(request, HttpResponse.BodyHandlers.ofString());
        } catch (IOException e) {
            throw new AssertionError(request.uri().toString(), e);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new AssertionError(request.uri().toString(), e);
        }
    }

    /** One conservation figure, over all partitions. */
    long conservation(String field) {
        long sum = 0;
        for (JsonNode partition : conservation()) {
            sum += partition.path(field).asLong();
        }
        return sum;
    }

    /** Right after a test clock was moved, instances take themselves for behind until their next tick, and say so. */
    private JsonNode conservation() {
        HttpRequest request = HttpRequest.newBuilder(URI.create(stack.app() + "/v1/conservation"))
                .build();
        Awaitility.await()
                .atMost(Duration.ofMinutes(1))
                .pollDelay(Duration.ZERO)
                .until(() -> send(request).statusCode() != NOT_READY);
        return json(request).path("partitions");
    }

    /** Dead letters of one reason, over all partitions. */
    long deadLetters(String reason) {
        long sum = 0;
        for (JsonNode partition : conservation()) {
            sum += partition.path("deadLetters").path(reason).asLong();
        }
        return sum;
    }
}
