package dev.tally.streams.query;

import dev.tally.schemas.topics.Topics;
import dev.tally.streams.state.Freshness.Stage;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.stream.Collectors;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.streams.StreamsMetadata;
import org.apache.kafka.streams.state.HostInfo;

/** What Kafka Streams tells of the instances, made by hand. */
final class KnownInstances {

    static final Topics TOPICS = new Topics("", 3, 3);
    static final HostInfo SELF = new HostInfo("self", 1);

    private final List<StreamsMetadata> instances = new ArrayList<>();

    /** What an instance works on, and what it keeps copies of. */
    KnownInstances with(String host, Set<Part> active, Set<Part> standby) {
        instances.add(new Instance(new HostInfo(host, 1), inputs(active), inputs(standby)));
        return this;
    }

    void clear() {
        instances.clear();
    }

    Owners owners() {
        return new Owners(this::now, SELF, TOPICS);
    }

    private Collection<StreamsMetadata> now() {
        return List.copyOf(instances);
    }

    private static Set<TopicPartition> inputs(Set<Part> parts) {
        return parts.stream().flatMap(part -> inputs(part).stream()).collect(Collectors.toCollection(HashSet::new));
    }

    private static List<TopicPartition> inputs(Part part) {
        return part.stage() == Stage.INTAKE
                ? List.of(
                        new TopicPartition(TOPICS.actions(), part.partition()),
                        new TopicPartition(TOPICS.actionsHome(), part.partition()))
                : List.of(new TopicPartition(TOPICS.subjectLog(), part.partition()));
    }

    private record Instance(
            HostInfo hostInfo, Set<TopicPartition> topicPartitions, Set<TopicPartition> standbyTopicPartitions)
            implements StreamsMetadata {

        @Override
        public Set<String> stateStoreNames() {
            return Set.of();
        }

        @Override
        public Set<String> standbyStateStoreNames() {
            return Set.of();
        }

        @Override
        public String host() {
            return hostInfo.host();
        }

        @Override
        public int port() {
            return hostInfo.port();
        }
    }
}
