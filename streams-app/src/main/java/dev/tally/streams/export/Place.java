package dev.tally.streams.export;

/**
 * A record of {@code actions}.
 *
 * @param partition its partition
 * @param offset its offset
 */
public record Place(int partition, long offset) {

    /** As {@code partition:offset}. */
    public String text() {
        return partition + ":" + offset;
    }
}
