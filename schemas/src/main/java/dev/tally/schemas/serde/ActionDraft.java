package dev.tally.schemas.serde;

import dev.tally.schemas.ActionEvent;
import dev.tally.schemas.Trigger;
import dev.tally.units.UnitAmounts;
import java.util.Arrays;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/** The fields of one action while they are read, used again for the next. Not for several threads. */
final class ActionDraft {

    /** More units in one action are left to the general path. */
    static final int MAX_UNITS = UnitAmounts.FEW;

    static final int TEXTS = ActionEvent.getClassSchema().getFields().size();
    private static final int EVENT_ID = position("eventId");
    private static final int USER_ID = position("userId");
    private static final int ORG_ID = position("orgId");
    private static final int SPACE_ID = position("spaceId");
    private static final int MODEL = position("model");
    private static final int ACTION_TYPE = position("actionType");
    private static final int ADMISSION_ID = position("admissionId");
    private static final int REVERSES = position("reverses");

    private final TextCache cache;
    private final @Nullable String[] texts = new @Nullable String[TEXTS];
    private final String[] units = new String[MAX_UNITS];
    private final long[] amounts = new long[MAX_UNITS];
    private int unitCount;
    private long occurredAt;
    private Trigger trigger = Trigger.OTHER;
    private boolean readOnly;
    private @Nullable Refusal isNull;
    private @Nullable Refusal unfit;

    ActionDraft(TextCache cache) {
        this.cache = cache;
        Arrays.fill(units, "");
    }

    /** Where a field of ours stands. */
    static int position(String field) {
        return ActionEvent.getClassSchema().getField(field).pos();
    }

    /** Every field at its default. */
    void clear() {
        Arrays.fill(texts, null);
        unitCount = 0;
        occurredAt = 0;
        trigger = Trigger.OTHER;
        readOnly = false;
        isNull = null;
        unfit = null;
    }

    /** The record has null in a field that takes none; the first one counts. */
    void refuseNull(Refusal refusal) {
        if (isNull == null) {
            isNull = refusal;
        }
    }

    /** The record does not fit; a null counts more. */
    void refuse(Refusal refusal) {
        unfit = refusal;
    }

    void text(int field, WireCursor in) {
        texts[field] = in.text(cache);
    }

    void uniqueText(int field, WireCursor in) {
        texts[field] = in.text();
    }

    void occurredAt(long millis) {
        occurredAt = millis;
    }

    void trigger(Trigger value) {
        trigger = value;
    }

    void readOnly(boolean value) {
        readOnly = value;
    }

    /** A unit that comes twice fails: the last one counts in Avro, and that is rare enough for the general path. */
    void amount(WireCursor in, ActionPlan.Amount kind) {
        String unit = in.text(cache);
        long amount = kind.take(in, this);
        for (int i = 0; i < unitCount; i++) {
            if (units[i].equals(unit)) {
                in.fail();
                return;
            }
        }
        if (unitCount == MAX_UNITS) {
            in.fail();
            return;
        }
        units[unitCount] = unit;
        amounts[unitCount++] = amount;
    }

    /** What came of the record. */
    <A> Decoded<A> decoded(ActionDecoder.Assembler<A> assembler) {
        Refusal refusal = isNull != null ? isNull : unfit;
        return refusal == null
                ? new Decoded.Read<>(assemble(assembler))
                : new Decoded.Refused<>(refusal.reason(), refusal.detail());
    }

    private <A> A assemble(ActionDecoder.Assembler<A> assembler) {
        return assembler.assemble(
                Objects.requireNonNull(texts[EVENT_ID]),
                occurredAt,
                Objects.requireNonNull(texts[USER_ID]),
                texts[ORG_ID],
                texts[SPACE_ID],
                texts[MODEL],
                Objects.requireNonNull(texts[ACTION_TYPE]),
                trigger,
                readOnly,
                UnitAmounts.few(units, amounts, unitCount),
                texts[ADMISSION_ID],
                texts[REVERSES]);
    }
}
