package dev.tally.streams.state.ids;

import dev.tally.streams.state.Codec;
import dev.tally.streams.state.StoreKey;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import org.apache.kafka.common.utils.Bytes;

/** Keys and values of the rows, except the manifest's value. */
final class IdRows {

    static final int ID_BYTES = 16;

    private static final int VERSION = 1;
    private static final int MANIFEST = 'm';
    private static final int BLOCK = 'b';
    private static final int BUCKET = 'r';
    private static final int CHUNK = 'f';
    private static final VarHandle LONGS = MethodHandles.byteArrayViewVarHandle(long[].class, ByteOrder.BIG_ENDIAN);

    private IdRows() {}

    static Bytes manifestKey() {
        return StoreKey.key().tag(MANIFEST).bytes();
    }

    static Bytes blockKey(long sequence) {
        return StoreKey.key().tag(BLOCK).number(sequence).bytes();
    }

    static Bytes afterBlocks() {
        return StoreKey.key().tag(BLOCK).afterPrefix();
    }

    static long blockSequence(Bytes key) {
        StoreKey.Reader in = new StoreKey.Reader(key);
        in.tag();
        return in.number();
    }

    static Bytes bucketKey(long run, int bucket) {
        return StoreKey.key().tag(BUCKET).number(run).number(bucket).bytes();
    }

    static Bytes chunkKey(long run, int chunk) {
        return StoreKey.key().tag(CHUNK).number(run).number(chunk).bytes();
    }

    /** What was remembered up to a stream time, in the order it was. */
    static byte[] block(long lastAccepted, long[] ids, int words) {
        ByteBuffer out = Codec.write(VERSION, Long.BYTES + words * Long.BYTES).putLong(lastAccepted);
        out.asLongBuffer().put(ids, 0, words);
        return Codec.bytes(out);
    }

    /** The fields of a block: last accepted stream time, then ids. */
    static ByteBuffer readBlock(byte[] row) {
        return Codec.read(VERSION, row, "a block of event ids");
    }

    /** The ids of a bucket, ascending. */
    static byte[] bucket(long[] ids, int words) {
        ByteBuffer out = Codec.write(VERSION, words * Long.BYTES);
        out.asLongBuffer().put(ids, 0, words);
        return Codec.bytes(out);
    }

    static int bucketSize(byte[] row) {
        Codec.read(VERSION, row, "a bucket of event ids");
        return (row.length - 1) / ID_BYTES;
    }

    static long hi(byte[] bucket, int index) {
        return (long) LONGS.get(bucket, 1 + index * ID_BYTES);
    }

    static long lo(byte[] bucket, int index) {
        return (long) LONGS.get(bucket, 1 + index * ID_BYTES + Long.BYTES);
    }

    static boolean bucketContains(byte[] row, long hi, long lo) {
        int low = 0;
        int high = bucketSize(row) - 1;
        while (low <= high) {
            int middle = (low + high) >>> 1;
            int order = compare(hi(row, middle), lo(row, middle), hi, lo);
            if (order == 0) {
                return true;
            }
            if (order < 0) {
                low = middle + 1;
            } else {
                high = middle - 1;
            }
        }
        return false;
    }

    /** A part of a filter. */
    static byte[] chunk(long[] words, int length) {
        ByteBuffer out = Codec.write(VERSION, length * Long.BYTES);
        out.asLongBuffer().put(words, 0, length);
        return Codec.bytes(out);
    }

    static long[] readChunk(byte[] row) {
        ByteBuffer in = Codec.read(VERSION, row, "a filter of event ids");
        long[] words = new long[in.remaining() / Long.BYTES];
        in.asLongBuffer().get(words);
        return words;
    }

    static int compare(long hi, long lo, long otherHi, long otherLo) {
        int upper = Long.compareUnsigned(hi, otherHi);
        return upper != 0 ? upper : Long.compareUnsigned(lo, otherLo);
    }
}
