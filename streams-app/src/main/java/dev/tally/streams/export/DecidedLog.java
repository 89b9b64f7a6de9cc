package dev.tally.streams.export;

import dev.tally.schemas.topics.Topics;
import dev.tally.streams.state.Origin;
import java.time.Duration;
import java.util.Collection;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.locks.LockSupport;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.ListOffsetsOptions;
import org.apache.kafka.clients.admin.OffsetSpec;
import org.apache.kafka.clients.consumer.OffsetAndMetadata;
import org.apache.kafka.common.IsolationLevel;
import org.apache.kafka.common.KafkaException;
import org.apache.kafka.common.KafkaFuture;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.errors.GroupIdNotFoundException;
import org.apache.kafka.common.errors.InterruptException;
import org.apache.kafka.common.errors.TimeoutException;

/**
 * How far {@code actions} has been decided, and how far the topics reach that say how.
 *
 * @param ends of each partition of {@code actions}, the offset before which every record has its outcome
 * @param behind how many records of {@code actions} have none yet; offsets are counted, of which transactions have one without a record
 * @param written of each partition of the topics in which outcomes are kept, the offset before which they all lie; all of it is committed
 */
record DecidedLog(Map<Integer, Long> ends, long behind, Map<TopicPartition, Long> written) {

    /** A transaction lasts 3 s at most while its instance lives; brokers abort that of a dead one within 13 s. */
    private static final Duration COMMITTED_WITHIN = Duration.ofSeconds(20);

    private static final Duration LOOK_AGAIN = Duration.ofMillis(20);

    DecidedLog {
        ends = Map.copyOf(ends);
        written = Map.copyOf(written);
    }

    /** The topics in which outcomes other than counted and read-only are kept. */
    static List<String> outcomes(Topics topics) {
        return List.of(topics.deadLetters(), topics.lateActions(), topics.intakeNotes());
    }

    /**
     * What is decided now.
     *
     * <p>A position and what was written before it move in one transaction, but its marks reach the partitions one after the other. So
     * positions are asked for first, and then all is waited for that had been written to the others by then, committed or not.
     *
     * @param group of the application
     * @throws KafkaException where brokers cannot be asked, or a transaction stays open
     */
    static DecidedLog read(Admin admin, CommittedLog log, Topics topics, String group) {
        Map<TopicPartition, OffsetAndMetadata> positions = positions(admin, group);
        List<TopicPartition> homes = partitions(topics, topics.actionsHome());
        List<TopicPartition> aside = outcomes(topics).stream()
                .flatMap(topic -> partitions(topics, topic).stream())
                .toList();
        Map<TopicPartition, Long> written =
                ends(admin, Stream.concat(homes.stream(), aside.stream()).toList(), IsolationLevel.READ_UNCOMMITTED);
        awaitCommitted(admin, written);

        Map<Integer, Long> ends = new TreeMap<>();
        partitions(topics, topics.actions())
                .forEach(one -> ends.put(
                        one.partition(),
                        positions.containsKey(one) ? positions.get(one).offset() : 0L));
        travelling(log, homes, positions, written)
                .forEach((partition, first) -> ends.merge(partition, first, Math::min));
        Map<TopicPartition, Long> beginnings = log.beginnings(partitions(topics, topics.actions()));
        Map<TopicPartition, Long> ofOutcomes = new HashMap<>(written);
        ofOutcomes.keySet().removeAll(homes);
        long behind = 0;
        for (Map.Entry<TopicPartition, Long> end : ends(
                        admin, partitions(topics, topics.actions()), IsolationLevel.READ_COMMITTED)
                .entrySet()) {
            long decided = ends.getOrDefault(end.getKey().partition(), 0L);
            behind += Math.max(0, end.getValue() - Math.max(decided, beginnings.getOrDefault(end.getKey(), 0L)));
        }
        return new DecidedLog(ends, behind, ofOutcomes);
    }

    /** Of each partition of {@code actions}, the first record that is still on its way to its home; what lies before it is not. */
    private static Map<Integer, Long> travelling(
            CommittedLog log,
            List<TopicPartition> homes,
            Map<TopicPartition, OffsetAndMetadata> positions,
            Map<TopicPartition, Long> written) {
        Map<TopicPartition, Long> from = new HashMap<>();
        log.beginnings(homes).forEach((home, beginning) -> {
            OffsetAndMetadata position = positions.get(home);
            from.put(home, position == null ? beginning : Math.max(beginning, position.offset()));
        });
        Map<Integer, Long> first = new TreeMap<>();
        log.read(from, written, record -> {
            Origin origin = Origin.of(record.headers());
            first.merge(origin.partition(), origin.offset(), Math::min);
        });
        return first;
    }

    private static void awaitCommitted(Admin admin, Map<TopicPartition, Long> written) {
        long giveUpAt = System.nanoTime() + COMMITTED_WITHIN.toNanos();
        while (true) {
            Map<TopicPartition, Long> committed = ends(admin, written.keySet(), IsolationLevel.READ_COMMITTED);
            if (written.entrySet().stream()
                    .allMatch(one -> committed.getOrDefault(one.getKey(), 0L) >= one.getValue())) {
                return;
            }
            if (System.nanoTime() > giveUpAt) {
                throw new TimeoutException("a transaction is still open after " + COMMITTED_WITHIN.toSeconds() + " s");
            }
            LockSupport.parkNanos(LOOK_AGAIN.toNanos());
        }
    }

    static List<TopicPartition> partitions(Topics topics, String topic) {
        return IntStream.range(0, topics.actionsPartitions())
                .mapToObj(partition -> new TopicPartition(topic, partition))
                .toList();
    }

    private static Map<TopicPartition, OffsetAndMetadata> positions(Admin admin, String group) {
        try {
            return await(admin.listConsumerGroupOffsets(group).partitionsToOffsetAndMetadata());
        } catch (GroupIdNotFoundException nothingRead) {
            return Map.of();
        }
    }

    private static Map<TopicPartition, Long> ends(
            Admin admin, Collection<TopicPartition> partitions, IsolationLevel isolation) {
        Map<TopicPartition, OffsetSpec> asked = new HashMap<>();
        partitions.forEach(partition -> asked.put(partition, OffsetSpec.latest()));
        Map<TopicPartition, Long> ends = new HashMap<>();
        await(admin.listOffsets(asked, new ListOffsetsOptions(isolation)).all())
                .forEach((partition, end) -> ends.put(partition, end.offset()));
        return ends;
    }

    static <T> T await(KafkaFuture<T> future) {
        try {
            return future.get();
        } catch (ExecutionException e) {
            throw e.getCause() instanceof KafkaException cause ? cause : new KafkaException(e.getCause());
        } catch (InterruptedException e) {
            throw new InterruptException(e);
        }
    }
}
