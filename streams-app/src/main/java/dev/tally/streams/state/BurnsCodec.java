package dev.tally.streams.state;

import dev.tally.streams.metering.Burns;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.HashMap;
import java.util.Map;
import java.util.TreeMap;
import org.apache.kafka.common.utils.Bytes;

/** How much of each grant is used up, as it is stored: by itself for all periods of a payer and meter, and within each period's charges. */
public final class BurnsCodec {

    private static final int VERSION = 1;

    private BurnsCodec() {}

    /** Key of what is used up of a payer's grants of a meter, in all periods. */
    public static Bytes key(String payer, String meter) {
        return StoreKey.key().text(payer).text(meter).bytes();
    }

    /** For the store. */
    public static byte[] toBytes(Burns burns) {
        ByteBuffer out = Codec.write(VERSION, bytes(burns));
        write(burns, out);
        return Codec.bytes(out);
    }

    /** From the store. */
    public static Burns fromBytes(byte[] bytes) {
        return read(Codec.read(VERSION, bytes, "what is used up of grants"));
    }

    static int bytes(Burns burns) {
        int bytes = Integer.BYTES;
        for (String grantId : burns.byGrant().keySet()) {
            bytes += Short.BYTES + grantId.getBytes(StandardCharsets.UTF_8).length + Long.BYTES;
        }
        return bytes;
    }

    static void write(Burns burns, ByteBuffer out) {
        out.putInt(burns.byGrant().size());
        new TreeMap<>(burns.byGrant()).forEach((grantId, amount) -> {
            byte[] id = grantId.getBytes(StandardCharsets.UTF_8);
            out.putShort((short) id.length).put(id).putLong(amount);
        });
    }

    static Burns read(ByteBuffer in) {
        int count = in.getInt();
        Map<String, Long> byGrant = new HashMap<>();
        for (int i = 0; i < count; i++) {
            byte[] id = new byte[Short.toUnsignedInt(in.getShort())];
            in.get(id);
            byGrant.put(new String(id, StandardCharsets.UTF_8), in.getLong());
        }
        return new Burns(byGrant);
    }
}
