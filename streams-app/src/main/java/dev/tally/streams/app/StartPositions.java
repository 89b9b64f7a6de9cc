package dev.tally.streams.app;

import dev.tally.schemas.topics.TopicReader;
import dev.tally.schemas.topics.Topics;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Future;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.consumer.OffsetAndMetadata;
import org.apache.kafka.common.KafkaException;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.errors.GroupIdNotFoundException;
import org.apache.kafka.common.errors.InterruptException;

/**
 * The positions from which the application's group reads its inputs. Kafka Streams takes no position by itself here, because a position
 * that it took silently could leave records out: those that were deleted before they were read.
 */
final class StartPositions {

    private final TopicReader reader;
    private final Topics topics;
    private final String group;

    /** @param group the group of the application, which is its application.id */
    StartPositions(Map<String, Object> client, Topics topics, String group) {
        this.reader = new TopicReader(client);
        this.topics = topics;
        this.group = group;
    }

    /**
     * Gives the group a position where it has none, and says what it can no longer read. What is read again after the brokers have
     * forgotten a position is recognised by what the state says of it.
     *
     * @return problems, empty when the application can start
     * @throws KafkaException when the brokers cannot be asked; may be tried again
     */
    List<String> take(Admin admin) {
        Map<TopicPartition, OffsetAndMetadata> committed = committed(admin);
        Map<TopicPartition, OffsetAndMetadata> missing = new HashMap<>();
        List<String> problems = new ArrayList<>();
        for (String topic : List.of(topics.actions(), topics.actionsHome(), topics.subjectLog())) {
            reader.beginnings(topic).forEach((number, beginning) -> {
                TopicPartition partition = new TopicPartition(topic, number);
                OffsetAndMetadata position = committed.get(partition);
                if (position != null && position.offset() < beginning) {
                    problems.add(partition + " begins at " + beginning + ", but it was read only up to "
                            + position.offset() + ": what lies between was deleted before it was read");
                } else if (position == null && beginning > 0 && !topic.equals(topics.actions())) {
                    problems.add(partition + " begins at " + beginning + " and no position is known for it: what was"
                            + " deleted may not have been read");
                } else if (position == null) {
                    missing.put(partition, new OffsetAndMetadata(beginning));
                }
            });
        }
        if (problems.isEmpty() && !missing.isEmpty()) {
            await(admin.alterConsumerGroupOffsets(group, missing).all(), "set");
        }
        return problems;
    }

    private Map<TopicPartition, OffsetAndMetadata> committed(Admin admin) {
        try {
            // Positions of open transactions do not matter: a partition that has any was given its first one before.
            return await(admin.listConsumerGroupOffsets(group).partitionsToOffsetAndMetadata(), "read");
        } catch (GroupIdNotFoundException firstStart) {
            return Map.of();
        }
    }

    private <T> T await(Future<T> future, String what) {
        try {
            return future.get();
        } catch (ExecutionException e) {
            throw e.getCause() instanceof KafkaException cause
                    ? cause
                    : new KafkaException("the positions of group " + group + " cannot be " + what, e.getCause());
        } catch (InterruptedException e) {
            throw new InterruptException(e);
        }
    }
}
