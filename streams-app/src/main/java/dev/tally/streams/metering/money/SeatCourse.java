package dev.tally.streams.metering.money;

import java.time.Instant;
import java.util.List;

/**
 * The seats of an org over a billing period, as they are paid for.
 *
 * @param first seats at the beginning of the period
 * @param steps changes since, in the order in which Stripe is told of them; the days need not be
 */
public record SeatCourse(long first, List<Step> steps) {

    /** No seats, as a user has. */
    public static final SeatCourse NONE = new SeatCourse(0, List.of());

    /**
     * A change.
     *
     * @param at when it is paid from: midnight UTC of its day, or the beginning of the period
     * @param seats how many there are then
     */
    public record Step(Instant at, long seats) {}

    public SeatCourse {
        steps = List.copyOf(steps);
    }

    /** Seats just before an instant, as far as changes count from before it. */
    long before(Instant instant) {
        long seats = first;
        long known = first;
        for (Step step : steps) {
            if (step.at().isBefore(instant)) {
                seats += step.seats() - known;
            }
            known = step.seats();
        }
        return seats;
    }
}
