package dev.tally.streams.state;

import dev.tally.streams.metering.money.SeatCourse;
import java.nio.ByteBuffer;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

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

    private static final short NOT_KNOWN = -1;

    private static final int VERSION_WITHOUT_STEPS = 1;
    private static final int VERSION = 2;

    /**
     * Seats of one period.
     *
     * @param start of the period
     * @param before seats before the first change in it
     * @param most the most seats there were at a time in it
     * @param steps its changes, in the order in which they were told; of those of one day, one after the other, the last; null where some
     *     were before anybody took note of them
     */
    public record PeriodSeats(
            Instant start, long before, long most, @Nullable List<SeatCourse.Step> steps) {
        public PeriodSeats {
            steps = steps == null ? null : List.copyOf(steps);
        }

        private PeriodSeats changed(Instant at, long after) {
            if (steps == null) {
                return new PeriodSeats(start, before, Math.max(most, after), null);
            }
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
     * The seats that are paid for in a period; empty where not all of its changes are known.
     *
     * @param now seats at present
     */
    public Optional<SeatCourse> course(Instant period, long now) {
        Optional<PeriodSeats> seats = of(period);
        if (seats.isEmpty()) {
            return Optional.of(new SeatCourse(seats(period, now), List.of()));
        }
        return Optional.ofNullable(seats.get().steps())
                .map(steps -> new SeatCourse(seats.get().before(), steps));
    }

    private Optional<PeriodSeats> of(Instant period) {
        return periods.stream().filter(p -> p.start().equals(period)).findFirst();
    }

    /** For the store; where no steps are known as the release before wrote it, so that its instances can take over. */
    public byte[] toBytes() {
        boolean withSteps = periods.stream().anyMatch(period -> period.steps() != null);
        int bytes = 1;
        for (PeriodSeats period : periods) {
            bytes += 3 * Long.BYTES + (withSteps ? bytes(period.steps()) : 0);
        }
        ByteBuffer out =
                Codec.write(withSteps ? VERSION : VERSION_WITHOUT_STEPS, bytes).put((byte) periods.size());
        for (PeriodSeats period : periods) {
            out.putLong(period.start().toEpochMilli()).putLong(period.before()).putLong(period.most());
            if (withSteps) {
                write(period.steps(), out);
            }
        }
        return Codec.bytes(out);
    }

    private static int bytes(@Nullable List<SeatCourse.Step> steps) {
        return Short.BYTES + (steps == null ? 0 : steps.size() * 2 * Long.BYTES);
    }

    private static void write(@Nullable List<SeatCourse.Step> steps, ByteBuffer out) {
        if (steps == null) {
            out.putShort(NOT_KNOWN);
            return;
        }
        out.putShort((short) steps.size());
        steps.forEach(step -> out.putLong(step.at().toEpochMilli()).putLong(step.seats()));
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
                    version == VERSION ? steps(in) : null));
        }
        return new SeatPools(periods);
    }

    private static @Nullable List<SeatCourse.Step> steps(ByteBuffer in) {
        short count = in.getShort();
        if (count == NOT_KNOWN) {
            return null;
        }
        List<SeatCourse.Step> steps = new ArrayList<>();
        for (int left = count; left > 0; left--) {
            steps.add(new SeatCourse.Step(Instant.ofEpochMilli(in.getLong()), in.getLong()));
        }
        return steps;
    }
}
