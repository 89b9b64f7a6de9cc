package dev.tally.sink.delivery;

import dev.tally.schemas.serde.RecordSerde;
import java.nio.charset.StandardCharsets;
import org.apache.avro.specific.SpecificRecord;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.header.internals.RecordHeaders;

/**
 * A ledger: what became of the records of an input topic, in partitions of the same numbers.
 *
 * @param <E> its entries
 */
public record LedgerTopic<E extends SpecificRecord>(String name, RecordSerde<E> serde) {
    /** An entry as it is written. */
    public ProducerRecord<byte[], byte[]> record(int partition, String key, E entry) {
        return record(partition, key.getBytes(StandardCharsets.UTF_8), entry);
    }

    /** The same under a key that is no text. */
    ProducerRecord<byte[], byte[]> record(int partition, byte[] key, E entry) {
        RecordHeaders headers = new RecordHeaders();
        byte[] value = serde.serializer().serialize(name, headers, entry);
        return new ProducerRecord<>(name, partition, key, value, headers);
    }

    /** Settles the schema with the registry, so that no transaction waits for it. */
    void prepare() {
        serde.prepare(name);
    }
}
