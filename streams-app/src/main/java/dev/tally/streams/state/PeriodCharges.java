package dev.tally.streams.state;

import dev.tally.streams.metering.Coverage;
import java.nio.ByteBuffer;

/** What covered a payer's usage of one meter in one billing period so far. Key: {@link WindowTotals#key} of a period. */
public record PeriodCharges(Coverage covered) {

    private static final int VERSION = 1;

    /** For the store. */
    public byte[] toBytes() {
        return Codec.write(VERSION, 3 * Long.BYTES)
                .putLong(covered.included())
                .putLong(covered.overage())
                .putLong(covered.excess())
                .array();
    }

    /** From the store. */
    public static PeriodCharges fromBytes(byte[] bytes) {
        ByteBuffer in = Codec.read(VERSION, bytes, "a period's charges");
        return new PeriodCharges(new Coverage(in.getLong(), in.getLong(), in.getLong()));
    }
}
