package dev.tally.streams.app;

import dev.tally.schemas.topics.Installation;
import dev.tally.schemas.topics.TopicReader;
import dev.tally.schemas.topics.Topics;
import dev.tally.streams.state.StoreNames;
import java.time.Duration;
import java.util.HashMap;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Future;
import java.util.concurrent.locks.LockSupport;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.ListTopicsOptions;
import org.apache.kafka.clients.admin.OffsetSpec;
import org.apache.kafka.clients.consumer.OffsetAndMetadata;
import org.apache.kafka.common.KafkaException;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.errors.InterruptException;

/**
 * Gives up the state of an application, so that its next start makes it again from {@code actions} and the catalogue.
 *
 * <p>In an order in which a reset that was cut off is noticed: an application whose state is gone, and whose input is not set back, does
 * not start. The same reset again completes it.
 */
public final class Reset {

    private static final Duration DELETED_WITHIN = Duration.ofSeconds(30);
    private static final Duration LOOK_EVERY = Duration.ofMillis(100);

    private final Admin admin;
    private final Map<String, Object> client;
    private final Topics topics;
    private final String applicationId;

    /**
     * @param client settings for Kafka clients, with {@code bootstrap.servers}
     * @param applicationId of the application, which is also its group
     */
    public Reset(Admin admin, Map<String, Object> client, Topics topics, String applicationId) {
        this.admin = admin;
        this.client = Map.copyOf(client);
        this.topics = topics;
        this.applicationId = applicationId;
    }

    /** How many instances are running, or were until less than a session time-out ago; a reset needs none. */
    public int members() {
        return GroupMembers.count(admin, applicationId);
    }

    /** The changelogs that are there: what is to be deleted. */
    public Set<String> changelogs() {
        Set<String> found = new TreeSet<>(await(
                admin.listTopics(new ListTopicsOptions().listInternal(true)).names()));
        found.retainAll(StoreNames.LOGGED.stream()
                .map(store -> applicationId + "-" + store + "-changelog")
                .toList());
        return found;
    }

    /** The first offsets of {@code actions} that are still there, by partition: what lies before them cannot be counted again. */
    public Map<Integer, Long> beginnings() {
        return new TopicReader(client).beginnings(topics.actions());
    }

    /**
     * Does it.
     *
     * @throws KafkaException when brokers cannot be reached or refuse, or instances are running; may be tried again
     */
    public void run() {
        await(admin.deleteTopics(changelogs()).all());
        awaitDeleted();
        Installation.noteReset(client, topics);
        // What is in them was made from what is read again.
        setTo(OffsetSpec.latest(), topics.subjectLog(), topics.actionsHome());
        setTo(
                OffsetSpec.earliest(),
                topics.meters(),
                topics.plans(),
                topics.subscriptions(),
                topics.grants(),
                topics.memberships());
        setTo(OffsetSpec.earliest(), topics.actions());
    }

    /** Brokers list what was deleted for a moment longer: who starts meanwhile would wait for topics that are gone. */
    private void awaitDeleted() {
        long began = System.nanoTime();
        while (!changelogs().isEmpty()) {
            if (System.nanoTime() - began > DELETED_WITHIN.toNanos()) {
                throw new KafkaException("brokers still list " + changelogs() + ", which were deleted");
            }
            LockSupport.parkNanos(LOOK_EVERY.toNanos());
        }
    }

    /** Ends are those of all records, also of transactions that are still open: they are of the state that is given up. */
    private void setTo(OffsetSpec spec, String... names) {
        TopicReader reader = new TopicReader(client);
        Map<TopicPartition, OffsetSpec> asked = new HashMap<>();
        for (String name : names) {
            reader.beginnings(name).keySet().forEach(partition -> asked.put(new TopicPartition(name, partition), spec));
        }
        Map<TopicPartition, OffsetAndMetadata> positions = new HashMap<>();
        await(admin.listOffsets(asked).all())
                .forEach((partition, at) -> positions.put(partition, new OffsetAndMetadata(at.offset())));
        await(admin.alterConsumerGroupOffsets(applicationId, positions).all());
    }

    private static <T> T await(Future<T> future) {
        try {
            return future.get();
        } catch (ExecutionException e) {
            throw e.getCause() instanceof KafkaException cause ? cause : new KafkaException(e.getCause());
        } catch (InterruptedException e) {
            throw new InterruptException(e);
        }
    }
}
