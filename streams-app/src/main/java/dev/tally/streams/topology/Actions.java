package dev.tally.streams.topology;

import dev.tally.schemas.serde.Decoded;
import dev.tally.streams.metering.Action;
import org.jspecify.annotations.Nullable;

/** What the intake's processors find out of what they read. */
final class Actions {

    private Actions() {}

    /** The user of what was read; null where there is none to be told. */
    static IntakeUsers.@Nullable User user(Decoded<Action> decoded, IntakeUsers users) {
        return decoded instanceof Decoded.Read<Action>(Action action) ? users.find(action.userId()) : null;
    }
}
