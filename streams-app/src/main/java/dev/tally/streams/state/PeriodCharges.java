package dev.tally.streams.state;

import dev.tally.streams.metering.Coverage;
import java.nio.ByteBuffer;
import java.time.Instant;
import org.apache.kafka.common.utils.Bytes;

/** What covered a payer's usage of one meter in one billing period so far. */
public record PeriodCharges(Coverage covered) {

    /** Stands for a period in which nothing was used. */
    public static final PeriodCharges NONE = new PeriodCharges(Coverage.NONE);

    private static final int VERSION = 1;

    /** Key of a payer's period. */
    public static Bytes key(String payer, String meter, Instant start) {
        return StoreKey.key()
                .text(payer)
                .text(meter)
                .number(start.toEpochMilli())
                .bytes();
    }

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
