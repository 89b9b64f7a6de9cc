package dev.tally.streams.state;

import java.nio.ByteBuffer;
import java.time.Instant;

/**
 * Totals in one window, of a subject or of a member or space of an org, kept by the accounts stage.
 *
 * @param end end of the window
 * @param totals by meter
 * @param marks which thresholds were raised in this window
 */
public record WindowTotals(Instant end, Totals totals, AlertMarks marks) {

    /** Stands for a window in which nothing was used. */
    public static final WindowTotals NONE = new WindowTotals(Instant.EPOCH, Totals.NONE, AlertMarks.NONE);

    private static final int OLDEST_VERSION = 1;
    private static final int VERSION = 2;

    /** With other totals. */
    public WindowTotals with(Instant windowEnd, Totals newTotals) {
        return new WindowTotals(windowEnd, newTotals, marks);
    }

    /** With other marks. */
    public WindowTotals with(AlertMarks newMarks) {
        return new WindowTotals(end, totals, newMarks);
    }

    /** For the store. */
    public byte[] toBytes() {
        ByteBuffer out = Codec.write(VERSION, Long.BYTES + totals.bytes() + marks.bytes())
                .putLong(end.toEpochMilli());
        totals.writeTo(out);
        marks.writeTo(out);
        return Codec.bytes(out);
    }

    /** From the store. */
    public static WindowTotals fromBytes(byte[] bytes) {
        int version = bytes[0] == OLDEST_VERSION ? OLDEST_VERSION : VERSION;
        ByteBuffer in = Codec.read(version, bytes, "a window's totals");
        Instant end = Instant.ofEpochMilli(in.getLong());
        Totals totals = Totals.readFrom(in);
        return new WindowTotals(end, totals, AlertMarks.readFrom(version, in));
    }
}
