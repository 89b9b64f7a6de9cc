package dev.tally.streams.query;

import dev.tally.schemas.topics.Topics;
import dev.tally.streams.metering.DeadLetterReason;
import dev.tally.streams.state.CounterKeys;
import dev.tally.streams.state.CounterKeys.Counter;
import dev.tally.streams.state.Numbers;
import dev.tally.streams.state.StoreNames;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.apache.kafka.common.utils.Bytes;
import org.apache.kafka.streams.state.ReadOnlyKeyValueStore;
import org.jspecify.annotations.Nullable;

/** What became of the records of {@code actions}, from the stores of the intake partitions of this instance. */
final class StoreIntake {

    private final LocalStores stores;
    private final Topics topics;

    StoreIntake(LocalStores stores, Topics topics) {
        this.stores = stores;
        this.topics = topics;
    }

    Answer<List<PartitionWatermark>> watermarks() {
        List<PartitionWatermark> watermarks = new ArrayList<>();
        for (int partition : stores.partitionsOf(topics.actions())) {
            ReadOnlyKeyValueStore<Bytes, byte[]> counters = stores.partition(StoreNames.INTAKE_COUNTERS, partition);
            watermarks.add(new PartitionWatermark(
                    partition,
                    instant(counters.get(CounterKeys.streamTimeKey(partition))),
                    instant(counters.get(CounterKeys.floorKey(partition)))));
        }
        watermarks.sort(Comparator.comparingInt(PartitionWatermark::partition));
        return new Answer.Found<>(watermarks, false);
    }

    Answer<List<Conservation>> conservation() {
        List<ReadOnlyKeyValueStore<Bytes, byte[]>> local = stores.partitionsOf(topics.actions()).stream()
                .map(partition -> stores.partition(StoreNames.INTAKE_COUNTERS, partition))
                .toList();
        List<Conservation> all = new ArrayList<>();
        for (int origin = 0; origin < topics.actionsPartitions(); origin++) {
            Map<String, Long> deadLetters = new TreeMap<>();
            for (DeadLetterReason reason : DeadLetterReason.values()) {
                long count = sum(local, CounterKeys.key(origin, reason));
                if (count > 0) {
                    deadLetters.put(reason.code(), count);
                }
            }
            all.add(new Conservation(
                    origin,
                    sum(local, CounterKeys.key(origin, Counter.READ)),
                    sum(local, CounterKeys.key(origin, Counter.COUNTED)),
                    sum(local, CounterKeys.key(origin, Counter.READ_ONLY)),
                    sum(local, CounterKeys.key(origin, Counter.DUPLICATE)),
                    sum(local, CounterKeys.key(origin, Counter.LATE)),
                    deadLetters));
        }
        return new Answer.Found<>(all, false);
    }

    private static @Nullable Instant instant(byte @Nullable [] millis) {
        return millis == null ? null : Instant.ofEpochMilli(Numbers.fromBytes(millis));
    }

    private static long sum(List<ReadOnlyKeyValueStore<Bytes, byte[]>> stores, Bytes key) {
        return stores.stream()
                .mapToLong(store -> Numbers.orElse(store.get(key), 0))
                .sum();
    }
}
