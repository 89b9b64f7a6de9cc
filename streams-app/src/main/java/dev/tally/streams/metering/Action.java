package dev.tally.streams.metering;

import dev.tally.units.UnitAmounts;
import java.time.Instant;
import org.jspecify.annotations.Nullable;

/**
 * One executed action, as its producer published it.
 *
 * @param eventId names the action among those of its user
 * @param occurredAt event time, to the millisecond
 * @param userId on whose behalf it ran
 * @param orgId the organisation it belongs to, if any
 * @param spaceId the space within the organisation, if any
 * @param model the language model that was called, if any
 * @param actionType what was done
 * @param trigger what made the assistant act
 * @param readOnly whether it changed nothing and so counts for no meter
 * @param usage amounts by unit
 * @param admissionId the admission that reserved for it, if any
 * @param reverses the event it would void, if any (not supported yet)
 */
public record Action(
        String eventId,
        Instant occurredAt,
        String userId,
        @Nullable String orgId,
        @Nullable String spaceId,
        @Nullable String model,
        String actionType,
        String trigger,
        boolean readOnly,
        UnitAmounts usage,
        @Nullable String admissionId,
        @Nullable String reverses) {}
