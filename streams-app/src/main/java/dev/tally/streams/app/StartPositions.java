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
import org.apache.kafka.clients.admin.ListTopicsOptions;
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
    private final String changelog;

    /**
     * @param group the group of the application, which is its application.id
     * @param store a store that holds something once anything was read
     */
    StartPositions(Map<String, Object> client, Topics topics, String group, String store) {
        this.reader = new TopicReader(client);
        this.topics = topics;
        this.group = group;
        this.changelog = group + "-" + store + "-changelog";
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
        boolean ranBefore = hasState(admin);
        Map<TopicPartition, OffsetAndMetadata> missing = new HashMap<>();
        List<String> problems = new ArrayList<>();
        for (String topic : List.of(topics.actions(), topics.subjectLog(), topics.actionsHome())) {
            for (Map.Entry<Integer, Long> entry : reader.beginnings(topic).entrySet()) {
                TopicPartition partition = new TopicPartition(topic, entry.getKey());
                long beginning = entry.getValue();
                OffsetAndMetadata position = committed.get(partition);
                if (position == null) {
                    missing.put(partition, new OffsetAndMetadata(beginning));
                    if (beginning > 0 && ranBefore) {
                        problems.add(partition + " begins at " + beginning + " and no position is known for it: what"
                                + " was deleted may not have been read");
                    }
                } else if (position.offset() > beginning && !ranBefore && topic.equals(topics.actions())) {
                    problems.add(partition + " was read up to " + position.offset() + ", but the state is gone ("
                            + changelog + " is not there); see \"Reset and replay\"");
                } else if (position.offset() < beginning && !isSurelyEmpty(topic, problems)) {
                    problems.add(partition + " begins at " + beginning + ", but it was read only up to "
                            + position.offset() + ": what lies between was deleted before it was read");
                }
            }
        }
        if (problems.isEmpty() && !missing.isEmpty()) {
            await(admin.alterConsumerGroupOffsets(group, missing).all(), "set");
        }
        return problems;
    }

    /**
     * What is missing at the beginning of {@code actions-home} can only be marks of transactions while nothing is missing of
     * {@code subject-log}: both keep equally long, a tick comes to the latter every second, and what came to the former before the last
     * tick that was read was read too.
     */
    private boolean isSurelyEmpty(String topic, List<String> problems) {
        return topic.equals(topics.actionsHome())
                && problems.stream().noneMatch(p -> p.startsWith(topics.subjectLog()));
    }

    /** Whether the application has read anything, and its state was not given up since. */
    boolean hasState(Admin admin) {
        return await(
                        admin.listTopics(new ListTopicsOptions().listInternal(true))
                                .names(),
                        "read")
                .contains(changelog);
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
