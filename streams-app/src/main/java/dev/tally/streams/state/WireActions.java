package dev.tally.streams.state;

import dev.tally.schemas.ActionEvent;
import dev.tally.schemas.Trigger;
import dev.tally.schemas.serde.ActionDecoder;
import dev.tally.schemas.serde.RecordSerde;
import dev.tally.streams.metering.Action;
import dev.tally.units.UnitAmounts;
import java.time.Instant;
import org.jspecify.annotations.Nullable;

/** From wire records to the core's type. */
public final class WireActions {

    private WireActions() {}

    /** A decoder for one task of so many. */
    public static ActionDecoder<Action> decoder(RecordSerde<ActionEvent> serde, int partitions) {
        return ActionDecoder.of(serde, WireActions::action, partitions);
    }

    private static Action action(
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
            @Nullable String reverses) {
        return new Action(
                eventId,
                Instant.ofEpochMilli(occurredAtMillis),
                userId,
                orgId,
                spaceId,
                model,
                actionType,
                trigger.name(),
                readOnly,
                usage,
                admissionId,
                reverses);
    }
}
