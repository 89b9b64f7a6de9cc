package dev.tally.bench.measure;

import dev.tally.bench.workload.ActionEncoder;
import dev.tally.bench.workload.BenchAction;
import dev.tally.bench.workload.Workload;
import java.nio.charset.StandardCharsets;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.locks.LockSupport;
import java.util.function.IntFunction;
import org.apache.kafka.clients.producer.Producer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.clients.producer.RecordMetadata;

/** Steady traffic, in slices of five milliseconds, on a thread of its own. */
final class Traffic implements AutoCloseable {
    /** How long a burst lasts. */
    static final int BURST_SECONDS = 15;

    private static final int BURST_RATE = 50_000;
    private static final long SLICE_NANOS = 5_000_000;

    private final Bed bed;
    private final IntFunction<BenchAction> actions;
    private final Producer<byte[], byte[]> producer;
    private final ActionEncoder encoder;
    private final Thread thread;
    private volatile int rate;
    private final AtomicLong sent = new AtomicLong();
    private volatile boolean stopped;

    /**
     * Traffic that has yet to get a rate.
     *
     * @param actions the action at a position, asked for right before it is sent; it is sent as one of that moment
     */
    Traffic(Bed bed, IntFunction<BenchAction> actions) {
        this.bed = bed;
        this.actions = actions;
        this.producer = Bed.producer(bed.stack(), 5);
        this.encoder = new ActionEncoder(bed.schemaId());
        this.thread = Thread.ofPlatform().name("traffic").daemon().start(this::run);
    }

    /** A workload's actions, over and over. */
    static Traffic of(Bed bed, Workload workload) {
        return new Traffic(
                bed, position -> workload.record(position % workload.spec().records()));
    }

    void rate(int perSecond) {
        rate = perSecond;
    }

    /** A burst to begin with, which is worked off. */
    void burst(GroupClock clock) {
        rate(BURST_RATE);
        LockSupport.parkNanos(BURST_SECONDS * 1_000_000_000L);
        rate(0);
        clock.awaitEnd(bed.cluster().topics().actions());
    }

    long sent() {
        return sent.get();
    }

    private void run() {
        double due = 0;
        long last = System.nanoTime();
        int position = 0;
        while (!stopped) {
            LockSupport.parkNanos(SLICE_NANOS);
            long now = System.nanoTime();
            due += (now - last) / 1e9 * rate;
            last = now;
            long at = System.currentTimeMillis();
            for (; due >= 1; due--) {
                var action = actions.apply(position++).at(at);
                Future<RecordMetadata> unused = producer.send(new ProducerRecord<>(
                        bed.cluster().topics().actions(),
                        action.userId().getBytes(StandardCharsets.UTF_8),
                        encoder.encode(action)));
                sent.incrementAndGet();
            }
        }
    }

    @Override
    public void close() {
        stopped = true;
        try {
            thread.join();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
        producer.close();
    }
}
