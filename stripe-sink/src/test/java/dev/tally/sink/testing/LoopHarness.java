package dev.tally.sink.testing;

import static org.assertj.core.api.Assertions.assertThat;

import dev.tally.schemas.serde.RecordSerde;
import dev.tally.schemas.serde.RecordSerdes;
import dev.tally.sink.delivery.CrashPoints.Point;
import dev.tally.sink.delivery.LifeRunner;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.Function;
import java.util.function.Supplier;
import org.apache.avro.specific.SpecificRecord;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.header.internals.RecordHeaders;
import org.apache.kafka.common.serialization.ByteArraySerializer;
import org.awaitility.Awaitility;
import org.awaitility.core.ThrowingRunnable;
import org.jspecify.annotations.Nullable;

/**
 * Topics of one test, what is in them, and lives of a part of the sink that work on them by a clock that the test moves. Names of topics and
 * groups are the test's own, so tests can share a broker at the same time.
 */
public abstract class LoopHarness implements AutoCloseable {
    /** Partitions of each topic. */
    public static final int PARTITIONS = 2;

    private static final AtomicInteger harnesses = new AtomicInteger();

    static {
        Awaitility.setDefaultTimeout(Duration.ofSeconds(30));
        Awaitility.setDefaultPollInterval(Duration.ofMillis(20));
        Awaitility.setDefaultPollDelay(Duration.ZERO);
    }

    private final KafkaBroker broker;
    private final String name = "t" + harnesses.incrementAndGet();
    private final RecordSerdes serdes;
    private final KafkaProducer<byte[], byte[]> producer;
    private final Instant begin;
    private final long begunAt = System.nanoTime();
    private final AtomicReference<Duration> ahead = new AtomicReference<>(Duration.ZERO);
    private final Map<String, Object> extraKafka = new HashMap<>();
    private final List<LifeRunner> runners = new ArrayList<>();
    private final List<String> heard = new CopyOnWriteArrayList<>();
    private final AtomicReference<@Nullable Point> endAt = new AtomicReference<>();
    private volatile @Nullable CountDownLatch standStill;

    private static final class SimulatedCrash extends RuntimeException {
        private static final long serialVersionUID = 1L;
    }

    /** @param begin time of the clock of all lives, now */
    protected LoopHarness(TestKafka kafka, Instant begin) {
        this.broker = kafka.broker();
        this.begin = begin;
        this.serdes =
                new RecordSerdes(Map.of("schema.registry.url", kafka.registry().url(), "auto.register.schemas", true));
        this.producer =
                new KafkaProducer<>(broker.clientConfig(), new ByteArraySerializer(), new ByteArraySerializer());
    }

    /** A name of this test's own. */
    protected final String named(String kind) {
        return name + "-" + kind;
    }

    /** Of the broker. */
    protected final KafkaBroker broker() {
        return broker;
    }

    /** With the registry of the test. */
    protected final RecordSerdes serdes() {
        return serdes;
    }

    /** Client settings of the lives that are started from here on. */
    protected final Map<String, Object> kafka() {
        Map<String, Object> kafka = new HashMap<>(broker.clientConfig());
        kafka.putAll(extraKafka);
        return kafka;
    }

    /** The clock of all lives. */
    protected final InstantSource clock() {
        return () -> begin.plusNanos(System.nanoTime() - begunAt).plus(ahead.get());
    }

    /** All lives take it to be so much later. */
    public final void passTime(Duration more) {
        ahead.updateAndGet(before -> before.plus(more));
    }

    /** Lives that are started from here on lose their partitions soon where they do not poll. */
    public final void loseSoon() {
        extraKafka.put("max.poll.interval.ms", 2_000);
        extraKafka.put("heartbeat.interval.ms", 100);
    }

    /** Lets the next life that reaches {@code point} end there, once. */
    public final void crashOnceAt(Point point) {
        standStill = null;
        endAt.set(point);
    }

    /** Lets the next life that reaches {@code point} stand still there, once, until the latch is counted down. */
    public final CountDownLatch standStillOnceAt(Point point) {
        CountDownLatch awake = new CountDownLatch(1);
        standStill = awake;
        endAt.set(point);
        return awake;
    }

