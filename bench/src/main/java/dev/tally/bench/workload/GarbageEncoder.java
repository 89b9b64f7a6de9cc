package dev.tally.bench.workload;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.tally.schemas.ActionEvent;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.Arrays;
import java.util.HashMap;
import java.util.Iterator;
import java.util.Map;
import org.apache.avro.Schema;
import org.apache.avro.generic.GenericDatumReader;
import org.apache.avro.generic.GenericDatumWriter;
import org.apache.avro.generic.GenericRecord;
import org.apache.avro.io.BinaryEncoder;
import org.apache.avro.io.DecoderFactory;
import org.apache.avro.io.EncoderFactory;
import org.jspecify.annotations.Nullable;

/** Spoils actions. What is spoilt has user and event id of a sound action: were it ever counted, no sum would be right. */
public final class GarbageEncoder {

    private static final int PREFIX = 5;
    private static final String USER = "userId";
    /** The registry gives small numbers, one after the other. */
    private static final int FIRST_UNKNOWN = 1_000_000;

    private static final int UNKNOWN_IDS = 8;
    /** More than a workload spans. */
    private static final Duration AHEAD = Duration.ofDays(30);

    private static final ObjectMapper JSON = new ObjectMapper();

    private final ActionEncoder encoder;
    private final Schema nullUser;
    private final Schema noUser;
    private final int nullUserId;
    private final int noUserId;

    /** Registers a schema, and tells its id. */
    @FunctionalInterface
    public interface Registry {

        /** The id of a schema's text. */
        int register(String schema);
    }

    /** @param schemaId the registry's id of the schema of {@link ActionEvent} */
    public GarbageEncoder(int schemaId, Registry registry) {
        encoder = new ActionEncoder(schemaId);
        ArrayNode union = JSON.createArrayNode().add("null").add("string");
        nullUser = variant(field -> field.set("type", union));
        noUser = variant(null);
        nullUserId = registry.register(nullUser.toString());
        noUserId = registry.register(noUser.toString());
    }

    private interface Change {
        void apply(ObjectNode field);
    }

    /** The schema of actions with the user's field changed, or without it. */
    private static Schema variant(@Nullable Change change) {
        try {
            JsonNode schema = JSON.readTree(ActionEvent.getClassSchema().toString());
            for (Iterator<JsonNode> fields = schema.path("fields").iterator(); fields.hasNext(); ) {
                JsonNode field = fields.next();
                if (field.path("name").asText().equals(USER)) {
                    if (change == null) {
                        fields.remove();
                    } else {
                        change.apply((ObjectNode) field);
                    }
                }
            }
            return new Schema.Parser().parse(schema.toString());
        } catch (JsonProcessingException e) {
            throw new IllegalStateException(e);
        }
    }

    /** The value of a record; null where the record is to have none. */
    public byte @Nullable [] encode(Garbage.Kind kind, BenchAction action) {
        return switch (kind) {
            case TEXT -> text(action);
            case TRUNCATED -> truncated(action);
            case NULL_USER -> rewritten(action, nullUser, nullUserId);
            case NO_USER -> rewritten(action, noUser, noUserId);
            case NO_VALUE -> null;
            case UNKNOWN_SCHEMA ->
                prefixed(encoder.encode(action), FIRST_UNKNOWN + Math.floorMod(action.number(), UNKNOWN_IDS));
            case INVALID_ID -> invalidId(action);
            case FUTURE -> encoder.encode(action.at(action.occurredAt() + AHEAD.toMillis()));
            case NEGATIVE -> negative(action);
        };
    }

    private static byte[] text(BenchAction action) {
        return "{\"userId\":\"%s\",\"eventId\":\"e-%012x\",\"actionType\":\"tool.call\"}"
                .formatted(action.userId(), action.number())
                .getBytes(StandardCharsets.UTF_8);
    }

    private byte[] truncated(BenchAction action) {
        byte[] sound = encoder.encode(action);
        return Arrays.copyOf(sound, PREFIX + Math.floorMod(action.occurredAt(), sound.length - PREFIX));
    }

    private byte[] invalidId(BenchAction action) {
        ActionEvent event = ActionEncoder.event(action);
        return encoder.encode(ActionEvent.newBuilder(event)
                .setUserId(event.getUserId() + '\u0001')
                .build());
    }

    private byte[] negative(BenchAction action) {
        ActionEvent event = ActionEncoder.event(action);
        Map<String, Long> usage = new HashMap<>(event.getUsage());
        usage.put("credits", -1L);
        return encoder.encode(ActionEvent.newBuilder(event).setUsage(usage).build());
    }

    private byte[] rewritten(BenchAction action, Schema schema, int id) {
        byte[] sound = encoder.encode(action);
        try {
            GenericRecord record = new GenericDatumReader<GenericRecord>(ActionEvent.getClassSchema(), schema)
                    .read(null, DecoderFactory.get().binaryDecoder(sound, PREFIX, sound.length - PREFIX, null));
            if (schema.getField(USER) != null) {
                record.put(USER, null);
            }
            ByteArrayOutputStream out = new ByteArrayOutputStream(sound.length);
            out.writeBytes(new byte[PREFIX]);
            BinaryEncoder binary = EncoderFactory.get().directBinaryEncoder(out, null);
            new GenericDatumWriter<GenericRecord>(schema).write(record, binary);
            binary.flush();
            return prefixed(out.toByteArray(), id);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private static byte[] prefixed(byte[] value, int schemaId) {
        ByteBuffer.wrap(value).put((byte) 0).putInt(schemaId);
        return value;
    }
}
