package dev.tally.bench.measure;

import dev.tally.bench.stack.BenchStack;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.AtomicReference;
import org.apache.kafka.clients.producer.Producer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.clients.producer.RecordMetadata;
import org.jspecify.annotations.Nullable;

/** Publishes many records; {@link #close} fails when one of them could not be. */
final class Sender implements AutoCloseable {

    private final Producer<byte[], byte[]> producer;
    private final AtomicReference<@Nullable Exception> failed = new AtomicReference<>();

    Sender(BenchStack stack, int lingerMillis) {
        producer = Bed.producer(stack, lingerMillis);
    }

    /** To the partition of the key. */
    void send(String topic, byte[] key, byte @Nullable [] value) {
        send(new ProducerRecord<>(topic, key, value));
    }

    void send(String topic, int partition, byte[] key, byte[] value) {
        send(new ProducerRecord<>(topic, partition, key, value));
    }

    private void send(ProducerRecord<byte[], byte[]> record) {
        Future<RecordMetadata> unused = producer.send(record, (sent, failure) -> {
            if (failure != null) {
                failed.compareAndSet(null, failure);
            }
        });
    }

    @Override
    public void close() {
        producer.close();
        Exception failure = failed.get();
        if (failure != null) {
            throw new IllegalStateException("a record cannot be published", failure);
        }
    }
}
