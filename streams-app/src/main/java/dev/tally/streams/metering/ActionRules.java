package dev.tally.streams.metering;

import dev.tally.keys.Ids;
import java.time.Duration;
import java.time.Instant;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/** What every action must satisfy before it can be counted. The first broken rule is the one that is reported. */
public final class ActionRules {

    /** How far an event may be dated ahead of the time its record was appended. */
    public static final Duration MAX_AHEAD = Duration.ofMinutes(5);

    /** Largest amount of one event. */
    public static final long MAX_AMOUNT = 1_000_000_000_000L;

    /** Older events have no day that could be written. */
    private static final Instant OLDEST = Instant.EPOCH;

    private ActionRules() {}

    /**
     * The rule that an action breaks, if any.
     *
     * @param appendedAt when the broker appended the record: the same for every reading, unlike a clock
     */
    public static Optional<Rejection> check(Action action, Instant appendedAt) {
        if (action.reverses() != null) {
            return reject(DeadLetterReason.UNSUPPORTED, "reverses is reserved: voids are not supported");
        }
        Optional<Rejection> ids = checkIds(action);
        if (ids.isPresent()) {
            return ids;
        }
        if (action.occurredAt().isAfter(appendedAt.plus(MAX_AHEAD))) {
            return reject(
                    DeadLetterReason.TIMESTAMP_IN_FUTURE,
                    "occurredAt " + action.occurredAt() + " is over 5 min ahead of the append time " + appendedAt);
        }
        if (action.occurredAt().isBefore(OLDEST)) {
            return reject(DeadLetterReason.UNSUPPORTED, "occurredAt lies before 1970");
        }
        return checkAmounts(action.usage());
    }

    private static Optional<Rejection> checkIds(Action action) {
        return checkId("eventId", action.eventId(), true)
                .or(() -> checkId("userId", action.userId(), true))
                .or(() -> checkId("orgId", action.orgId(), true))
                .or(() -> checkId("spaceId", action.spaceId(), true))
                .or(() -> checkId("model", action.model(), true))
                .or(() -> checkId("actionType", action.actionType(), false))
                .or(() -> checkId("admissionId", action.admissionId(), true));
    }

    private static Optional<Rejection> checkId(String field, @Nullable String id, boolean refuseEmpty) {
        if (id == null) {
            return Optional.empty();
        }
        if (id.isEmpty() && !refuseEmpty) {
            return Optional.empty();
        }
        return Ids.problem(id).map(problem -> new Rejection(DeadLetterReason.INVALID_ID, field + " " + problem));
    }

    private static Optional<Rejection> checkAmounts(Map<String, Long> usage) {
        for (Map.Entry<String, Long> amount : usage.entrySet()) {
            if (amount.getValue() < 0) {
                return reject(
                        DeadLetterReason.NEGATIVE_AMOUNT, "usage." + amount.getKey() + " is " + amount.getValue());
            }
            if (amount.getValue() > MAX_AMOUNT) {
                return reject(DeadLetterReason.AMOUNT_TOO_LARGE, "usage." + amount.getKey() + " is over 10^12");
            }
        }
        return Optional.empty();
    }

    private static Optional<Rejection> reject(DeadLetterReason reason, String detail) {
        return Optional.of(new Rejection(reason, detail));
    }
}
