package dev.tally.streams.query;

import java.util.Collection;
import java.util.HashSet;
import java.util.Set;
import org.apache.kafka.common.utils.Bytes;
import org.apache.kafka.streams.KafkaStreams;
import org.apache.kafka.streams.StoreQueryParameters;
import org.apache.kafka.streams.ThreadMetadata;
import org.apache.kafka.streams.state.QueryableStoreTypes;
import org.apache.kafka.streams.state.ReadOnlyKeyValueStore;

/** The partitions of state stores that this instance holds as active. */
final class LocalStores {

    private final KafkaStreams streams;

    LocalStores(KafkaStreams streams) {
        this.streams = streams;
    }

    /**
     * One partition of a store.
     *
     * @throws org.apache.kafka.streams.errors.InvalidStateStoreException when it is not here, or not open at the moment
     */
    ReadOnlyKeyValueStore<Bytes, byte[]> partition(String store, int partition) {
        return streams.store(
                StoreQueryParameters.fromNameAndType(store, QueryableStoreTypes.<Bytes, byte[]>keyValueStore())
                        .withPartition(partition));
    }

    /** The partitions of a topic that this instance works on. */
    Set<Integer> partitionsOf(String topic) {
        Set<Integer> partitions = new HashSet<>();
        streams.metadataForLocalThreads().stream()
                .map(ThreadMetadata::activeTasks)
                .flatMap(Collection::stream)
                .flatMap(task -> task.topicPartitions().stream())
                .filter(topicPartition -> topicPartition.topic().equals(topic))
                .forEach(topicPartition -> partitions.add(topicPartition.partition()));
        return partitions;
    }
}
