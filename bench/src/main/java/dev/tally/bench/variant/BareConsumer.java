package dev.tally.bench.variant;

import com.sun.management.OperatingSystemMXBean;
import dev.tally.bench.workload.Sum;
import dev.tally.schemas.ActionEvent;
import java.lang.management.ManagementFactory;
import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CountDownLatch;
import org.apache.kafka.clients.consumer.ConsumerConfig;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.serialization.ByteArrayDeserializer;

/**
 * Variant A, the ceiling: one thread, a consumer, every record decoded, two hash maps with day counts. No state that survives, no
 * exactly-once, no deduplication. It reads the topic once to get warm and once for the figures.
 */
public final class BareConsumer {

    private static final long DAY_MILLIS = 86_400_000;
    private static final int DAYS = 8;

    private final String topic;
    private final KafkaConsumer<byte[], byte[]> consumer;
    private final ActionDecoder decoder = new ActionDecoder();
    private final Map<String, long[]> users = new HashMap<>();
    private final Map<String, long[]> orgs = new HashMap<>();
    private final long firstDay;

    private volatile String phase = Findings.WARMING;
    private volatile double seconds;
    private volatile double cpuSeconds;
    private volatile long records;

    private BareConsumer(String bootstrapServers, String topic, long endMillis) {
        this.topic = topic;
        this.firstDay = Math.floorDiv(endMillis, DAY_MILLIS) - DAYS + 1;
        this.consumer = new KafkaConsumer<>(
                Map.of(
                        ConsumerConfig.BOOTSTRAP_SERVERS_CONFIG,
                        bootstrapServers,
                        ConsumerConfig.ENABLE_AUTO_COMMIT_CONFIG,
                        false,
                        ConsumerConfig.MAX_POLL_RECORDS_CONFIG,
                        5_000),
                new ByteArrayDeserializer(),
                new ByteArrayDeserializer());
    }

    /** @param args bootstrap servers, topic, HTTP port, end of the workload in milliseconds since the epoch */
    public static void main(String[] args) throws InterruptedException {
        BareConsumer program = new BareConsumer(args[0], args[1], Long.parseLong(args[3]));
        VariantServer.start(Integer.parseInt(args[2]), () -> program.phase, program::findings);
        long unused = program.pass();
        program.users.clear();
        program.orgs.clear();
        program.timedPass();
        new CountDownLatch(1).await();
    }

    private void timedPass() {
        phase = Findings.COUNTING;
        OperatingSystemMXBean system = (OperatingSystemMXBean) ManagementFactory.getOperatingSystemMXBean();
        long cpu = system.getProcessCpuTime();
        long begun = System.nanoTime();
        records = pass();
        seconds = (System.nanoTime() - begun) / 1e9;
        cpuSeconds = (system.getProcessCpuTime() - cpu) / 1e9;
        phase = Findings.DONE;
    }

    private long pass() {
        List<TopicPartition> partitions = consumer.partitionsFor(topic).stream()
                .map(info -> new TopicPartition(topic, info.partition()))
                .toList();
        consumer.assign(partitions);
        consumer.seekToBeginning(partitions);
        long wanted = consumer.endOffsets(partitions).values().stream()
                .mapToLong(Long::longValue)
                .sum();
        long read = 0;
        while (read < wanted) {
            for (ConsumerRecord<byte[], byte[]> record : consumer.poll(Duration.ofMillis(200))) {
                count(decoder.decode(record.value()));
                read++;
            }
        }
        return read;
    }

    private void count(ActionEvent event) {
        int day = Math.toIntExact(Math.floorDiv(event.getOccurredAt().toEpochMilli(), DAY_MILLIS) - firstDay);
        users.computeIfAbsent(event.getUserId(), any -> new long[DAYS])[day]++;
        if (event.getOrgId() != null) {
            orgs.computeIfAbsent(event.getOrgId(), any -> new long[DAYS])[day]++;
        }
    }

    private Findings findings() {
        long heap = VariantServer.heapBytes();
        return new Findings(phase, records, seconds, cpuSeconds, sum("user:", users), sum("org:", orgs), heap);
    }

    private Sum sum(String kind, Map<String, long[]> counts) {
        Sum sum = Sum.NONE;
        for (Map.Entry<String, long[]> entry : counts.entrySet()) {
            for (int day = 0; day < DAYS; day++) {
                sum = sum.plus(kind + entry.getKey(), (firstDay + day) * DAY_MILLIS, entry.getValue()[day]);
            }
        }
        return sum;
    }
}
