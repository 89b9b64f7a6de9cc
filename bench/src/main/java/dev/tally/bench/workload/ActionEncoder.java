package dev.tally.bench.workload;

import dev.tally.schemas.ActionEvent;
import dev.tally.schemas.Trigger;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.time.Instant;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.apache.avro.io.BinaryEncoder;
import org.apache.avro.io.EncoderFactory;
import org.apache.avro.specific.SpecificDatumWriter;

/** Makes the bytes a producer would send: zero byte, schema id, Avro binary. Not safe for several threads. */
public final class ActionEncoder {

    private static final int PREFIX = 5;
    private static final List<Trigger> TRIGGERS = List.of(
            Trigger.SCHEDULED_AUTOMATION, Trigger.CHAT_COMMAND, Trigger.INTEGRATION_EVENT, Trigger.AGENT_DECISION);

    private final byte[] prefix;
    private final SpecificDatumWriter<ActionEvent> writer = new SpecificDatumWriter<>(ActionEvent.class);
    private final ByteArrayOutputStream out = new ByteArrayOutputStream(256);
    private final BinaryEncoder encoder = EncoderFactory.get().directBinaryEncoder(out, null);

    /** @param schemaId the registry's id of the schema of {@link ActionEvent} */
    public ActionEncoder(int schemaId) {
        this.prefix = ByteBuffer.allocate(PREFIX).put((byte) 0).putInt(schemaId).array();
    }

    /** The value of a record. */
    public byte[] encode(BenchAction action) {
        return encode(event(action));
    }

    /** The value of a record. */
    public byte[] encode(ActionEvent event) {
        try {
            out.reset();
            out.write(prefix);
            writer.write(event, encoder);
            encoder.flush();
            return out.toByteArray();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** The event of a record. */
    public static ActionEvent event(BenchAction action) {
        Map<String, Long> usage = new LinkedHashMap<>();
        usage.put("credits", (long) action.credits());
        usage.put("input_tokens", (long) action.inputTokens());
        usage.put("output_tokens", (long) action.outputTokens());
        return new ActionEvent(
                "e-%012x".formatted(action.number()),
                Instant.ofEpochMilli(action.occurredAt()),
                action.userId(),
                action.hasOrg() ? BenchAction.orgId(action.org()) : null,
                action.hasOrg() ? "space-" + action.space() : null,
                "model-" + action.model(),
                "tool.call-" + action.type(),
                TRIGGERS.get(action.trigger()),
                false,
                usage,
                null,
                null);
    }
}
