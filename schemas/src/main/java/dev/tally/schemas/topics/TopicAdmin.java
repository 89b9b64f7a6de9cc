package dev.tally.schemas.topics;

import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.TreeSet;
import java.util.concurrent.ExecutionException;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.Config;
import org.apache.kafka.clients.admin.NewTopic;
import org.apache.kafka.clients.admin.OffsetSpec;
import org.apache.kafka.clients.admin.TopicDescription;
import org.apache.kafka.common.KafkaException;
import org.apache.kafka.common.KafkaFuture;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.config.ConfigResource;
import org.apache.kafka.common.config.TopicConfig;
import org.apache.kafka.common.errors.InterruptException;
import org.apache.kafka.common.errors.TopicExistsException;
import org.apache.kafka.common.errors.UnknownTopicOrPartitionException;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Creates topics and reports where they differ from what Tally needs. Never changes or deletes a topic that is there. Errors of the
 * broker come out as Kafka's own exceptions.
 */
public final class TopicAdmin {

    private static final Logger log = LoggerFactory.getLogger(TopicAdmin.class);
    private static final Duration LISTED_WITHIN = Duration.ofMinutes(1);
    private static final Duration PAUSE = Duration.ofMillis(50);

    private final Admin admin;

    public TopicAdmin(Admin admin) {
        this.admin = admin;
    }

    /**
     * One difference between a topic and its spec.
     *
     * @param topic full name
     * @param what {@code topic}, {@code partitions} or the name of a topic setting
     * @param expected as the spec says
     * @param actual as the broker says
     */
    public record Drift(String topic, String what, String expected, String actual) {}

    /**
     * Creates the topics that are missing, and returns once each of their partitions can be written. Brokers list a new partition before
     * they accept records for it; a producer that sends several batches meanwhile may have the second accepted after the first was
     * refused, and the first never is, until its delivery times out (<a href="https://issues.apache.org/jira/browse/KAFKA-15591">
     * KAFKA-15591</a>, in Kafka 4.3 still).
     *
     * @param replicationFactor replicas, or -1 for the broker's default
     * @return names of the topics created, in order
     */
    public List<String> apply(List<TopicSpec> specs, short replicationFactor) {
        List<NewTopic> wanted = new ArrayList<>();
        Map<String, KafkaFuture<TopicDescription>> present = describe(specs);
        for (TopicSpec spec : specs) {
            if (found(present, spec).isEmpty()) {
                wanted.add(new NewTopic(
                                spec.name(),
                                Optional.of(spec.partitions()),
                                replicationFactor < 0 ? Optional.empty() : Optional.of(replicationFactor))
                        .configs(spec.configs()));
            }
        }
        Map<String, KafkaFuture<Void>> results = admin.createTopics(wanted).values();
        List<String> created = new ArrayList<>();
        for (NewTopic topic : wanted) {
            try {
                get(required(results, topic.name()));
                created.add(topic.name());
            } catch (TopicExistsException e) {
                log.atDebug().addKeyValue("topic", topic.name()).log("another process created the topic meanwhile");
            }
        }
        awaitLeaders(wanted);
        return created;
    }

    /** Only a leader that has its log knows where that ends; until then the client asks again, except for topics that no broker lists. */
    private void awaitLeaders(List<NewTopic> topics) {
        Map<TopicPartition, OffsetSpec> ends = new HashMap<>();
        for (NewTopic topic : topics) {
            for (int partition = 0; partition < topic.numPartitions(); partition++) {
                ends.put(new TopicPartition(topic.name(), partition), OffsetSpec.latest());
            }
        }
        long begun = System.nanoTime();
        boolean there = false;
        while (!there) {
            try {
                get(admin.listOffsets(ends).all());
                there = true;
            } catch (UnknownTopicOrPartitionException unlisted) {
                if (System.nanoTime() - begun > LISTED_WITHIN.toNanos()) {
                    throw unlisted;
                }
                pause();
            }
        }
    }

    private static void pause() {
        try {
            Thread.sleep(PAUSE);
        } catch (InterruptedException e) {
            throw new InterruptException(e);
        }
    }

    /** Every difference between the topics and their specs; empty when all is well. Compares only the settings a spec names. */
    public List<Drift> check(List<TopicSpec> specs) {
        List<Drift> drift = new ArrayList<>();
        List<TopicSpec> present = new ArrayList<>();
        Map<String, KafkaFuture<TopicDescription>> descriptions = describe(specs);
        for (TopicSpec spec : specs) {
            Optional<TopicDescription> description = found(descriptions, spec);
            if (description.isEmpty()) {
                drift.add(new Drift(spec.name(), "topic", "present", "missing"));
                continue;
            }
            present.add(spec);
            int partitions = description.get().partitions().size();
            if (partitions != spec.partitions()) {
                drift.add(new Drift(
                        spec.name(), "partitions", Integer.toString(spec.partitions()), Integer.toString(partitions)));
            }
        }
        drift.addAll(checkConfigs(present));
        return drift;
    }

    private List<Drift> checkConfigs(List<TopicSpec> specs) {
        Map<String, ConfigResource> resources = new HashMap<>();
        specs.forEach(spec -> resources.put(spec.name(), new ConfigResource(ConfigResource.Type.TOPIC, spec.name())));
        Map<ConfigResource, KafkaFuture<Config>> results =
                admin.describeConfigs(resources.values()).values();
        List<Drift> drift = new ArrayList<>();
        for (TopicSpec spec : specs) {
            Config config = get(required(results, required(resources, spec.name())));
            for (String key : new TreeSet<>(spec.configs().keySet())) {
                String expected = required(spec.configs(), key);
                String actual =
                        config.get(key) == null ? "(none)" : config.get(key).value();
                if (!normal(key, expected).equals(normal(key, actual))) {
                    drift.add(new Drift(spec.name(), key, expected, actual));
                }
            }
        }
        return drift;
    }

    private Map<String, KafkaFuture<TopicDescription>> describe(List<TopicSpec> specs) {
        return admin.describeTopics(specs.stream().map(TopicSpec::name).toList())
                .topicNameValues();
    }

    private static Optional<TopicDescription> found(
            Map<String, KafkaFuture<TopicDescription>> descriptions, TopicSpec spec) {
        try {
            return Optional.of(get(required(descriptions, spec.name())));
        } catch (UnknownTopicOrPartitionException e) {
            return Optional.empty();
        }
    }

    private static String normal(String key, String value) {
        if (key.equals(TopicConfig.CLEANUP_POLICY_CONFIG)) {
            return String.join(",", new TreeSet<>(Arrays.asList(value.split(","))));
        }
        return value;
    }

    private static <K, V> V required(Map<K, V> map, K key) {
        return Objects.requireNonNull(map.get(key), () -> "no answer for " + key);
    }

    private static <T> T get(KafkaFuture<T> future) {
        try {
            return future.get();
        } catch (InterruptedException e) {
            throw new InterruptException(e);
        } catch (ExecutionException e) {
            if (e.getCause() instanceof RuntimeException cause) {
                throw cause;
            }
            throw new KafkaException(e.getCause());
        }
    }
}
