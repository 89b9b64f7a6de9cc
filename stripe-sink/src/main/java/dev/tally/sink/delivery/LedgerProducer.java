package dev.tally.sink.delivery;

import java.time.Duration;
import java.util.Collection;
import java.util.Map;
import org.apache.kafka.clients.consumer.CommitFailedException;
import org.apache.kafka.clients.consumer.ConsumerGroupMetadata;
import org.apache.kafka.clients.consumer.OffsetAndMetadata;
import org.apache.kafka.clients.producer.Producer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.TopicPartition;

/** Short transactions: none is open while anything outside is called. */
final class LedgerProducer implements AutoCloseable {
    private final Producer<byte[], byte[]> producer;

    LedgerProducer(Producer<byte[], byte[]> producer) {
        this.producer = producer;
    }

    /** Fences an earlier producer of the same transactional id and ends its open transaction. */
    void open() {
        producer.initTransactions();
    }

    /**
     * Commits records together with where the group stands. So an instance that has lost a partition unawares cannot write for it any
     * more, and its successor, which waits for open offsets before it reads the ledger, sees all that was written before.
     *
     * @param offsets at least those of the partitions that the records are of (KIP-447: the broker refuses them from who is not, or not in
     *     this generation, a member of the group)
     * @param written runs when all is written and nothing is committed
     * @return false, with nothing written, where the group does not take offsets of what this instance knows of it: it is changing, or
     *     has gone on without it
     */
    boolean commit(
            Collection<ProducerRecord<byte[], byte[]>> records,
            Map<TopicPartition, OffsetAndMetadata> offsets,
            ConsumerGroupMetadata group,
            Runnable written) {
        if (offsets.isEmpty()) {
            throw new IllegalArgumentException("nothing is committed without offsets");
        }
        producer.beginTransaction();
        try {
            records.forEach(this::send);
            producer.sendOffsetsToTransaction(offsets, group);
            written.run();
            producer.commitTransaction();
            return true;
        } catch (CommitFailedException groupChanges) {
            producer.abortTransaction();
            return false;
        }
    }

    /** A failed send fails the commit of its transaction, so its future needs no own check. */
    private void send(ProducerRecord<byte[], byte[]> record) {
        var unused = producer.send(record);
    }

    /** Leaves an open transaction to the broker: after a failure nothing of it may be finished. */
    void drop() {
        producer.close(Duration.ZERO);
    }

    @Override
    public void close() {
        producer.close(Duration.ofSeconds(10));
    }
}
