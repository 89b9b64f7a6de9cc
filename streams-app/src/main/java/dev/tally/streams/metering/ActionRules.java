package dev.tally.streams.metering;

import dev.tally.keys.Ids;
import dev.tally.units.UnitAmounts;
import java.time.Duration;
import java.time.Instant;
import java.util.Optional;
import java.util.function.LongPredicate;
import org.jspecify.annotations.Nullable;

/** What every action must satisfy before it can be counted. The first broken rule is the one that is reported. */
public final class ActionRules {

    /** How far an event may be dated ahead of the time its record was appended. */
    public static final Duration MAX_AHEAD = Duration.ofMinutes(5);

    private static final long MAX_AHEAD_MILLIS = MAX_AHEAD.toMillis();

    /** Largest amount of one event. */
    public static final long MAX_AMOUNT = 1_000_000_000_000L;

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
        Rejection ids = checkIds(action);
        if (ids != null) {
            return Optional.of(ids);
        }
        long at = action.occurredAt().toEpochMilli();
        if (at > appendedAt.toEpochMilli() + MAX_AHEAD_MILLIS) {
            return reject(
                    DeadLetterReason.TIMESTAMP_IN_FUTURE,
                    "occurredAt " + action.occurredAt() + " is over 5 min ahead of the append time " + appendedAt);
        }
        if (at < 0) {
            // Older events have no day that could be written.
            return reject(DeadLetterReason.UNSUPPORTED, "occurredAt lies before 1970");
        }
        return checkAmounts(action.usage());
    }

    private static @Nullable Rejection checkIds(Action action) {
        Rejection first = checkId("eventId", action.eventId());
        first = first != null ? first : checkId("userId", action.userId());
        first = first != null ? first : checkId("orgId", action.orgId());
        first = first != null ? first : checkId("spaceId", action.spaceId());
        first = first != null ? first : checkId("model", action.model());
        first = first != null || action.actionType().isEmpty() ? first : checkId("actionType", action.actionType());
        return first != null ? first : checkId("admissionId", action.admissionId());
    }

    private static @Nullable Rejection checkId(String field, @Nullable String id) {
        if (id == null) {
            return null;
        }
        Optional<String> problem = Ids.problem(id);
        return problem.isEmpty() ? null : new Rejection(DeadLetterReason.INVALID_ID, field + " " + problem.get());
    }

    private static Optional<Rejection> checkAmounts(UnitAmounts usage) {
        // Units have no order of their own: which amount is named must not depend on the one they came in.
        Optional<String> negative = firstUnit(usage, amount -> amount < 0);
        if (negative.isPresent()) {
            return reject(
                    DeadLetterReason.NEGATIVE_AMOUNT, "usage." + negative.get() + " is " + usage.of(negative.get()));
        }
        return firstUnit(usage, amount -> amount > MAX_AMOUNT)
                .map(unit -> new Rejection(DeadLetterReason.AMOUNT_TOO_LARGE, "usage." + unit + " is over 10^12"));
    }

    private static Optional<String> firstUnit(UnitAmounts usage, LongPredicate which) {
        String first = null;
        for (int i = 0; i < usage.count(); i++) {
            if (which.test(usage.amount(i)) && (first == null || usage.unit(i).compareTo(first) < 0)) {
                first = usage.unit(i);
            }
        }
        return Optional.ofNullable(first);
    }

    private static Optional<Rejection> reject(DeadLetterReason reason, String detail) {
        return Optional.of(new Rejection(reason, detail));
    }
}
