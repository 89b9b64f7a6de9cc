package dev.tally.streams.query;

import dev.tally.schemas.topics.Topics;
import dev.tally.streams.metering.DeadLetterReason;
import dev.tally.streams.state.CounterKeys;
import dev.tally.streams.state.CounterKeys.Counter;
import dev.tally.streams.state.Freshness.Stage;
import dev.tally.streams.state.Numbers;
import dev.tally.streams.state.StoreNames;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Collection;
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

    /** Of the partitions that this instance works on. */
    Answer<IntakeFigures> ofThisInstance() {
        return of(stores.partitionsOf(topics.actions()));
    }

    /** Of these partitions, all of which this instance must work on. */
    Answer<IntakeFigures> of(Collection<Integer> partitions) {
        List<PartitionWatermark> watermarks = new ArrayList<>();
        List<ReadOnlyKeyValueStore<Bytes, byte[]>> local = new ArrayList<>();
        for (int partition : partitions) {
            ReadOnlyKeyValueStore<Bytes, byte[]> counters =
                    stores.partition(StoreNames.INTAKE_COUNTERS, new Part(Stage.INTAKE, partition));
            watermarks.add(new PartitionWatermark(
                    partition,
                    instant(counters.get(CounterKeys.streamTimeKey(partition))),
                    instant(counters.get(CounterKeys.floorKey(partition)))));
            local.add(counters);
        }
        watermarks.sort(Comparator.comparingInt(PartitionWatermark::partition));
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
        // After reading, so that what was read is known to be the owner's.
        partitions.forEach(stores::requireMoving);
        return new Answer.Found<>(new IntakeFigures(watermarks, all), false);
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
