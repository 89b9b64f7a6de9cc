package dev.tally.sink.delivery;

import dev.tally.schemas.BillableFact;
import dev.tally.schemas.serde.Decoded;
import dev.tally.schemas.serde.RecordSerde;
import dev.tally.sink.reporting.Known;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.Supplier;
import org.apache.kafka.clients.consumer.CloseOptions;
import org.apache.kafka.clients.consumer.Consumer;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.OffsetAndTimestamp;
import org.apache.kafka.common.TopicPartition;
import org.jspecify.annotations.Nullable;

/** Finds facts that were read long ago again, by identifier: a fact was appended after the time it is charged at. */
final class FactFinder implements AutoCloseable {
    /** The delivery waits meanwhile, and must poll again within Kafka's {@code max.poll.interval.ms}. */
    private static final Duration LONGEST_SEARCH = Duration.ofSeconds(30);

    private static final Duration POLL = Duration.ofMillis(200);

    private final Supplier<Consumer<byte[], byte[]>> consumers;
    private final RecordSerde<BillableFact> serde;
    private @Nullable Consumer<byte[], byte[]> consumer;

    /** A record and the fact in it. */
    record Found(FactRecord origin, BillableFact fact) {}

    /** @param consumers opens a consumer, when it is first needed */
    FactFinder(Supplier<Consumer<byte[], byte[]>> consumers, RecordSerde<BillableFact> serde) {
        this.consumers = consumers;
        this.serde = serde;
    }

    /**
     * Reads a partition until all are found, or there is no more.
     *
     * @param wanted what the ledger knows of them
     */
    List<Found> find(TopicPartition partition, Map<String, Known> wanted) {
        Consumer<byte[], byte[]> open = open();
        open.assign(List.of(partition));
        long end = open.endOffsets(List.of(partition)).getOrDefault(partition, 0L);
        Instant oldest = wanted.values().stream()
                .map(Known::ownTimestamp)
                .min(Comparator.naturalOrder())
                .orElseThrow();
        OffsetAndTimestamp begin =
                open.offsetsForTimes(Map.of(partition, oldest.toEpochMilli())).get(partition);
        if (begin == null) {
            open.seekToBeginning(List.of(partition));
        } else {
            open.seek(partition, begin.offset());
        }
        List<Found> found = new ArrayList<>();
        Set<String> missing = new HashSet<>(wanted.keySet());
        long begun = System.nanoTime();
        while (!missing.isEmpty()
                && open.position(partition) < end
                && System.nanoTime() - begun < LONGEST_SEARCH.toNanos()) {
            for (ConsumerRecord<byte[], byte[]> record : open.poll(POLL)) {
                if (serde.decode(record.topic(), record.headers(), record.value())
                                instanceof Decoded.Read<BillableFact>(BillableFact fact)
                        && isWanted(fact, wanted)
                        && missing.remove(fact.getIdentifier())) {
                    found.add(new Found(FactRecord.of(record), fact));
                }
            }
        }
        return found;
    }

    /** Another amount under the same identifier is another fact. */
    private static boolean isWanted(BillableFact fact, Map<String, Known> wanted) {
        Known known = wanted.get(fact.getIdentifier());
        return known != null && known.amount() == fact.getAmount();
    }

    private Consumer<byte[], byte[]> open() {
        Consumer<byte[], byte[]> open = consumer;
        if (open == null) {
            open = consumers.get();
            consumer = open;
        }
        return open;
    }

    @Override
    public void close() {
        if (consumer != null) {
            consumer.close(CloseOptions.timeout(Duration.ofSeconds(5)));
        }
    }
}
