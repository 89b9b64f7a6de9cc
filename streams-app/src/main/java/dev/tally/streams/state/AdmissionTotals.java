package dev.tally.streams.state;

import java.nio.ByteBuffer;
import java.time.Instant;
import org.apache.kafka.common.utils.Bytes;
import org.apache.kafka.streams.state.ReadOnlyKeyValueStore;
import org.jspecify.annotations.Nullable;

/**
 * What a payer's admissions come to.
 *
 * @param openHolds how many hold something
 * @param queued how many wait in the queue
 * @param firstPlace no place in the queue before this one is taken
 * @param nextPlace the place of the next that is queued
 * @param nextDue no admission's time comes before this; null: none is kept
 * @param releaseAt when limits that block the queue reset, and the payer is woken; null where nothing resets them
 */
public record AdmissionTotals(
        long openHolds,
        long queued,
        long firstPlace,
        long nextPlace,
        @Nullable Instant nextDue,
        @Nullable Instant releaseAt) {

    /** No admissions. */
    public static final AdmissionTotals NONE = new AdmissionTotals(0, 0, 0, 0, null, null);

    private static final int VERSION = 1;
    private static final long NEVER = Long.MIN_VALUE;

    /** Reads a payer's from a store of admissions. */
    public static AdmissionTotals read(ReadOnlyKeyValueStore<Bytes, byte[]> store, String payer) {
        return ofNullable(store.get(AdmissionKeys.payer(payer)));
    }

    /** Whether anything is held or waits. */
    public boolean hasOpen() {
        return openHolds > 0 || queued > 0;
    }

    /** For the store; null where nothing is kept. */
    public byte @Nullable [] toBytes() {
        return nextDue == null && !hasOpen()
                ? null
                : Codec.write(VERSION, 6 * Long.BYTES)
                        .putLong(openHolds)
                        .putLong(queued)
                        .putLong(firstPlace)
                        .putLong(nextPlace)
                        .putLong(millis(nextDue))
                        .putLong(millis(releaseAt))
                        .array();
    }

    /** From the store; {@link #NONE} where there is nothing. */
    public static AdmissionTotals ofNullable(byte @Nullable [] bytes) {
        if (bytes == null) {
            return NONE;
        }
        ByteBuffer in = Codec.read(VERSION, bytes, "a payer's admissions");
        return new AdmissionTotals(
                in.getLong(), in.getLong(), in.getLong(), in.getLong(), instant(in.getLong()), instant(in.getLong()));
    }

    private static long millis(@Nullable Instant instant) {
        return instant == null ? NEVER : instant.toEpochMilli();
    }

    private static @Nullable Instant instant(long millis) {
        return millis == NEVER ? null : Instant.ofEpochMilli(millis);
    }
}
