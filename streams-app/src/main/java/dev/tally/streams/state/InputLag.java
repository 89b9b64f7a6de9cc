package dev.tally.streams.state;

import java.util.OptionalLong;

/**
 * How many records of an input partition its consumer has not fetched yet. Silence alone does not say that there is nothing: a first fetch
 * may take long, a partition's leader may be away.
 */
public final class InputLag {

    /** Where the figure comes from. */
    @FunctionalInterface
    public interface Source {

        /** Records not fetched yet; empty while the consumer does not know. Called by the stream thread that has the partition. */
        OptionalLong of(String topic, int partition);
    }

    private volatile Source source = (topic, partition) -> OptionalLong.of(0);

    /** From now on asks this source. */
    public void from(Source figures) {
        source = figures;
    }

    /** Whether everything there is has been fetched. */
    public boolean isCaughtUp(String topic, int partition) {
        OptionalLong lag = source.of(topic, partition);
        return lag.isPresent() && lag.getAsLong() == 0;
    }
}
