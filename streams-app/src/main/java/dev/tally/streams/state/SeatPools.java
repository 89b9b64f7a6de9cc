package dev.tally.streams.state;

import dev.tally.streams.metering.money.SeatCourse;
import java.nio.ByteBuffer;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;

/**
 * How many seats the pool of an org goes by in each period: an added seat raises it at once, a removed one lowers it at the next refill. And
 * which of them are paid for since when.
 *
 * @param periods those in which seats have changed, the newest of them, in order
 */
public record SeatPools(List<PeriodSeats> periods) {

    /** Seats have never changed since there was a calendar to say in which period. */
    public static final SeatPools NONE = new SeatPools(List.of());

    /** Usage cannot be late by more than that. */
    private static final int MOST = 15;

    private static final int MOST_STEPS = 500;

    private static final int VERSION_WITHOUT_STEPS = 1;
    private static final int VERSION = 2;

    /**
     * Seats of one period.
     *
     * @param start of the period
     * @param before seats before the first change in it
     * @param most the most seats there were at a time in it
     * @param steps its changes, in the order in which they were told; of those of one day, one after the other, the last
     */
    public record PeriodSeats(Instant start, long before, long most, List<SeatCourse.Step> steps) {
        public PeriodSeats {
            steps = List.copyOf(steps);
        }

        private PeriodSeats changed(Instant at, long after) {
            List<SeatCourse.Step> all = new ArrayList<>(steps);
            if (!all.isEmpty() && (all.getLast().at().equals(at) || all.size() == MOST_STEPS)) {
                all.removeLast();
            }
            all.add(new SeatCourse.Step(at, after));
            return new PeriodSeats(start, before, Math.max(most, after), all);
        }
    }

    public SeatPools {
        periods = List.copyOf(periods);
    }

    /**
     * After a change of the number of seats in a period.
     *
     * @param at when it is paid from
     */
    public SeatPools changed(Instant period, Instant at, long before, long after) {
        List<PeriodSeats> all = new ArrayList<>(periods);
        Optional<PeriodSeats> known = of(period);
        known.ifPresent(all::remove);
        all.add(known.orElseGet(() -> new PeriodSeats(period, before, before, List.of()))
                .changed(at, after));
        all.sort(Comparator.comparing(PeriodSeats::start));
        return new SeatPools(all.subList(Math.max(0, all.size() - MOST), all.size()));
    }

    /**
     * The seats that the pool of a period goes by.
     *
     * @param now seats at present
     */
    public long seats(Instant period, long now) {
        return of(period)
                .map(PeriodSeats::most)
                .orElseGet(() -> periods.stream()
                        .filter(later -> later.start().isAfter(period))
                        .findFirst()
                        .map(PeriodSeats::before)
                        .orElse(now));
    }

    /**
     * The seats that are paid for in a period.
     *
     * @param now seats at present
     */
    public SeatCourse course(Instant period, long now) {
        return of(period)
                .map(seats -> new SeatCourse(seats.before(), seats.steps()))
                .orElseGet(() -> new SeatCourse(seats(period, now), List.of()));
    }

    private Optional<PeriodSeats> of(Instant period) {
        return periods.stream().filter(p -> p.start().equals(period)).findFirst();
    }

    /** For the store. */
    public byte[] toBytes() {
        int steps = periods.stream().mapToInt(period -> period.steps().size()).sum();
        ByteBuffer out = Codec.write(
                        VERSION, 1 + periods.size() * (3 * Long.BYTES + Short.BYTES) + steps * 2 * Long.BYTES)
                .put((byte) periods.size());
        for (PeriodSeats period : periods) {
            out.putLong(period.start().toEpochMilli())
                    .putLong(period.before())
                    .putLong(period.most())
                    .putShort((short) period.steps().size());
            period.steps().forEach(step -> out.putLong(step.at().toEpochMilli()).putLong(step.seats()));
        }
        return Codec.bytes(out);
    }

    /** From the store. */
    public static SeatPools fromBytes(byte[] bytes) {
        int version = bytes[0] == VERSION_WITHOUT_STEPS ? VERSION_WITHOUT_STEPS : VERSION;
        ByteBuffer in = Codec.read(version, bytes, "seats by period");
        List<PeriodSeats> periods = new ArrayList<>();
        for (int left = in.get(); left > 0; left--) {
            periods.add(new PeriodSeats(
                    Instant.ofEpochMilli(in.getLong()),
                    in.getLong(),
                    in.getLong(),
                    version == VERSION ? steps(in) : List.of()));
        }
        return new SeatPools(periods);
    }

    private static List<SeatCourse.Step> steps(ByteBuffer in) {
        List<SeatCourse.Step> steps = new ArrayList<>();
        for (int left = in.getShort(); left > 0; left--) {
            steps.add(new SeatCourse.Step(Instant.ofEpochMilli(in.getLong()), in.getLong()));
        }
        return steps;
    }
}
