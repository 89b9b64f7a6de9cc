package dev.tally.streams.state;

import dev.tally.keys.Subject;
import dev.tally.streams.metering.Amounts;
import dev.tally.streams.metering.PlanTerms.Scope;
import java.nio.ByteBuffer;
import org.apache.kafka.common.utils.Bytes;
import org.apache.kafka.streams.state.ReadOnlyKeyValueStore;
import org.jspecify.annotations.Nullable;

/**
 * What open holds of one payer reserve of one meter for one user, member, space or org.
 *
 * @param amount all they reserve
 * @param holds how many they are
 */
public record HeldAmount(long amount, long holds) {

    /** No holds. */
    public static final HeldAmount NONE = new HeldAmount(0, 0);

    private static final int VERSION = 1;

    /** Reads it from a store of admissions. */
    public static HeldAmount read(
            ReadOnlyKeyValueStore<Bytes, byte[]> store, Subject payer, Scope scope, String scopeId, String meter) {
        return ofNullable(store.get(key(payer.text(), scope, scopeId, meter)));
    }

    /** Its key in a store of admissions. */
    public static Bytes key(String payer, Scope scope, String scopeId, String meter) {
        return AdmissionKeys.held(payer, scope, scopeId, meter);
    }

    /** With one more hold. */
    public HeldAmount plus(long more) {
        return new HeldAmount(Amounts.plus(amount, more), holds + 1);
    }

    /** With one hold less. */
    public HeldAmount minus(long less) {
        return new HeldAmount(amount - less, holds - 1);
    }

    /** For the store; null where there are no holds. */
    public byte @Nullable [] toBytes() {
        return holds == 0
                ? null
                : Codec.write(VERSION, 2 * Long.BYTES)
                        .putLong(amount)
                        .putLong(holds)
                        .array();
    }

    /** From the store; {@link #NONE} where there is nothing. */
    public static HeldAmount ofNullable(byte @Nullable [] bytes) {
        if (bytes == null) {
            return NONE;
        }
        ByteBuffer in = Codec.read(VERSION, bytes, "a held amount");
        return new HeldAmount(in.getLong(), in.getLong());
    }
}
