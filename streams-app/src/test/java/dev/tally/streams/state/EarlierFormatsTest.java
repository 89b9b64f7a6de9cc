package dev.tally.streams.state;

import static org.assertj.core.api.Assertions.assertThat;

import dev.tally.streams.metering.Burns;
import dev.tally.streams.metering.Coverage;
import dev.tally.streams.metering.money.SeatCourse;
import java.nio.ByteBuffer;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

/** State that an earlier release has written is read; what it did not know is empty. */
class EarlierFormatsTest {

    private static final Instant NOVEMBER = Instant.parse("2026-11-01T00:00:00Z");

    @Test
    void shouldReadAPeriodWithoutCarriedUnits() {
        PeriodCharges now = new PeriodCharges(
                new Coverage(1, 2, 3, 4),
                new Burns(Map.of("g", 5L)),
                6,
                7,
                8,
                CarriedUnits.NONE.plusIn("p@1", 9).plusOut("p@2", -10));
        assertThat(PeriodCharges.fromBytes(now.toBytes())).isEqualTo(now);

        // As it was without them, and is still written where there are none: an older release can read it
        PeriodCharges carriesNothing = now.with(CarriedUnits.NONE);
        assertThat(carriesNothing.toBytes()[0]).isEqualTo((byte) 3);
        assertThat(PeriodCharges.fromBytes(carriesNothing.toBytes())).isEqualTo(carriesNothing);
    }

    @Test
    void shouldReadSeatsWithoutTheirSteps() {
        SeatPools now = SeatPools.NONE
                .changed(NOVEMBER, NOVEMBER.plusSeconds(86_400), 6, 8)
                .changed(NOVEMBER, NOVEMBER.plusSeconds(86_400), 8, 7);
        assertThat(SeatPools.fromBytes(now.toBytes())).isEqualTo(now);
        assertThat(now.course(NOVEMBER, 7))
                .contains(new SeatCourse(6, List.of(new SeatCourse.Step(NOVEMBER.plusSeconds(86_400), 7))));
        assertThat(now.seats(NOVEMBER, 7)).isEqualTo(8);

        SeatsTold told = SeatsTold.NOTHING.after(1, 6, NOVEMBER);
        assertThat(SeatsTold.fromBytes(told.toBytes())).isEqualTo(told);
        byte[] toldBefore = ByteBuffer.allocate(1 + 2 * Long.BYTES)
                .put((byte) 1)
                .putLong(3)
                .putLong(6)
                .array();
        assertThat(SeatsTold.fromBytes(toldBefore)).isEqualTo(new SeatsTold(3, 6, Instant.EPOCH));
        assertThat(new SeatsTold(3, 6, Instant.EPOCH).toBytes()).isEqualTo(toldBefore);

        byte[] before = ByteBuffer.allocate(2 + 3 * Long.BYTES)
                .put((byte) 1)
                .put((byte) 1)
                .putLong(NOVEMBER.toEpochMilli())
                .putLong(6)
                .putLong(8)
                .array();

        SeatPools old = SeatPools.fromBytes(before);
        assertThat(old.course(NOVEMBER, 7))
                .as("since when there were 8 is not known")
                .isEmpty();
        assertThat(old.seats(NOVEMBER, 7)).isEqualTo(8);
        assertThat(old.toBytes()).isEqualTo(before);

        // And it stays unknown, for this period
        Instant december = Instant.parse("2026-12-01T00:00:00Z");
        SeatPools later =
                old.changed(NOVEMBER, NOVEMBER.plusSeconds(172_800), 7, 9).changed(december, december, 9, 10);
        assertThat(SeatPools.fromBytes(later.toBytes())).isEqualTo(later);
        assertThat(later.course(NOVEMBER, 10)).isEmpty();
        assertThat(later.seats(NOVEMBER, 10)).isEqualTo(9);
        assertThat(later.course(december, 10)).contains(new SeatCourse(9, List.of(new SeatCourse.Step(december, 10))));
    }
}
