package dev.tally.streams.topology;

import dev.tally.schemas.ActionEvent;
import dev.tally.schemas.Trigger;
import dev.tally.schemas.serde.ActionDecoder;
import dev.tally.schemas.serde.Decoded;
import dev.tally.schemas.serde.RecordSerde;
import dev.tally.streams.metering.Action;
import dev.tally.units.UnitAmounts;
import java.time.Instant;
import org.jspecify.annotations.Nullable;

/** From wire records to the core's type. */
final class Actions {

    private Actions() {}

    /** A decoder for one task of so many. */
    static ActionDecoder<Action> decoder(RecordSerde<ActionEvent> serde, int partitions) {
        return ActionDecoder.of(serde, Actions::action, partitions);
    }

    /** The user of what was read; null where there is none to be told. */
    static IntakeUsers.@Nullable User user(Decoded<Action> decoded, IntakeUsers users) {
        return decoded instanceof Decoded.Read<Action>(Action action) ? users.find(action.userId()) : null;
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
