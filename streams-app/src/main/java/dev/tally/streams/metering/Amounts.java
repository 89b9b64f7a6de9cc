package dev.tally.streams.metering;

/** Sums of amounts. No amount is negative. */
public final class Amounts {

    /**
     * What one user can use of one meter in one day: 9 * 10^15, below 2^53, so that every reader of JSON reads a user's count exactly. An
     * action that would go beyond it is refused.
     */
    public static final long MOST_OF_A_USER_IN_A_DAY = 9_000_000_000_000_000L;

    private Amounts() {}

    /**
     * Both together; {@link Long#MAX_VALUE} where that is more than a long holds. More than a thousand users of one org at their limit are
     * needed for that, and then the org's total stands still, which stops nobody else's count.
     */
    public static long plus(long one, long other) {
        long sum = one + other;
        return sum < 0 ? Long.MAX_VALUE : sum;
    }

    /** An amount a number of times; {@link Long#MAX_VALUE} where that is more than a long holds. */
    public static long times(long amount, long count) {
        return Math.multiplyHigh(amount, count) == 0 && amount * count >= 0 ? amount * count : Long.MAX_VALUE;
    }
}
