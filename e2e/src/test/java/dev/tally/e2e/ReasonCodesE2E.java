package dev.tally.e2e;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import dev.tally.schemas.ActionEvent;
import dev.tally.schemas.Trigger;
import dev.tally.schemas.serde.RecordSerde;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.function.IntFunction;
import org.apache.avro.Schema;
import org.apache.avro.SchemaBuilder;
import org.apache.avro.generic.GenericData;
import org.apache.avro.generic.GenericDatumWriter;
import org.apache.avro.generic.GenericRecord;
import org.apache.avro.io.BinaryEncoder;
import org.apache.avro.io.EncoderFactory;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.header.Header;
import org.awaitility.Awaitility;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

/** Bad input of every kind between good input: each ends in its named outcome, and nobody's count is touched. */
class ReasonCodesE2E {

    private static final int OF_EACH = 100;
    private static final int GOOD = 2_000;
    private static final int MAX_RECORD_BYTES = 1_048_588;
    private static final Random RANDOM = new Random(20261121);
    private static final List<String> USERS = List.of("u1", "u/2", "u:3", "u%4", "ü☃五", "u 6", "u\"<script>7", "org:8");

    private final Instant now = Instant.now().truncatedTo(ChronoUnit.MILLIS);

    /** What is sent, and what must become of it. */
    @SuppressWarnings("ArrayRecordComponent") // never compared
    private record Sent(String reason, byte[] key, byte @Nullable [] value) {}

    @Test
    void shouldGiveEveryRecordItsNamedOutcome() {
        try (LocalStack stack = new LocalStack("reasons")) {
            stack.start();
            Wire wire = new Wire(stack);
            try (var serdes = wire.servers().serdes();
                    KafkaProducer<byte[], byte[]> producer = wire.producer()) {
                RecordSerde<ActionEvent> serde = serdes.of(ActionEvent.class);
                // Given stream time is now in every partition before anything comes late
                List<Sent> first = new ArrayList<>();
                for (int i = 0; i < 200; i++) {
                    first.add(good(serde, "warm-" + i, "warm-user-" + i));
                }
                send(producer, first);
                awaitRead(wire, first.size());
                List<Sent> mixed = mixed(serde, register(stack));
                Sent huge = undecodableOfLimit();
                mixed.add(huge);
                Collections.shuffle(mixed, RANDOM);

                // When
                send(producer, mixed);
                // A re-sent id with other content: the first wins.
                send(producer, List.of(good(serde, "g-0", USERS.get(0), Map.of("credits", 77L))));
                awaitRead(wire, first.size() + mixed.size() + 1L);

                // Then
                assertOutcomes(stack, wire);
                assertKept(wire, mixed);
                assertCounts(stack, wire);
            }
            Tally.Result audit = audit(stack);
            System.out.println(audit.output());
            assertThat(audit.code()).as(audit.output()).isZero();
        }
    }

    private static Tally.Result audit(LocalStack stack) {
        List<String> command = new ArrayList<>(List.of("audit", "--app", stack.app()));
        command.addAll(List.of(stack.servers()));
        return Tally.run(command, "");
    }

    private void assertOutcomes(LocalStack stack, Wire wire) {
        for (String reason : List.of(
                "unknown_schema",
                "missing_field",
                "invalid_id",
                "timestamp_in_future",
                "negative_amount",
                "amount_too_large",
                "null_value",
                "unsupported")) {
            assertThat(wire.deadLetters(reason)).as(reason).isEqualTo(OF_EACH);
        }
        assertThat(wire.deadLetters("undecodable")).isEqualTo(OF_EACH + 1);
        assertThat(wire.conservation("late")).isEqualTo(OF_EACH);
        assertThat(wire.conservation("duplicate")).isEqualTo(1);
        assertThat(wire.conservation("counted")).isEqualTo(200 + GOOD);
        for (JsonNode of : wire.get(stack.app() + "/v1/conservation").path("partitions")) {
            assertThat(of.path("read").asLong())
                    .isEqualTo(of.path("counted").asLong()
                            + of.path("readOnly").asLong()
                            + of.path("duplicate").asLong()
                            + of.path("late").asLong()
                            + of.path("deadLettered").asLong());
        }
        String metrics = text(stack.app() + "/metrics");
        assertThat(metrics.lines()
                        .filter(line ->
                                line.startsWith("tally_intake_dead_letters{") && line.contains("reason=\"invalid_id\""))
                        .mapToDouble(line -> Double.parseDouble(line.substring(line.lastIndexOf(' ') + 1)))
                        .sum())
                .isEqualTo(OF_EACH);
    }

