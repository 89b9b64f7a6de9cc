package dev.tally.bench.workload;

/**
 * One record of a workload.
 *
 * @param number which action it is; a re-sent record has the number of the first one
 * @param resent whether the same action was sent before
 * @param user rank of the user, 0 the most active
 * @param org rank of the org, or {@link #NO_ORG}
 * @param occurredAt event time in milliseconds since the epoch
 */
public record BenchAction(
        int number,
        boolean resent,
        int user,
        int org,
        int space,
        int model,
        int type,
        int trigger,
        long occurredAt,
        int credits,
        int inputTokens,
        int outputTokens) {

    /** The rank of an action outside of any org. */
    public static final int NO_ORG = -1;

    /** Milliseconds of a day. */
    public static final long DAY_MILLIS = 86_400_000;

    /** The user's id. */
    public String userId() {
        return userId(user);
    }

    /** The id of the user of a rank. */
    public static String userId(int rank) {
        return "u%07d".formatted(rank);
    }

    /** The id of the org of a rank. */
    public static String orgId(int rank) {
        return "o%05d".formatted(rank);
    }

    /** Whether it belongs to an org. */
    public boolean hasOrg() {
        return org != NO_ORG;
    }

    /** Start of its day, UTC, in milliseconds since the epoch. */
    public long day() {
        return Math.floorDiv(occurredAt, DAY_MILLIS) * DAY_MILLIS;
    }

    /** The same, at another event time. */
    public BenchAction at(long millis) {
        return new BenchAction(
                number, resent, user, org, space, model, type, trigger, millis, credits, inputTokens, outputTokens);
    }

    /** The same action, sent again. */
    BenchAction again(long at) {
        return new BenchAction(
                number, true, user, org, space, model, type, trigger, at, credits, inputTokens, outputTokens);
    }
}
