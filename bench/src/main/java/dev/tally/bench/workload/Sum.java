package dev.tally.bench.workload;

/**
 * What a set of counters holds, however many they are: two sets with different counts have, practically surely, different digests.
 *
 * @param total all counts added
 * @param digest each count times a hash of its subject and day, added
 */
public record Sum(long total, long digest) {

    /** Of no counter. */
    public static final Sum NONE = new Sum(0, 0);

    /** With a counter, or with an increment of a counter: either way it comes out the same. */
    public Sum plus(String subject, long dayMillis, long amount) {
        return new Sum(Math.addExact(total, amount), digest + hash(subject, dayMillis) * amount);
    }

    private static long hash(String subject, long dayMillis) {
        long hash = 0xcbf29ce484222325L ^ dayMillis * 0x9e3779b97f4a7c15L;
        for (int i = 0; i < subject.length(); i++) {
            hash = (hash ^ subject.charAt(i)) * 0x100000001b3L;
        }
        hash = (hash ^ hash >>> 32) * 0xd6e8feb86659fd93L;
        return hash ^ hash >>> 32;
    }
}
