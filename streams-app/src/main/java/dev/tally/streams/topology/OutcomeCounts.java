package dev.tally.streams.topology;

import dev.tally.streams.metering.DeadLetterReason;
import dev.tally.streams.state.CounterKeys;
import dev.tally.streams.state.CounterKeys.Counter;
import dev.tally.streams.topology.Counters.Count;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;

/** What became of the records of each partition of {@code actions}. */
final class OutcomeCounts {

    private final Counters counters;
    private final List<Map<Counter, Count>> byPartition = new ArrayList<>();

    OutcomeCounts(Counters counters, int partitions) {
        this.counters = counters;
        for (int i = 0; i < partitions; i++) {
            byPartition.add(new EnumMap<>(Counter.class));
        }
    }

    /** Counts a record of an origin partition. */
    void add(int partition, Counter counter) {
        byPartition
                .get(partition)
                .computeIfAbsent(counter, one -> counters.count(CounterKeys.key(partition, one)))
                .add(1);
    }

    /** Counts a dead letter of an origin partition. */
    void add(int partition, DeadLetterReason reason) {
        counters.count(CounterKeys.key(partition, reason)).add(1);
    }
}
