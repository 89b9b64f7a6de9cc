package dev.tally.streams.state;

import java.nio.ByteBuffer;

/**
 * The latest number of seats that was told of an org.
 *
 * @param version how many times a number was told; 0: never
 * @param quantity number of seats
 */
public record SeatsTold(long version, long quantity) {

    /** Stands for an org of which nothing was told. */
    public static final SeatsTold NOTHING = new SeatsTold(0, 0);

    private static final int VERSION = 1;

    /** After the next number. */
    public SeatsTold next(long seats) {
        return new SeatsTold(version + 1, seats);
    }

    /** For the store. */
    public byte[] toBytes() {
        return Codec.write(VERSION, 2 * Long.BYTES)
                .putLong(version)
                .putLong(quantity)
                .array();
    }

    /** From the store. */
    public static SeatsTold fromBytes(byte[] bytes) {
        ByteBuffer in = Codec.read(VERSION, bytes, "told seats");
        return new SeatsTold(in.getLong(), in.getLong());
    }
}
