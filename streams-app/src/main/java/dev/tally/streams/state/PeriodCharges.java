package dev.tally.streams.state;

import dev.tally.streams.metering.Burns;
import dev.tally.streams.metering.Coverage;
import java.nio.ByteBuffer;
import java.time.Instant;
import java.util.List;
import org.apache.kafka.common.utils.Bytes;

/**
 * What covered a payer's usage of one meter in one billing period so far.
 *
 * @param covered by what
 * @param burns what was taken from which grant in this period
 * @param forgiven what lay beyond the pool before it was last raised
 * @param poolSeen what the pool allowed when it was last looked at; negative: never
 * @param billedBefore units that facts from before this state began have billed, and that it has not come upon again
 * @param carried units that are charged in another period than they were used in
 */
public record PeriodCharges(
        Coverage covered, Burns burns, long forgiven, long poolSeen, long billedBefore, CarriedUnits carried) {

    /** Stands for a period in which nothing was used. */
    public static final PeriodCharges NONE = new PeriodCharges(Coverage.NONE, Burns.NONE, 0, -1, 0, CarriedUnits.NONE);

    private static final int VERSION_WITHOUT_CARRIED = 3;
    private static final int VERSION = 4;

    /** Key of a payer's period. */
    public static Bytes key(String payer, String meter, Instant start) {
        return StoreKey.key()
                .text(payer)
                .text(meter)
                .number(start.toEpochMilli())
                .bytes();
    }

    /**
     * With more usage covered.
     *
     * @param outOfForce the part of what was taken that the pool did not have in what was left: no change has raised it by that
     */
    public PeriodCharges plus(Coverage more, List<Burns.Burn> taken, long outOfForce) {
        return new PeriodCharges(
                covered.plus(more), burns.plus(taken), forgiven, poolSeen + outOfForce, billedBefore, carried);
    }

    /** After a look at the pool: what lay beyond it is forgiven where it has been raised since the last. */
    public PeriodCharges seeing(long pool) {
        if (pool == poolSeen) {
            return this;
        }
        boolean raised = poolSeen >= 0 && pool > poolSeen;
        return new PeriodCharges(covered, burns, raised ? covered.beyond() : forgiven, pool, billedBefore, carried);
    }

    /** With more, or less, that was billed before. */
    public PeriodCharges withBilledBefore(long units) {
        return new PeriodCharges(covered, burns, forgiven, poolSeen, units, carried);
    }

    /** With other units charged elsewhere, or here. */
    public PeriodCharges with(CarriedUnits others) {
        return new PeriodCharges(covered, burns, forgiven, poolSeen, billedBefore, others);
    }

    /** For the store; where nothing is carried as the release before wrote it, so that its instances can take over. */
    public byte[] toBytes() {
        boolean carries = !carried.equals(CarriedUnits.NONE);
        ByteBuffer out = Codec.write(
                        carries ? VERSION : VERSION_WITHOUT_CARRIED,
                        7 * Long.BYTES + BurnsCodec.bytes(burns) + (carries ? carried.bytes() : 0))
                .putLong(covered.granted())
                .putLong(covered.included())
                .putLong(covered.overage())
                .putLong(covered.excess())
                .putLong(forgiven)
                .putLong(poolSeen)
                .putLong(billedBefore);
        BurnsCodec.write(burns, out);
        if (carries) {
            carried.write(out);
        }
        return Codec.bytes(out);
    }

    /** From the store. */
    public static PeriodCharges fromBytes(byte[] bytes) {
        int version = bytes[0] == VERSION_WITHOUT_CARRIED ? VERSION_WITHOUT_CARRIED : VERSION;
        ByteBuffer in = Codec.read(version, bytes, "a period's charges");
        Coverage covered = new Coverage(in.getLong(), in.getLong(), in.getLong(), in.getLong());
        long forgiven = in.getLong();
        long poolSeen = in.getLong();
        long billedBefore = in.getLong();
        Burns burns = BurnsCodec.read(in);
        CarriedUnits carried = version == VERSION ? CarriedUnits.read(in) : CarriedUnits.NONE;
        return new PeriodCharges(covered, burns, forgiven, poolSeen, billedBefore, carried);
    }
}
