package dev.tally.schemas.serde;

import dev.tally.schemas.ActionEvent;
import dev.tally.schemas.Trigger;
import dev.tally.units.UnitAmounts;
import java.util.HashMap;
import java.util.Map;
import org.apache.kafka.common.header.Headers;
import org.jspecify.annotations.Nullable;

/**
 * Reads actions as {@link RecordSerde#decode} does, faster and with a third of the garbage: straight from the bytes into the
 * caller's own type, by a plan made once for each writer's schema. Whatever is irregular about a record, or beyond the plans, goes the
 * general way, so both always agree. With a serde that is not ours every record does.
 *
 * <p>Keeps strings that come again; not for several threads: one for each task.
 */
public final class ActionDecoder<A> {

    private static final int FEWEST_TEXTS = 1 << 10;
    private static final int MOST_TEXTS = 1 << 15;

    /** Texts that all partitions of a topic may keep: some 45 MB, should all be with one process. */
    private static final int TEXTS_OF_A_TOPIC = 1 << 17;

    private final RecordSerde<ActionEvent> serde;
    private final Assembler<A> assembler;
    private final Map<Integer, ActionPlan> plans = new HashMap<>();
    private final WireCursor cursor = new WireCursor();
    private final ActionDraft draft;
    private int latestId = -1;
    private @Nullable ActionPlan latest;

    private ActionDecoder(RecordSerde<ActionEvent> serde, Assembler<A> assembler, TextCache texts) {
        this.serde = serde;
        this.assembler = assembler;
        this.draft = new ActionDraft(texts);
    }

    /** Makes the caller's type of an action's fields, in the order of the schema. */
    @FunctionalInterface
    public interface Assembler<A> {
        A assemble(
                String eventId,
                long occurredAtMillis,
                String userId,
                @Nullable String orgId,
                @Nullable String spaceId,
                @Nullable String model,
                String actionType,
                Trigger trigger,
                boolean readOnly,
                UnitAmounts usage,
                @Nullable String admissionId,
                @Nullable String reverses);
    }

    /**
     * A decoder on a serde, which stays the caller's to close.
     *
     * @param partitions of the topic, one of which it reads: the more there are, the fewer users come to each
     */
    public static <A> ActionDecoder<A> of(RecordSerde<ActionEvent> serde, Assembler<A> assembler, int partitions) {
        int share = Integer.highestOneBit(TEXTS_OF_A_TOPIC / partitions);
        int most = Math.max(FEWEST_TEXTS, Math.min(MOST_TEXTS, share));
        return new ActionDecoder<>(serde, assembler, new TextCache(FEWEST_TEXTS, most));
    }

    /** One that keeps so few strings that they drive each other out. */
    static <A> ActionDecoder<A> keeping(int texts, RecordSerde<ActionEvent> serde, Assembler<A> assembler) {
        return new ActionDecoder<>(serde, assembler, new TextCache(texts, texts));
    }

    /**
     * Reads a record's value; never throws for what the bytes are.
     *
     * @throws RegistryUnavailableException when the registry could not be asked: keep the record and try again
     */
    public Decoded<A> decode(String topic, @Nullable Headers headers, byte @Nullable [] bytes) {
        return bytes != null && readFast(headers, bytes)
                ? draft.decoded(assembler)
                : readGenerally(topic, headers, bytes);
    }

    /** Whether the record, or why it does not fit, is in the draft now. */
    boolean readFast(@Nullable Headers headers, byte[] bytes) {
        if (bytes.length <= WireFormat.PREFIX_BYTES
                || bytes[0] != 0
                || (headers != null && headers.lastHeader(WireFormat.SCHEMA_ID_HEADER) != null)) {
            return false;
        }
        ActionPlan plan = plan(WireFormat.prefixedId(bytes));
        if (plan == null) {
            return false;
        }
        cursor.start(bytes, WireFormat.PREFIX_BYTES);
        return plan.read(cursor, draft);
    }

    /** None for a schema that the general path has not seen: it asks the registry. */
    private @Nullable ActionPlan plan(int id) {
        ActionPlan known = id == latestId ? latest : plans.get(id);
        if (known == null) {
            known = serde.knownWriter(id).map(ActionPlan::of).orElse(null);
            if (known == null) {
                return null;
            }
            plans.put(id, known);
        }
        latestId = id;
        latest = known;
        return known;
    }

    private Decoded<A> readGenerally(String topic, @Nullable Headers headers, byte @Nullable [] bytes) {
        return switch (serde.decode(topic, headers, bytes)) {
            case Decoded.Read<ActionEvent> read -> new Decoded.Read<>(assembled(read.value()));
            case Decoded.Refused<ActionEvent> refused -> new Decoded.Refused<>(refused.reason(), refused.detail());
        };
    }

    private A assembled(ActionEvent event) {
        return assembler.assemble(
                event.getEventId(),
                event.getOccurredAt().toEpochMilli(),
                event.getUserId(),
                event.getOrgId(),
                event.getSpaceId(),
                event.getModel(),
                event.getActionType(),
                event.getTrigger(),
                event.getReadOnly(),
                UnitAmounts.of(event.getUsage()),
                event.getAdmissionId(),
                event.getReverses());
    }
}
