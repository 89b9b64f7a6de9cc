package dev.tally.streams.query;

import dev.tally.keys.Subject;
import dev.tally.schemas.topics.Topics;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Set;
import java.util.function.Function;
import java.util.function.Supplier;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.streams.KafkaStreams;
import org.apache.kafka.streams.StreamsMetadata;
import org.apache.kafka.streams.errors.StreamsException;
import org.apache.kafka.streams.state.HostInfo;

/**
 * Which instance keeps the state of a subject, as of the last rebalance that this instance has heard of. While partitions move, and for as
 * long as a dead instance counts as a member, that is out of date: who is asked may answer that the state is not there.
 */
public final class Owners {

    /** Who keeps something. */
    public sealed interface Owner {

        /** This instance. */
        record Here() implements Owner {}

        /** Another instance, by its {@code application.server}. */
        record At(String host, int port) implements Owner {}

        /** Nobody that this instance knows of. */
        record Nobody() implements Owner {}
    }

    private static final Owner HERE = new Owner.Here();
    private static final Owner NOBODY = new Owner.Nobody();

    private final Supplier<Collection<StreamsMetadata>> instances;
    private final HostInfo self;
    private final Topics topics;

    /** @param self the {@code application.server} of this instance */
    public Owners(KafkaStreams streams, HostInfo self, Topics topics) {
        this(() -> known(streams), self, topics);
    }

    Owners(Supplier<Collection<StreamsMetadata>> instances, HostInfo self, Topics topics) {
        this.instances = instances;
        this.self = self;
        this.topics = topics;
    }

    private static Collection<StreamsMetadata> known(KafkaStreams streams) {
        try {
            return streams.metadataForAllStreamsClients();
        } catch (IllegalStateException | StreamsException notRunning) {
            return List.of();
        }
    }

    /** Who keeps the day counts of a subject, which change first when an action comes. */
    public Owner ofDays(Subject subject) {
        return of(Part.ofDays(subject, topics));
    }

    /** Who keeps all else of a subject: limits, charges, admissions, and an org's days and splits. */
    public Owner ofAccount(Subject subject) {
        return of(Part.ofAccount(subject, topics));
    }

    /** The other instances that keep something that a subject's usage depends on. */
    public Set<Owner.At> elsewhere(Subject subject) {
        return Stream.of(ofDays(subject), ofAccount(subject))
                .filter(Owner.At.class::isInstance)
                .map(Owner.At.class::cast)
                .collect(Collectors.toSet());
    }

    Owner of(Part part) {
        return keepers(part, StreamsMetadata::topicPartitions).stream()
                .findFirst()
                .orElse(NOBODY);
    }

    /** Who keeps copies of a part. */
    List<Owner> standbys(Part part) {
        return keepers(part, StreamsMetadata::standbyTopicPartitions);
    }

    private List<Owner> keepers(Part part, Function<StreamsMetadata, Set<TopicPartition>> kept) {
        TopicPartition input = new TopicPartition(Part.topic(part.stage(), topics), part.partition());
        List<Owner> keepers = new ArrayList<>(1);
        for (StreamsMetadata instance : instances.get()) {
            if (kept.apply(instance).contains(input)) {
                HostInfo at = instance.hostInfo();
                keepers.add(at.equals(self) ? HERE : new Owner.At(at.host(), at.port()));
            }
        }
        return keepers;
    }
}
