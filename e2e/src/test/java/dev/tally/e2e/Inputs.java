package dev.tally.e2e;

import static org.assertj.core.api.Assertions.assertThat;

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
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.Arrays;
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
import org.apache.kafka.common.header.Header;
import org.apache.kafka.common.header.internals.RecordHeader;
import org.jspecify.annotations.Nullable;

/** Good input, and bad input of every kind; always the same for a seed, but for the time. */
final class Inputs {

    /** Bad records of each kind. */
    static final int OF_EACH = 100;

    /** Good records, dealt out to the users in turn. */
    static final int GOOD = 2_000;

    static final List<String> USERS = List.of("u1", "u/2", "u:3", "u%4", "ü☃五", "u 6", "u\"<script>7", "org:8");

    private static final int MAX_RECORD_BYTES = 1_048_588;

    private final RecordSerde<ActionEvent> serde;
    private final Random random;
    private final Instant now = Instant.now().truncatedTo(ChronoUnit.MILLIS);

    Inputs(RecordSerde<ActionEvent> serde, long seed) {
        this.serde = serde;
        this.random = new Random(seed);
    }

    /** What is sent, and what must become of it; no reason for what must be counted. */
    @SuppressWarnings("ArrayRecordComponent") // never compared
    record Sent(String reason, byte[] key, byte @Nullable [] value, List<Header> headers) {

        Sent(String reason, byte[] key, byte @Nullable [] value) {
            this(reason, key, value, List.of());
        }
    }

    /** The event time of all good records. */
    Instant now() {
        return now;
    }

    /** All good and bad records but the one at the limit, kind by kind. */
    List<Sent> mixed(int schemaWithoutUser) {
        List<Sent> sent = new ArrayList<>();
        for (int i = 0; i < GOOD; i++) {
            sent.add(good("g-" + i / USERS.size(), USERS.get(i % USERS.size())));
        }
        each(sent, "undecodable", i -> i % 2 == 0 ? randomBytes() : truncated(good("t" + i, "u1")));
        each(
                sent,
                "unknown_schema",
                i -> ByteBuffer.allocate(9).putInt(1, 1_000_000 + i).array());
        each(sent, "missing_field", i -> withoutUser(schemaWithoutUser, "m" + i));
        each(sent, "invalid_id", i -> switch (i % 4) {
            case 0 -> bytes(event("", "u1", now, Map.of()));
            case 1 -> bytes(event("i" + i, "x".repeat(257), now, Map.of()));
            case 2 -> bytes(event("i" + i + "\n", "u1", now, Map.of()));
            default -> bytes(event("i" + i, "", now, Map.of()));
        });
        each(
                sent,
                "timestamp_in_future",
                i -> bytes(event("f" + i, "u1", Instant.parse("2030-01-01T00:00:00Z"), Map.of())));
        each(sent, "negative_amount", i -> bytes(event("n" + i, "u1", now, Map.of("credits", -1L - i))));
        each(
                sent,
                "amount_too_large",
                i -> bytes(event(
                        "l" + i, "u1", now, Map.of("credits", i % 2 == 0 ? Long.MAX_VALUE : 1_000_000_000_001L))));
        each(sent, "null_value", i -> null);
        for (int i = 0; i < OF_EACH; i++) {
            byte[] key = ("unsupported" + i).getBytes(StandardCharsets.UTF_8);
            ActionEvent event = event("v" + i, "u1", now, Map.of());
            if (i % 2 == 0) {
                event.put("reverses", "e0");
                sent.add(new Sent("unsupported", key, bytes(event)));
            } else {
                // As newer Confluent producers write: the schema in a header, no prefix before the value.
                byte[] whole = bytes(event);
                sent.add(new Sent(
                        "unsupported",
                        key,
                        Arrays.copyOfRange(whole, 5, whole.length),
                        List.of(new RecordHeader("__value_schema_id", new byte[17]))));
            }
        }
        each(
                sent,
                "too_late",
                i -> bytes(event(
                        "old" + i, "u1", Instant.parse("1970-01-02T00:00:00Z").plusSeconds(i), Map.of())));
        return sent;
    }

    private static void each(List<Sent> sent, String reason, IntFunction<byte @Nullable []> value) {
        for (int i = 0; i < OF_EACH; i++) {
            byte[] key = (reason + i).getBytes(StandardCharsets.UTF_8);
            sent.add(new Sent(reason, key, value.apply(i)));
        }
    }

    Sent good(String eventId, String userId) {
        return good(eventId, userId, Map.of("credits", 1L));
    }

    Sent good(String eventId, String userId, Map<String, Long> usage) {
        return new Sent("", userId.getBytes(StandardCharsets.UTF_8), bytes(event(eventId, userId, now, usage)));
    }

    private static ActionEvent event(String eventId, String userId, Instant at, Map<String, Long> usage) {
        return new ActionEvent(eventId, at, userId, "o/1", null, null, "x", Trigger.OTHER, false, usage, null, null);
    }

    private byte[] bytes(ActionEvent event) {
        return serde.serializer().serialize("actions", event);
    }

    private byte[] randomBytes() {
        byte[] bytes = new byte[1 + random.nextInt(60)];
        random.nextBytes(bytes);
        bytes[0] = (byte) (1 + random.nextInt(100));
        return bytes;
    }

    private byte[] truncated(Sent of) {
        byte[] whole = of.value() == null ? new byte[0] : of.value();
        return Arrays.copyOf(whole, 6 + random.nextInt(whole.length - 7));
    }

    /** One byte more and the broker would refuse it. */
    static Sent undecodableOfLimit() {
        byte[] key = "limit".getBytes(StandardCharsets.UTF_8);
        // A batch of one record: 61 bytes of batch header, and lengths of 3 + 3 bytes around key and value.
        int overhead = 61 + 3 + 1 + 1 + 1 + 1 + key.length + 3 + 1;
        byte[] value = new byte[MAX_RECORD_BYTES - overhead];
        Arrays.fill(value, (byte) 'x');
        return new Sent("undecodable", key, value);
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
    static int registerWithoutUser(LocalStack stack) {
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
}
