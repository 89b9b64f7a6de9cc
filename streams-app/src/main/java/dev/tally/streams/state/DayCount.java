package dev.tally.streams.state;

import dev.tally.streams.metering.Amounts;
import java.nio.ByteBuffer;
import java.time.Instant;
import org.apache.kafka.common.utils.Bytes;
import org.jspecify.annotations.Nullable;

/**
 * A user's total of one meter in one day window, kept by the intake.
 *
 * @param used all usage
 * @param limitUsed the part the user pays for
 * @param asOf event time of the newest action in it
 */
public record DayCount(long used, long limitUsed, Instant asOf) {

    private static final int VERSION = 1;

    /** Key: user, meter, day; a user's days of a meter are neighbours. */
    public static StoreKey key(String userId, String meter) {
        return StoreKey.key().text(userId).text(meter);
    }

    /** This and one more action. */
    public static DayCount plus(@Nullable DayCount before, long amount, boolean pays, Instant at) {
        if (before == null) {
            return new DayCount(amount, pays ? amount : 0, at);
        }
        return new DayCount(
                Amounts.plus(before.used, amount),
                pays ? Amounts.plus(before.limitUsed, amount) : before.limitUsed,
                at.isAfter(before.asOf) ? at : before.asOf);
    }

    /** For the store. */
    public byte[] toBytes() {
        return Codec.write(VERSION, 3 * Long.BYTES)
                .putLong(used)
                .putLong(limitUsed)
                .putLong(asOf.toEpochMilli())
                .array();
    }

    /** From the store. */
    public static DayCount fromBytes(byte[] bytes) {
        ByteBuffer in = Codec.read(VERSION, bytes, "a day count");
        return new DayCount(in.getLong(), in.getLong(), Instant.ofEpochMilli(in.getLong()));
    }

    /** From the store; null where there is none. */
    public static @Nullable DayCount ofNullable(byte @Nullable [] bytes) {
        return bytes == null ? null : fromBytes(bytes);
    }

    /** The day of a key made by {@link #key}. */
    public static Instant dayOf(Bytes key) {
        StoreKey.Reader reader = new StoreKey.Reader(key);
        reader.text();
        reader.text();
        return Instant.ofEpochMilli(reader.number());
    }
}
