package dev.tally.cli;

import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.consumer.OffsetAndMetadata;
import org.apache.kafka.common.TopicPartition;

/** Waits until a consumer group has processed all that a topic holds at the moment. */
final class CaughtUp {

    private static final Duration STUCK_AFTER = Duration.ofSeconds(10);
    /** Offsets behind the end up to which it is worth looking whether there is any record. */
    private static final long FEW = 10_000;

    private final Servers servers;
    private final Admin admin;
    private final String group;

    CaughtUp(Servers servers, Admin admin, String group) {
        this.servers = servers;
        this.admin = admin;
        this.group = group;
    }

    /**
     * Waits for one topic after the other, so that what the first causes in the next is waited for too; false once the group makes no
     * progress any more.
     */
    boolean await(List<String> topics) {
        return topics.stream().allMatch(topic -> await(topic, servers.reader().ends(topic)));
    }

    private boolean await(String topic, Map<Integer, Long> ends) {
        Map<Integer, Long> before = Map.of();
        long progressAt = System.nanoTime();
        CountDownLatch pause = new CountDownLatch(1);
        while (true) {
            Map<Integer, Long> committed = committed(topic);
            if (isRead(topic, committed, ends)) {
                return true;
            }
            if (!committed.equals(before)) {
                before = committed;
                progressAt = System.nanoTime();
            } else if (System.nanoTime() - progressAt > STUCK_AFTER.toNanos()) {
                return false;
            }
            try {
                boolean unused = pause.await(200, TimeUnit.MILLISECONDS);
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
                return false;
            }
        }
    }

    /** Behind the group's position there may be the ends of transactions, which are no records. */
    private boolean isRead(String topic, Map<Integer, Long> committed, Map<Integer, Long> ends) {
        Map<Integer, Long> open = new TreeMap<>(ends);
        open.entrySet().removeIf(end -> behind(committed, end) <= 0);
        if (open.entrySet().stream().anyMatch(end -> behind(committed, end) > FEW)) {
            return false;
        }
        long[] records = {0};
        servers.reader().read(topic, committed, open, record -> records[0]++);
        return records[0] == 0;
    }

    private static long behind(Map<Integer, Long> committed, Map.Entry<Integer, Long> end) {
        return end.getValue() - committed.getOrDefault(end.getKey(), 0L);
    }

    private Map<Integer, Long> committed(String topic) {
        Map<TopicPartition, OffsetAndMetadata> offsets;
        try {
            offsets = admin.listConsumerGroupOffsets(group)
                    .partitionsToOffsetAndMetadata()
                    .get();
        } catch (ExecutionException e) {
            throw new Exit(Exit.UNREACHABLE, "cannot read the positions of " + group + ": " + e.getCause());
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new Exit(Exit.UNREACHABLE, "interrupted");
        }
        Map<Integer, Long> committed = new TreeMap<>();
        offsets.forEach((partition, offset) -> {
            if (partition.topic().equals(topic) && offset != null) {
                committed.put(partition.partition(), offset.offset());
            }
        });
        return committed;
    }
}
