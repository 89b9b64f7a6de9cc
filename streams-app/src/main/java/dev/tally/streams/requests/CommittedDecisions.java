package dev.tally.streams.requests;

import dev.tally.schemas.AdmissionDecision;
import dev.tally.schemas.serde.Decoded;
import dev.tally.schemas.serde.RecordSerde;
import dev.tally.schemas.serde.RecordSerdes;
import dev.tally.schemas.topics.Topics;
import dev.tally.streams.state.DecisionBoard;
import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.stream.IntStream;
import org.apache.kafka.clients.consumer.ConsumerConfig;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.common.KafkaException;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.errors.WakeupException;
import org.apache.kafka.common.serialization.ByteArrayDeserializer;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Shows the committed decisions of all instances on this one's board, from the moment it starts: whoever asks here learns what another
 * instance decides.
 */
public final class CommittedDecisions implements AutoCloseable {

    private static final Logger log = LoggerFactory.getLogger(CommittedDecisions.class);
    private static final Duration POLL = Duration.ofSeconds(1);
    private static final Duration CLOSE_WITHIN = Duration.ofSeconds(5);
    private static final int RETRY_AFTER_MILLIS = 1_000;

    private final Map<String, Object> config;
    private final String topic;
    private final List<TopicPartition> partitions;
    private final RecordSerde<AdmissionDecision> serde;
    private final DecisionBoard board;
    private final CountDownLatch stop = new CountDownLatch(1);
    private final Thread thread = new Thread(this::run, "admissions-reader");
    private volatile @Nullable KafkaConsumer<byte[], byte[]> consumer;

    /** @param client settings for Kafka clients, with {@code bootstrap.servers} */
    public CommittedDecisions(Map<String, Object> client, Topics topics, RecordSerdes serdes, DecisionBoard board) {
        Map<String, Object> reading = new HashMap<>(client);
        reading.remove(ConsumerConfig.GROUP_ID_CONFIG);
        reading.remove(ConsumerConfig.GROUP_INSTANCE_ID_CONFIG);
        reading.put(ConsumerConfig.ENABLE_AUTO_COMMIT_CONFIG, false);
        reading.put(ConsumerConfig.ISOLATION_LEVEL_CONFIG, "read_committed");
        reading.put(ConsumerConfig.AUTO_OFFSET_RESET_CONFIG, "latest");
        this.config = Map.copyOf(reading);
        this.topic = topics.admissions();
        this.partitions = IntStream.range(0, topics.subjectPartitions())
                .mapToObj(partition -> new TopicPartition(topics.admissions(), partition))
                .toList();
        this.serde = serdes.of(AdmissionDecision.class);
        this.board = board;
        thread.setDaemon(true);
    }

    /** Begins to read. */
    public void start() {
        thread.start();
    }

    private void run() {
        try {
            do {
                try (KafkaConsumer<byte[], byte[]> reading =
                        new KafkaConsumer<>(config, new ByteArrayDeserializer(), new ByteArrayDeserializer())) {
                    consumer = reading;
                    reading.assign(partitions);
                    reading.seekToEnd(partitions);
                    while (stop.getCount() > 0) {
                        reading.poll(POLL).forEach(this::show);
                    }
                } catch (WakeupException stopping) {
                    return;
                } catch (KafkaException e) {
                    // Whoever waits meanwhile for another instance's decision is told to ask again.
                    log.atWarn().setCause(e).log("Decisions of other instances cannot be read; trying again");
                }
            } while (!stop.await(RETRY_AFTER_MILLIS, TimeUnit.MILLISECONDS));
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    private void show(ConsumerRecord<byte[], byte[]> record) {
        switch (serde.decode(topic, record.headers(), record.value())) {
            case Decoded.Read<AdmissionDecision> read -> board.committed(read.value());
            case Decoded.Refused<AdmissionDecision> refused ->
                log.atWarn()
                        .addKeyValue("partition", record.partition())
                        .addKeyValue("offset", record.offset())
                        .addKeyValue("reason", refused.reason())
                        .log("A decision cannot be read");
        }
    }

    @Override
    public void close() {
        stop.countDown();
        KafkaConsumer<byte[], byte[]> reading = consumer;
        if (reading != null) {
            reading.wakeup();
        }
        try {
            if (thread.isAlive() && !thread.join(CLOSE_WITHIN)) {
                log.atWarn().log("The reader of decisions did not stop in time");
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }
}