    /** Every kept record has the bytes of an input that was to end so. */
    private static void assertKept(Wire wire, List<Sent> sent) {
        Map<String, Integer> expected = new HashMap<>();
        for (Sent one : sent) {
            if (!one.reason().isEmpty()) {
                expected.merge(identity(one.reason(), one.key(), one.value()), 1, Integer::sum);
            }
        }
        Map<String, Integer> kept = new HashMap<>();
        for (String topic : List.of("dead-letters", "late-actions")) {
            for (ConsumerRecord<byte[], byte[]> record : wire.records(topic)) {
                kept.merge(identity(header(record, "tally.reason"), record.key(), record.value()), 1, Integer::sum);
                assertThat(header(record, "tally.topic")).isEqualTo("actions");
                assertThat(Integer.parseInt(header(record, "tally.partition"))).isEqualTo(record.partition());
            }
        }
        assertThat(kept).isEqualTo(expected);
    }

    private static String identity(String reason, byte @Nullable [] key, byte @Nullable [] value) {
        return reason + " " + Arrays.hashCode(key) + " " + Arrays.hashCode(value) + " "
                + (value == null ? -1 : value.length);
    }

    private void assertCounts(LocalStack stack, Wire wire) {
        for (int i = 0; i < USERS.size(); i++) {
            String user = USERS.get(i);
            String path = stack.app() + "/v1/users/" + dev.tally.keys.PercentEncoding.encode(user) + "/usage?day="
                    + now.toString().substring(0, 10);
            assertThat(wire.get(path).path("used").asLong()).as(user).isEqualTo(GOOD / USERS.size());
            assertThat(wire.get(path + "&meter=credits").path("used").asLong())
                    .as(user)
                    .isEqualTo(GOOD / USERS.size());
        }
    }

    private List<Sent> mixed(RecordSerde<ActionEvent> serde, int schemaWithoutUser) {
        List<Sent> sent = new ArrayList<>();
        for (int i = 0; i < GOOD; i++) {
            sent.add(good(serde, "g-" + i / USERS.size(), USERS.get(i % USERS.size())));
        }
        each(sent, "undecodable", i -> i % 2 == 0 ? randomBytes() : truncated(good(serde, "t" + i, "u1")));
        each(
                sent,
                "unknown_schema",
                i -> ByteBuffer.allocate(9).putInt(1, 1_000_000 + i).array());
        each(sent, "missing_field", i -> withoutUser(schemaWithoutUser, "m" + i));
        each(sent, "invalid_id", i -> switch (i % 4) {
            case 0 -> bytes(serde, event("", "u1", now, Map.of()));
            case 1 -> bytes(serde, event("i" + i, "x".repeat(257), now, Map.of()));
            case 2 -> bytes(serde, event("i" + i + "\n", "u1", now, Map.of()));
            default -> bytes(serde, event("i" + i, "", now, Map.of()));
        });
        each(
                sent,
                "timestamp_in_future",
                i -> bytes(serde, event("f" + i, "u1", Instant.parse("2030-01-01T00:00:00Z"), Map.of())));
        each(sent, "negative_amount", i -> bytes(serde, event("n" + i, "u1", now, Map.of("credits", -1L - i))));
        each(
                sent,
                "amount_too_large",
                i -> bytes(
                        serde,
                        event(
                                "l" + i,
                                "u1",
                                now,
                                Map.of("credits", i % 2 == 0 ? Long.MAX_VALUE : 1_000_000_000_001L))));
        each(sent, "null_value", i -> null);
        each(sent, "unsupported", i -> {
            ActionEvent event = event("v" + i, "u1", now, Map.of());
            event.put("reverses", "e0");
            return bytes(serde, event);
        });
        each(
                sent,
                "too_late",
                i -> bytes(
                        serde,
                        event(
                                "old" + i,
                                "u1",
                                Instant.parse("1970-01-02T00:00:00Z").plusSeconds(i),
                                Map.of())));
        return sent;
    }

    private static void each(List<Sent> sent, String reason, IntFunction<byte @Nullable []> value) {
        for (int i = 0; i < OF_EACH; i++) {
            byte[] key = (reason + i).getBytes(StandardCharsets.UTF_8);
            sent.add(new Sent(reason, key, value.apply(i)));
        }
    }

    private Sent good(RecordSerde<ActionEvent> serde, String eventId, String userId) {
        return good(serde, eventId, userId, Map.of("credits", 1L));
    }

    private Sent good(RecordSerde<ActionEvent> serde, String eventId, String userId, Map<String, Long> usage) {
        return new Sent("", userId.getBytes(StandardCharsets.UTF_8), bytes(serde, event(eventId, userId, now, usage)));
    }

