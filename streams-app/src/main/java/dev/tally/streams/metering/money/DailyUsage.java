package dev.tally.streams.metering.money;

import java.util.List;

/**
 * What a payer has used of a meter day by day (UTC), of what it pays for.
 *
 * @param firstDay in days since 1970-01-01
 * @param amounts of that day and those after it, up to the day of the forecast
 * @param lastShare how much of the last of these days has passed, 0 to 1
 */
public record DailyUsage(long firstDay, List<Long> amounts, double lastShare) {

    /** Days of history that are worth having. */
    public static final int DAYS = 40;

    public DailyUsage {
        amounts = List.copyOf(amounts);
        if (!(lastShare >= 0 && lastShare <= 1)) {
            throw new IllegalArgumentException("share of a day: " + lastShare);
        }
    }

    /** Without the days before the first that saw usage: who is new was not idle. */
    DailyUsage sinceItBegan() {
        int first = 0;
        while (first < amounts.size() && amounts.get(first) == 0) {
            first++;
        }
        return new DailyUsage(firstDay + first, amounts.subList(first, amounts.size()), lastShare);
    }

    int size() {
        return amounts.size();
    }

    /** How much of a day is in its amount. */
    double share(int index) {
        return index == size() - 1 ? lastShare : 1;
    }

    int weekday(int index) {
        return weekday(firstDay + index);
    }

    static int weekday(long day) {
        return (int) Math.floorMod(day, 7L);
    }
}
