package dev.tally.streams.requests;

import dev.tally.schemas.AdmissionDecision;
import dev.tally.schemas.serde.Decoded;
import dev.tally.schemas.serde.RecordSerde;
import dev.tally.schemas.serde.RecordSerdes;
import dev.tally.schemas.topics.TopicReader;
import dev.tally.schemas.topics.Topics;
import dev.tally.streams.state.DecisionBoard;
import dev.tally.streams.state.Repetition;
import java.time.Duration;
import java.util.Collection;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.function.Supplier;
import java.util.stream.IntStream;
import org.apache.kafka.clients.consumer.Consumer;
import org.apache.kafka.clients.consumer.ConsumerConfig;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.InvalidOffsetException;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.common.KafkaException;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.errors.WakeupException;
import org.apache.kafka.common.serialization.ByteArrayDeserializer;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Shows the committed decisions of all instances on this one's board: whoever asks here learns what another instance decides. It begins with
 * the newest from before it started, about as many as the board remembers, and goes on after a failure where it was.
 */
public final class CommittedDecisions implements AutoCloseable {

    private static final Logger log = LoggerFactory.getLogger(CommittedDecisions.class);
    private static final Duration POLL = Duration.ofSeconds(1);
    private static final Duration CLOSE_WITHIN = Duration.ofSeconds(5);
    private static final int RETRY_AFTER_MILLIS = 1_000;

    private final Supplier<Consumer<byte[], byte[]>> consumers;
    private final String topic;
    private final List<TopicPartition> partitions;
    private final RecordSerde<AdmissionDecision> serde;
    private final DecisionBoard board;
    private final CountDownLatch stop = new CountDownLatch(1);
    private final Thread thread = new Thread(this::run, "admissions-reader");
    private volatile @Nullable Consumer<byte[], byte[]> consumer;

    /** How many decisions of a partition from before it began it reads: about as many as the board remembers. */
    private final long recalled;

    /** Of each partition, where what was committed before it began ends; only the reader's thread knows them. */
    private final Map<TopicPartition, Long> begunAt = new HashMap<>();

    /** Of each partition, the offset of what is shown next; only the reader's thread knows them. */
    private final Map<TopicPartition, Long> positions = new HashMap<>();

    /** @param client settings for Kafka clients, with {@code bootstrap.servers} */
    public CommittedDecisions(Map<String, Object> client, Topics topics, RecordSerdes serdes, DecisionBoard board) {
        this(reading(client), topics, serdes, board);
    }

    private static Supplier<Consumer<byte[], byte[]>> reading(Map<String, Object> client) {
        Map<String, Object> reading = TopicReader.settings(client);
        reading.put(ConsumerConfig.AUTO_OFFSET_RESET_CONFIG, "none");
        return () -> new KafkaConsumer<>(reading, new ByteArrayDeserializer(), new ByteArrayDeserializer());
    }

    CommittedDecisions(
            Supplier<Consumer<byte[], byte[]>> consumers, Topics topics, RecordSerdes serdes, DecisionBoard board) {
        this.consumers = consumers;
        this.topic = topics.admissions();
        this.partitions = IntStream.range(0, topics.subjectPartitions())
                .mapToObj(partition -> new TopicPartition(topics.admissions(), partition))
                .toList();
        this.recalled = Math.ceilDiv(DecisionBoard.REMEMBERED, partitions.size());
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
                try (Consumer<byte[], byte[]> reading = consumers.get()) {
                    consumer = reading;
                    reading.assign(partitions);
                    positions.forEach(reading::seek);
                    begin(reading);
                    while (stop.getCount() > 0) {
                        read(reading);
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

    /** Begins a little before the end: what was decided then is not published again for whoever only looks it up here. */
    private void begin(Consumer<byte[], byte[]> reading) {
        List<TopicPartition> begun = partitions.stream()
                .filter(partition -> !positions.containsKey(partition))
                .toList();
        Map<TopicPartition, Long> oldest = reading.beginningOffsets(begun);
        beginAtEnd(reading, begun);
        for (TopicPartition partition : begun) {
            long end = positions.getOrDefault(partition, 0L);
            begunAt.put(partition, end);
            positions.put(partition, Math.max(oldest.getOrDefault(partition, 0L), end - recalled));
            reading.seek(partition, positions.getOrDefault(partition, 0L));
        }
    }

    /** Which offset the end is, is settled at once: whatever fails later, what is committed from now on is not passed over. */
    private void beginAtEnd(Consumer<byte[], byte[]> reading, Collection<TopicPartition> begun) {
        if (!begun.isEmpty()) { // none would mean all
            reading.seekToEnd(begun);
            begun.forEach(partition -> positions.put(partition, reading.position(partition)));
        }
    }

    private void read(Consumer<byte[], byte[]> reading) {
        try {
            for (ConsumerRecord<byte[], byte[]> record : reading.poll(POLL)) {
                TopicPartition partition = new TopicPartition(record.topic(), record.partition());
                show(record, record.offset() < begunAt.getOrDefault(partition, 0L));
                positions.put(partition, record.offset() + 1);
            }
        } catch (InvalidOffsetException gone) {
            log.atWarn()
                    .addKeyValue("partitions", gone.partitions())
                    .log("Decisions were deleted before they were read here; going on at the end");
            beginAtEnd(reading, gone.partitions());
        }
    }

    private void show(ConsumerRecord<byte[], byte[]> record, boolean isFromBefore) {
        switch (serde.decode(topic, record.headers(), record.value())) {
            case Decoded.Read<AdmissionDecision>(AdmissionDecision decision)
            when isFromBefore -> board.recall(decision);
            case Decoded.Read<AdmissionDecision>(AdmissionDecision decision) ->
                Repetition.of(record.headers())
                        .ifPresentOrElse(
                                again -> board.asked(decision, again == Repetition.OVER),
                                () -> board.committed(decision));
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
        Consumer<byte[], byte[]> reading = consumer;
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
