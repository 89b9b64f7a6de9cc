package dev.tally.streams.state;

import dev.tally.streams.metering.Amounts;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import org.apache.kafka.common.utils.Bytes;

/**
 * What is billable to a payer for one meter in one billing interval.
 *
 * @param end end of the interval
 * @param periodStart start of the billing period it lies in
 * @param periodEnd end of that period
 * @param planId plan in force at its actions' time
 * @param planVersion its version
 * @param unrated usage that could not be covered yet because the plan's record had not arrived
 * @param billable units to bill
 * @param billed units already emitted as facts
 * @param revision of the next fact
 */
public record IntervalCharge(
        Instant end,
        Instant periodStart,
        Instant periodEnd,
        String planId,
        int planVersion,
        long unrated,
        long billable,
        long billed,
        int revision) {

    /** Stands for an interval with nothing in it. */
    public static final IntervalCharge NONE =
            new IntervalCharge(Instant.EPOCH, Instant.EPOCH, Instant.EPOCH, "", 0, 0, 0, 0, 0);

    private static final int VERSION = 1;

    /** With so many revisions that were emitted before this state began, and are not to be used again. */
    public IntervalCharge emittedBefore(int revisions) {
        return new IntervalCharge(
                end, periodStart, periodEnd, planId, planVersion, unrated, billable, billed, revisions);
    }

    /** Whether nothing was charged in it since this state began. */
    public boolean isUntouched() {
        return end.equals(Instant.EPOCH);
    }

    /** Key up to the interval's start, which is appended as a number. */
    public static StoreKey key(String payer, String meter) {
        return StoreKey.key().text(payer).text(meter);
    }

    /** Key in the index of intervals that have something to emit, in order of their ends. */
    public static StoreKey openKey(Instant end, String payer, String meter, Instant start) {
        return StoreKey.key().number(end.toEpochMilli()).text(payer).text(meter).number(start.toEpochMilli());
    }

    /**
     * Key prefix, in the same index, of closed intervals that wait for a plan's record; the interval's {@link #openKey} follows. It lies
     * behind every open interval: their ends are no more than a long holds.
     */
    public static StoreKey waitingKey(String planId, int planVersion) {
        return StoreKey.key().number(Long.MAX_VALUE).text(planId).number(planVersion);
    }

    /** Where the keys of {@link #waitingKey} begin; nothing else follows them. */
    public static Bytes firstWaitingKey() {
        return StoreKey.key().number(Long.MAX_VALUE).bytes();
    }

    /** With more usage that cannot be covered yet. */
    public IntervalCharge plusUnrated(long amount) {
        return new IntervalCharge(
                end,
                periodStart,
                periodEnd,
                planId,
                planVersion,
                Amounts.plus(unrated, amount),
                billable,
                billed,
                revision);
    }

    /** With what was unrated now covered. */
    public IntervalCharge rated() {
        return new IntervalCharge(end, periodStart, periodEnd, planId, planVersion, 0, billable, billed, revision);
    }

    /** With more to bill. */
    public IntervalCharge plusBillable(long amount) {
        return new IntervalCharge(
                end,
                periodStart,
                periodEnd,
                planId,
                planVersion,
                unrated,
                Amounts.plus(billable, amount),
                billed,
                revision);
    }

    /** After a fact for all that was billable. */
    public IntervalCharge emitted() {
        return new IntervalCharge(
                end, periodStart, periodEnd, planId, planVersion, unrated, billable, billable, revision + 1);
    }

    /** With all that was billable billed by facts from before this state began. */
    public IntervalCharge settled() {
        return new IntervalCharge(
                end, periodStart, periodEnd, planId, planVersion, unrated, billable, billable, revision);
    }

    /** Whether a fact is owed when the interval closes. */
    public boolean owes() {
        return unrated != 0 || billable != billed;
    }

    /** For the store. */
    public byte[] toBytes() {
        byte[] plan = planId.getBytes(StandardCharsets.UTF_8);
        return Codec.write(VERSION, 6 * Long.BYTES + 2 * Integer.BYTES + Short.BYTES + plan.length)
                .putLong(end.toEpochMilli())
                .putLong(periodStart.toEpochMilli())
                .putLong(periodEnd.toEpochMilli())
                .putLong(unrated)
                .putLong(billable)
                .putLong(billed)
                .putInt(revision)
                .putInt(planVersion)
                .putShort((short) plan.length)
                .put(plan)
                .array();
    }

    /** From the store. */
    public static IntervalCharge fromBytes(byte[] bytes) {
        ByteBuffer in = Codec.read(VERSION, bytes, "an interval's charge");
        Instant end = Instant.ofEpochMilli(in.getLong());
        Instant periodStart = Instant.ofEpochMilli(in.getLong());
        Instant periodEnd = Instant.ofEpochMilli(in.getLong());
        long unrated = in.getLong();
        long billable = in.getLong();
        long billed = in.getLong();
        int revision = in.getInt();
        int planVersion = in.getInt();
        byte[] plan = new byte[Short.toUnsignedInt(in.getShort())];
        in.get(plan);
        return new IntervalCharge(
                end,
                periodStart,
                periodEnd,
                new String(plan, StandardCharsets.UTF_8),
                planVersion,
                unrated,
                billable,
                billed,
                revision);
    }
}
