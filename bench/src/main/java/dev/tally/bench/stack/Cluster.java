package dev.tally.bench.stack;

import dev.tally.schemas.topics.TopicAdmin;
import dev.tally.schemas.topics.TopicSpec;
import dev.tally.schemas.topics.Topics;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Future;
import java.util.concurrent.locks.LockSupport;
import java.util.stream.Collectors;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.ListTopicsOptions;
import org.apache.kafka.common.KafkaException;
import org.apache.kafka.common.errors.InterruptException;

/** The broker's topics. The one of the actions is written once and stays; all others are new for each run. */
public final class Cluster implements AutoCloseable {

    private static final String INTERNAL = "__";
    private static final long PAUSE_NANOS = 20_000_000;

    private final Admin admin;
    private final Topics topics;

    /** The topics of a broker, all under one prefix. */
    public Cluster(String bootstrapServers, Topics topics) {
        this.admin = Admin.create(Map.of("bootstrap.servers", bootstrapServers));
        this.topics = topics;
    }

    /** The client this uses. */
    public Admin admin() {
        return admin;
    }

    /** Tally's topics. */
    public Topics topics() {
        return topics;
    }

    /** Makes all of Tally's topics that are not there. */
    public void create() {
        List<TopicSpec> specs = topics.all();
        new TopicAdmin(admin).apply(specs, (short) 1);
    }

    /** Makes a topic. */
    public void create(String name, int partitions, Map<String, String> config) {
        new TopicAdmin(admin).apply(List.of(new TopicSpec(name, partitions, config)), (short) 1);
    }

    /** Deletes every topic but that of the actions, those that the programs made for themselves too. */
    public void reset() {
        delete(topics.actions());
    }

    /** Deletes every topic. */
    public void clear() {
        delete("");
    }

    private void delete(String except) {
        Set<String> old = names(except);
        get(admin.deleteTopics(old).all().toCompletionStage().toCompletableFuture());
        while (!names(except).isEmpty()) {
            LockSupport.parkNanos(PAUSE_NANOS);
        }
    }

    private Set<String> names(String except) {
        return get(admin.listTopics().names().toCompletionStage().toCompletableFuture()).stream()
                .filter(name -> !name.equals(except) && !name.startsWith(INTERNAL))
                .collect(Collectors.toSet());
    }

    /** Bytes that the broker keeps for all topics but that of the actions, its own included. */
    public long bytes() {
        return bytesByTopic().entrySet().stream()
                .filter(topic -> !topic.getKey().equals(topics.actions()))
                .mapToLong(Map.Entry::getValue)
                .sum();
    }

    /** Bytes that the broker keeps, by topic. The logs of a topic that was deleted may still be there for a while: they do not count. */
    public Map<String, Long> bytesByTopic() {
        Set<String> all = get(admin.listTopics(new ListTopicsOptions().listInternal(true))
                .names()
                .toCompletionStage()
                .toCompletableFuture());
        Map<String, Long> bytes = new TreeMap<>();
        get(admin.describeLogDirs(List.of(1))
                        .allDescriptions()
                        .toCompletionStage()
                        .toCompletableFuture())
                .values()
                .forEach(dirs -> dirs.values()
                        .forEach(dir -> dir.replicaInfos().forEach((partition, replica) -> {
                            if (all.contains(partition.topic())) {
                                bytes.merge(partition.topic(), replica.size(), Long::sum);
                            }
                        })));
        return bytes;
    }

    private static <T> T get(Future<T> future) {
        try {
            return future.get();
        } catch (InterruptedException e) {
            throw new InterruptException(e);
        } catch (ExecutionException e) {
            throw new KafkaException("the broker refuses", e.getCause());
        }
    }

    @Override
    public void close() {
        admin.close();
    }
}