    /** Whether a life has reached the point that was set. */
    public final boolean crashed() {
        return endAt.get() == null;
    }

    /** To be told of crash points. */
    protected final void reached(Point point) {
        if (endAt.compareAndSet(point, null)) {
            CountDownLatch awake = standStill;
            if (awake == null) {
                throw new SimulatedCrash();
            }
            awaitThrough(awake);
        }
    }

    /** Waits, and is not to be interrupted. */
    public static void awaitThrough(CountDownLatch latch) {
        boolean interrupted = false;
        while (true) {
            try {
                latch.await();
                break;
            } catch (InterruptedException goesOn) {
                interrupted = true;
            }
        }
        if (interrupted) {
            Thread.currentThread().interrupt();
        }
    }

    /** Starts to live, until the test is over or before. */
    protected final LifeRunner live(String part, Supplier<LifeRunner.Life> life) {
        LifeRunner runner = LifeRunner.start(part, life, clock(), heard::add, () -> heard.add("gave up"));
        runners.add(runner);
        return runner;
    }

    /** How many lives were started by the test. */
    protected final int started() {
        return runners.size();
    }

    /** What listeners heard, and why lives ended, as text. */
    public final List<String> heard() {
        return heard;
    }

    /** Whether some life has failed, be it that the next one went on. */
    public final boolean hasFailed() {
        return heard.stream().anyMatch(what -> what.contains("failed and starts again"));
    }

    /** Publishes a record and returns its bytes. */
    @SuppressWarnings("unchecked")
    protected final <T extends SpecificRecord> byte[] publish(String topic, String key, T record) throws Exception {
        RecordSerde<T> serde = serdes.of((Class<T>) record.getClass());
        byte[] value = serde.serializer().serialize(topic, new RecordHeaders(), record);
        publishBytes(topic, key, value);
        return value;
    }

    /** Publishes what need not be a record. */
    protected final void publishBytes(String topic, String key, byte @Nullable [] value) throws Exception {
        publish(new ProducerRecord<>(topic, key.getBytes(StandardCharsets.UTF_8), value));
    }

    /** Publishes a record as it is. */
    protected final void publish(ProducerRecord<byte[], byte[]> record) throws Exception {
        producer.send(record).get(30, TimeUnit.SECONDS);
    }

    /** Waits for an assertion to hold. */
    public static void await(ThrowingRunnable assertion) {
        Awaitility.await().untilAsserted(assertion);
    }

    /** Fails where a group has not committed all that a topic has. */
    protected final void assertCommitted(String group, String topic) throws Exception {
        Map<Integer, Long> committed = broker.committed(group);
        for (int partition = 0; partition < PARTITIONS; partition++) {
            assertThat(committed.getOrDefault(partition, 0L))
                    .as("offset of partition " + partition)
                    .isEqualTo(broker.end(topic, partition));
        }
    }

    /** Something of each record of a topic, by key, in order. */
    protected final <T> Map<String, List<T>> byKey(String topic, Function<Read, T> what) throws Exception {
        Map<String, List<T>> all = new LinkedHashMap<>();
        for (Read read : broker.readAll(topic)) {
            all.computeIfAbsent(read.key(), unused -> new ArrayList<>()).add(what.apply(read));
        }
        return all;
    }

    /** The partition of each key of a topic. */
    protected final Map<String, Integer> partitions(String topic) throws Exception {
        Map<String, Integer> partitions = new HashMap<>();
        broker.readAll(topic).forEach(read -> partitions.put(read.key(), read.partition()));
        return partitions;
    }

    /** Stops all lives. */
    @Override
    public void close() {
        CountDownLatch awake = standStill;
        if (awake != null) {
            awake.countDown();
        }
        for (LifeRunner runner : runners) {
            try {
                runner.stop();
            } catch (InterruptedException interrupted) {
                Thread.currentThread().interrupt();
            }
        }
        producer.close();
        serdes.close();
    }
}