    private static ActionEvent event(String eventId, String userId, Instant at, Map<String, Long> usage) {
        return new ActionEvent(eventId, at, userId, "o/1", null, null, "x", Trigger.OTHER, false, usage, null, null);
    }

    private static byte[] bytes(RecordSerde<ActionEvent> serde, ActionEvent event) {
        return serde.serializer().serialize("actions", event);
    }

    private static byte[] randomBytes() {
        byte[] bytes = new byte[1 + RANDOM.nextInt(60)];
        RANDOM.nextBytes(bytes);
        bytes[0] = (byte) (1 + RANDOM.nextInt(100));
        return bytes;
    }

    private static byte[] truncated(Sent of) {
        byte[] whole = of.value() == null ? new byte[0] : of.value();
        return Arrays.copyOf(whole, 6 + RANDOM.nextInt(whole.length - 7));
    }

    /** One byte more and the broker would refuse it. */
    private static Sent undecodableOfLimit() {
        byte[] key = "limit".getBytes(StandardCharsets.UTF_8);
        // A batch of one record: 61 bytes of batch header, and lengths of 3 + 3 bytes around key and value.
        int overhead = 61 + 3 + 1 + 1 + 1 + 1 + key.length + 3 + 1;
        byte[] value = new byte[MAX_RECORD_BYTES - overhead];
        Arrays.fill(value, (byte) 'x');
        return new Sent("undecodable", key, value);
    }

    private static void send(KafkaProducer<byte[], byte[]> producer, List<Sent> all) {
        for (Sent one : all) {
            Wire.send(producer, new ProducerRecord<>("actions", one.key(), one.value()));
        }
        producer.flush();
    }

    private static void awaitRead(Wire wire, long count) {
        Awaitility.await()
                .atMost(Duration.ofMinutes(2))
                .ignoreExceptionsMatching(e -> e instanceof AssertionError)
                .untilAsserted(() -> assertThat(wire.conservation("counted")
                                + wire.conservation("readOnly")
                                + wire.conservation("duplicate")
                                + wire.conservation("late")
                                + wire.conservation("deadLettered"))
                        .isEqualTo(count));
    }

    private static final Schema WITHOUT_USER = SchemaBuilder.record("ActionEvent")
            .namespace("dev.tally.schemas")
            .fields()
            .requiredString("eventId")
            .requiredLong("occurredAt")
            .requiredString("actionType")
            .endRecord();

    private static byte[] withoutUser(int schemaId, String eventId) {
        try {
            ByteArrayOutputStream out = new ByteArrayOutputStream();
            out.write(0);
            out.writeBytes(ByteBuffer.allocate(4).putInt(schemaId).array());
            GenericRecord record = new GenericData.Record(WITHOUT_USER);
            record.put("eventId", eventId);
            record.put("occurredAt", 1L);
            record.put("actionType", "x");
            BinaryEncoder encoder = EncoderFactory.get().binaryEncoder(out, null);
            new GenericDatumWriter<GenericRecord>(WITHOUT_USER).write(record, encoder);
            encoder.flush();
            return out.toByteArray();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** Registers a writer's schema without userId under a subject of its own. */
    private static int register(LocalStack stack) {
        String body = "{\"schema\":\"" + WITHOUT_USER.toString().replace("\"", "\\\"") + "\"}";
        try {
            HttpResponse<String> response = HttpClient.newHttpClient()
                    .send(
                            HttpRequest.newBuilder(URI.create(
                                            stack.registryUrl() + "/subjects/foreign-producer-value/versions"))
                                    .header("Content-Type", "application/vnd.schemaregistry.v1+json")
                                    .POST(HttpRequest.BodyPublishers.ofString(body))
                                    .build(),
                            HttpResponse.BodyHandlers.ofString());
            assertThat(response.statusCode()).as(response.body()).isEqualTo(200);
            return Integer.parseInt(
                    response.body().replaceAll("\\D+", " ").trim().split(" ")[0]);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new IllegalStateException(e);
        }
    }

    private static String text(String url) {
        try {
            return HttpClient.newHttpClient()
                    .send(HttpRequest.newBuilder(URI.create(url)).build(), HttpResponse.BodyHandlers.ofString())
                    .body();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new IllegalStateException(e);
        }
    }

    private static String header(ConsumerRecord<byte[], byte[]> record, String name) {
        Header header = record.headers().lastHeader(name);
        return header == null ? "" : new String(header.value(), StandardCharsets.UTF_8);
    }
}
