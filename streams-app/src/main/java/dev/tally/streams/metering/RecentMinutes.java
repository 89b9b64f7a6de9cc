package dev.tally.streams.metering;

import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/**
 * What was used by the minute of event time, in the last hour that something was used in. Only minutes with usage take room. Immutable.
 * Minutes are counted from the epoch.
 */
public final class RecentMinutes {

    /** How far back it reaches, in minutes: an hour and the newest minute, which is not over yet. */
    public static final int KEPT = 61;

    /** No usage. */
    public static final RecentMinutes NONE = new RecentMinutes(new long[0], new long[0]);

    private final long[] minutes;
    private final long[] amounts;

    private RecentMinutes(long[] minutes, long[] amounts) {
        this.minutes = minutes;
        this.amounts = amounts;
    }

    /**
     * From what was stored.
     *
     * @param minutes ascending, within {@link #KEPT} of the last one
     * @param amounts of each minute, more than 0
     */
    public static RecentMinutes of(long[] minutes, long[] amounts) {
        return new RecentMinutes(minutes.clone(), amounts.clone());
    }

    /** With more usage in a minute, and without the minutes it leaves behind; the same where the minute itself is left behind. */
    public RecentMinutes plus(long minute, long amount) {
        if (isPast(minute)) {
            return this;
        }
        long oldest = Math.max(minute, isEmpty() ? minute : newest()) - KEPT;
        int from = 0;
        while (from < minutes.length && minutes[from] <= oldest) {
            from++;
        }
        int at = from;
        while (at < minutes.length && minutes[at] < minute) {
            at++;
        }
        boolean known = at < minutes.length && minutes[at] == minute;
        int rest = known ? at + 1 : at;
        int before = at - from;
        int size = before + 1 + minutes.length - rest;
        long[] newMinutes = new long[size];
        long[] newAmounts = new long[size];
        System.arraycopy(minutes, from, newMinutes, 0, before);
        System.arraycopy(amounts, from, newAmounts, 0, before);
        newMinutes[before] = minute;
        newAmounts[before] = known ? Amounts.plus(amounts[at], amount) : amount;
        System.arraycopy(minutes, rest, newMinutes, before + 1, minutes.length - rest);
        System.arraycopy(amounts, rest, newAmounts, before + 1, minutes.length - rest);
        return new RecentMinutes(newMinutes, newAmounts);
    }

    /** Whether a minute lies before the hour that is kept. */
    public boolean isPast(long minute) {
        return !isEmpty() && minute <= newest() - KEPT;
    }

    /** Whether nothing was ever used. */
    public boolean isEmpty() {
        return minutes.length == 0;
    }

    /** The newest minute with usage; of at least one. */
    public long newest() {
        return minutes[minutes.length - 1];
    }

    /** The number of minutes with usage. */
    public int size() {
        return minutes.length;
    }

    /** A minute with usage, the oldest first. */
    public long minute(int index) {
        return minutes[index];
    }

    /** What was used in it. */
    public long amount(int index) {
        return amounts[index];
    }

    /** What was used in a number of minutes, of which the given one is the last. */
    long total(long last, int length) {
        long total = 0;
        for (int i = 0; i < minutes.length; i++) {
            if (minutes[i] <= last && minutes[i] > last - length) {
                total = Amounts.plus(total, amounts[i]);
            }
        }
        return total;
    }

    /** How many of a number of minutes saw usage, of which the given one is the last. */
    int active(long last, int length) {
        int active = 0;
        for (long minute : minutes) {
            if (minute <= last && minute > last - length) {
                active++;
            }
        }
        return active;
    }

    /**
     * What was used again and again in a number of minutes up to the newest: they are cut into blocks, and no block counts for more than
     * the block of the given rank. A burst, however large, counts for little: for no more than what was also used at other times.
     *
     * @param blocks how many
     * @param length minutes of each
     * @param rank 1 for the largest block
     */
    long sustained(int blocks, int length, int rank) {
        if (isEmpty()) {
            return 0;
        }
        long[] sums = new long[blocks];
        for (int i = minutes.length - 1; i >= 0; i--) {
            int block = (int) ((newest() - minutes[i]) / length);
            if (block < blocks) {
                sums[block] = Amounts.plus(sums[block], amounts[i]);
            }
        }
        Arrays.sort(sums);
        long most = sums[blocks - rank];
        long sum = 0;
        for (long block : sums) {
            sum = Amounts.plus(sum, Math.min(block, most));
        }
        return sum;
    }

    @Override
    public boolean equals(@Nullable Object other) {
        return other instanceof RecentMinutes that
                && Arrays.equals(minutes, that.minutes)
                && Arrays.equals(amounts, that.amounts);
    }

    @Override
    public int hashCode() {
        return 31 * Arrays.hashCode(minutes) + Arrays.hashCode(amounts);
    }

    @Override
    public String toString() {
        return Arrays.toString(minutes) + Arrays.toString(amounts);
    }
}
