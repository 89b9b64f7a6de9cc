package dev.tally.keys;

/**
 * The partition of a key as Kafka's own producers choose it: murmur2 (seed 0x9747b28c) of the key bytes, sign bit cleared, modulo
 * the number of partitions. Source: org.apache.kafka.clients.producer.internals.BuiltInPartitioner; equality with it is tested.
 */
public final class Partitions {

    private static final int M = 0x5bd1e995;

    private Partitions() {}

    public static int ofKey(byte[] key, int partitions) {
        if (partitions < 1) {
            throw new IllegalArgumentException("a topic has at least one partition, not " + partitions);
        }
        return (murmur2(key) & 0x7fffffff) % partitions;
    }

    private static int murmur2(byte[] data) {
        int length = data.length;
        int h = 0x9747b28c ^ length;
        int whole = length & ~3;
        for (int i = 0; i < whole; i += 4) {
            int k = (data[i] & 0xff)
                    | (data[i + 1] & 0xff) << 8
                    | (data[i + 2] & 0xff) << 16
                    | (data[i + 3] & 0xff) << 24;
            k *= M;
            k ^= k >>> 24;
            h = (h * M) ^ (k * M);
        }
        if (length > whole) {
            for (int i = length - 1; i >= whole; i--) {
                h ^= (data[i] & 0xff) << (8 * (i - whole));
            }
            h *= M;
        }
        h ^= h >>> 13;
        h *= M;
        return h ^ (h >>> 15);
    }
}
