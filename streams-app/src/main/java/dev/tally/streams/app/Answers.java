package dev.tally.streams.app;

import dev.tally.schemas.topics.Topics;
import dev.tally.streams.query.ForwardedReads;
import dev.tally.streams.query.InstanceClient;
import dev.tally.streams.query.LocalAnswers;
import dev.tally.streams.query.Owners;
import dev.tally.streams.query.RoutedQueries;
import dev.tally.streams.query.StoreUsageQueries;
import java.time.Duration;
import java.time.InstantSource;
import org.apache.kafka.streams.KafkaStreams;
import org.apache.kafka.streams.state.HostInfo;

/**
 * All ways to have questions answered.
 *
 * @param stores from the state that this instance works on
 * @param local the same and its copies of others', for other instances
 * @param owners which instance keeps what
 * @param anywhere from whichever instance can tell
 * @param forwarded how many questions had to go elsewhere
 * @param others the way there
 */
record Answers(
        StoreUsageQueries stores,
        LocalAnswers local,
        Owners owners,
        RoutedQueries anywhere,
        ForwardedReads forwarded,
        InstanceClient others)
        implements AutoCloseable {

    /**
     * Answers of a running topology.
     *
     * @param self the {@code application.server} of this instance
     * @param others the way to other instances, closed with this
     */
    static Answers of(
            KafkaStreams streams,
            String self,
            InstanceClient others,
            Topics topics,
            StoreUsageQueries.Topology state,
            Duration retention,
            InstantSource clock) {
        StoreUsageQueries stores = new StoreUsageQueries(streams, topics, state, retention, clock);
        LocalAnswers local = new LocalAnswers(stores, streams, topics);
        Owners owners = new Owners(streams, HostInfo.buildFromEndpoint(self), topics);
        ForwardedReads forwarded = new ForwardedReads();
        return new Answers(
                stores,
                local,
                owners,
                new RoutedQueries(owners, topics, local, others, forwarded, clock),
                forwarded,
                others);
    }

    @Override
    public void close() {
        others.close();
    }
}
