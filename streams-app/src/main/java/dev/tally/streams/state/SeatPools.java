package dev.tally.streams.state;

import java.nio.ByteBuffer;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;

/**
 * How many seats the pool of an org goes by in each period: an added seat raises it at once, a removed one lowers it at the next refill.
 *
 * @param periods those in which seats have changed, the newest of them, in order
 */
public record SeatPools(List<PeriodSeats> periods) {

    /** Seats have never changed since there was a calendar to say in which period. */
    public static final SeatPools NONE = new SeatPools(List.of());

    /** Usage cannot be late by more than that. */
    private static final int MOST = 15;

    private static final int VERSION = 1;

    /**
     * Seats of one period.
     *
     * @param start of the period
     * @param before seats before the first change in it
     * @param most the most seats there were at a time in it
     */
    public record PeriodSeats(Instant start, long before, long most) {}

    public SeatPools {
        periods = List.copyOf(periods);
    }

    /** After a change of the number of seats in a period. */
    public SeatPools changed(Instant period, long before, long after) {
        List<PeriodSeats> all = new ArrayList<>(periods);
        Optional<PeriodSeats> known = of(period);
        known.ifPresent(all::remove);
        all.add(new PeriodSeats(
                period,
                known.map(PeriodSeats::before).orElse(before),
                Math.max(known.map(PeriodSeats::most).orElse(before), after)));
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

    private Optional<PeriodSeats> of(Instant period) {
        return periods.stream().filter(p -> p.start().equals(period)).findFirst();
    }

    /** For the store. */
    public byte[] toBytes() {
        ByteBuffer out =
                Codec.write(VERSION, 1 + periods.size() * 3 * Long.BYTES).put((byte) periods.size());
        periods.forEach(period -> out.putLong(period.start().toEpochMilli())
                .putLong(period.before())
                .putLong(period.most()));
        return Codec.bytes(out);
    }

    /** From the store. */
    public static SeatPools fromBytes(byte[] bytes) {
        ByteBuffer in = Codec.read(VERSION, bytes, "seats by period");
        List<PeriodSeats> periods = new ArrayList<>();
        for (int left = in.get(); left > 0; left--) {
            periods.add(new PeriodSeats(Instant.ofEpochMilli(in.getLong()), in.getLong(), in.getLong()));
        }
        return new SeatPools(periods);
    }
}
