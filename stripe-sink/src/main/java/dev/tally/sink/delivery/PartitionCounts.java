package dev.tally.sink.delivery;

import java.time.Duration;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.DescribeTopicsOptions;
import org.apache.kafka.clients.admin.TopicDescription;
import org.apache.kafka.common.KafkaException;
import org.apache.kafka.common.KafkaFuture;
import org.apache.kafka.common.errors.UnknownTopicOrPartitionException;

/** How many partitions the topics have that are there. */
public final class PartitionCounts {
    private final Collection<String> names;
    private final Map<String, Integer> counts = new TreeMap<>();

    private PartitionCounts(Collection<String> names) {
        this.names = names;
    }

    /**
     * Asks the broker once.
     *
     * @param patience how long its answer is waited for
     * @throws KafkaException if it does not answer
     */
    public static PartitionCounts of(Admin admin, Collection<String> names, Duration patience)
            throws InterruptedException {
        PartitionCounts counted = new PartitionCounts(List.copyOf(names));
        DescribeTopicsOptions options = new DescribeTopicsOptions().timeoutMs(Math.toIntExact(patience.toMillis()));
        Map<String, KafkaFuture<TopicDescription>> described =
                admin.describeTopics(names, options).topicNameValues();
        for (Map.Entry<String, KafkaFuture<TopicDescription>> topic : described.entrySet()) {
            try {
                TopicDescription description = topic.getValue().get(patience.toMillis() * 2, TimeUnit.MILLISECONDS);
                counted.counts.put(topic.getKey(), description.partitions().size());
            } catch (ExecutionException failure) {
                Throwable cause = failure.getCause();
                if (!(cause instanceof UnknownTopicOrPartitionException)) {
                    throw new KafkaException(String.valueOf(cause), cause);
                }
            } catch (TimeoutException silent) {
                throw new org.apache.kafka.common.errors.TimeoutException("no answer", silent);
            }
        }
        return counted;
    }

    /** The topics that are not there, in the order they were asked for. */
    public List<String> missing() {
        return names.stream().filter(name -> !counts.containsKey(name)).toList();
    }

    /** What is wrong with an input topic and its ledger, which need equally many partitions; empty where nothing is, or one is missing. */
    public Optional<String> inequality(String input, String ledger) {
        Integer inputs = counts.get(input);
        Integer entries = counts.get(ledger);
        return inputs == null || entries == null || inputs.equals(entries)
                ? Optional.empty()
                : Optional.of(input + " has " + inputs + " partitions and " + ledger + " has " + entries
                        + "; they must be equal, see docs/operations.md");
    }
}
