package dev.tally.streams.state;

import java.nio.ByteBuffer;
import java.time.Instant;

/**
 * The latest number of seats that was told of an org.
 *
 * @param version how many times a number was told; 0: never
 * @param quantity number of seats
 * @param checkout the day of which the first was told: what the org began with was billed as its subscription began; epoch: it is
 *     not known
 */
public record SeatsTold(long version, long quantity, Instant checkout) {

    /** Stands for an org of which nothing was told. */
    public static final SeatsTold NOTHING = new SeatsTold(0, 0, Instant.EPOCH);

    private static final int VERSION_WITHOUT_CHECKOUT = 1;
    private static final int VERSION = 2;

    /**
     * After a later number.
     *
     * @param day midnight of the day that it is told of
     */
    public SeatsTold after(long laterVersion, long seats, Instant day) {
        return new SeatsTold(laterVersion, seats, version == 0 ? day : checkout);
    }

    /** For the store; where the day is not known as the release before wrote it, so that its instances can take over. */
    public byte[] toBytes() {
        if (checkout.equals(Instant.EPOCH)) {
            return Codec.write(VERSION_WITHOUT_CHECKOUT, 2 * Long.BYTES)
                    .putLong(version)
                    .putLong(quantity)
                    .array();
        }
        return Codec.write(VERSION, 3 * Long.BYTES)
                .putLong(version)
                .putLong(quantity)
                .putLong(checkout.toEpochMilli())
                .array();
    }

    /** From the store. */
    public static SeatsTold fromBytes(byte[] bytes) {
        int version = bytes[0] == VERSION_WITHOUT_CHECKOUT ? VERSION_WITHOUT_CHECKOUT : VERSION;
        ByteBuffer in = Codec.read(version, bytes, "told seats");
        return new SeatsTold(
                in.getLong(), in.getLong(), version == VERSION ? Instant.ofEpochMilli(in.getLong()) : Instant.EPOCH);
    }
}
