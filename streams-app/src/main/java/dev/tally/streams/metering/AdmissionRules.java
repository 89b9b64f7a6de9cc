package dev.tally.streams.metering;

import dev.tally.streams.metering.PlanTerms.Beyond;
import dev.tally.streams.metering.PlanTerms.Window;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * Whether an action may run: what its amounts, the limits they count against and the payer's queue give. An amount is admitted whole or not
 * at all; where several limits have no room, the most restrictive decides.
 */
public final class AdmissionRules {

    /** What a request is answered, in ascending order of restriction. */
    public enum Answer {
        ADMIT,
        QUEUE,
        PAUSE,
        REJECT
    }

    /** What stands before a request in its payer's queue. */
    public enum Queue {
        EMPTY,
        WAITING,
        FULL
    }

    /** Reason of a request that would fit, but waits behind others: nobody overtakes. */
    public static final String QUEUED_BEHIND = "queued_behind";

    /** Reason of a request that would have to wait where no more may. */
    public static final String QUEUE_FULL = "queue_full";

    private AdmissionRules() {}

    /**
     * A limit with what is held of it.
     *
     * @param held what open holds reserve of it: an amount, or of a CONCURRENT limit their number; 0 or more
     */
    public record HeldLimit(LimitStanding standing, long held) {

        private long taken() {
            return Amounts.plus(standing.limitUsed(), held);
        }

        private boolean fits(long more) {
            return Amounts.plus(taken(), more) <= standing.limit();
        }

        private long left(long more) {
            return Math.max(0, standing.limit() - Amounts.plus(taken(), more));
        }
    }

    /**
     * What follows for a request.
     *
     * @param reason why it is not admitted; null where it is
     * @param retryAt the latest reset among the limits that have no room for it; null where nothing resets them, or all have room
     * @param remaining what is left after this decision of the limit of which least is left, 0 or more; null without a limit
     */
    public record Verdict(
            Answer answer,
            @Nullable String reason,
            @Nullable Instant retryAt,
            @Nullable Long remaining) {}

    /**
     * Decides about a request.
     *
     * @param amounts what would be used, by meter, over 0 each
     * @param limits the limits in force with what is held of them; those of other meters do not matter. Of several equally restrictive the
     *     first names the reason
     */
    public static Verdict decide(Map<String, Long> amounts, List<HeldLimit> limits, Queue queue) {
        Answer answer = Answer.ADMIT;
        String reason = null;
        Instant retryAt = null;
        for (HeldLimit limit : limits) {
            Answer beyond = beyond(limit.standing().beyond());
            long asked = asked(amounts, limit.standing());
            if (asked == 0 || beyond == Answer.ADMIT || limit.fits(asked)) {
                continue;
            }
            retryAt = later(retryAt, limit.standing().resetsAt());
            if (beyond.compareTo(answer) > 0) {
                answer = beyond;
                reason = reason(limit.standing());
            }
        }
        if (answer == Answer.ADMIT && queue == Queue.EMPTY) {
            return new Verdict(answer, null, null, remaining(amounts, limits, true));
        }
        Long remaining = remaining(amounts, limits, false);
        if (answer.compareTo(Answer.QUEUE) > 0) {
            return new Verdict(answer, reason, retryAt, remaining);
        }
        if (queue == Queue.FULL) {
            return new Verdict(Answer.REJECT, QUEUE_FULL, retryAt, remaining);
        }
        return new Verdict(Answer.QUEUE, reason == null ? QUEUED_BEHIND : reason, retryAt, remaining);
    }

    private static Answer beyond(Beyond beyond) {
        return switch (beyond) {
            case BILL, NOTIFY -> Answer.ADMIT;
            case QUEUE -> Answer.QUEUE;
            case PAUSE -> Answer.PAUSE;
            case REJECT -> Answer.REJECT;
        };
    }

    private static String reason(LimitStanding limit) {
        return switch (limit.window()) {
            case CONCURRENT -> "concurrency";
            case DAY ->
                switch (limit.scope()) {
                    case USER -> "user_limit";
                    case MEMBER -> "member_cap";
                    case SPACE -> "space_cap";
                    case ORG -> "org_limit";
                };
            case PERIOD ->
                switch (limit.scope()) {
                    case USER, ORG -> "pool_empty";
                    case MEMBER -> "member_cap";
                    case SPACE -> "space_cap";
                };
        };
    }

    /** What a request asks of a limit; 0 where it concerns another meter. */
    private static long asked(Map<String, Long> amounts, LimitStanding limit) {
        long amount = amounts.getOrDefault(limit.meter(), 0L);
        return limit.window() == Window.CONCURRENT ? Math.min(1, amount) : amount;
    }

    private static @Nullable Long remaining(Map<String, Long> amounts, List<HeldLimit> limits, boolean admitted) {
        Long least = null;
        for (HeldLimit limit : limits) {
            long asked = asked(amounts, limit.standing());
            if (asked > 0) {
                long left = limit.left(admitted ? asked : 0);
                least = least == null ? left : Math.min(least, left);
            }
        }
        return least;
    }

    private static @Nullable Instant later(@Nullable Instant one, @Nullable Instant other) {
        if (one == null || other == null) {
            return one == null ? other : one;
        }
        return one.isAfter(other) ? one : other;
    }
}
