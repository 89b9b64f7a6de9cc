package dev.tally.sink.delivery;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import java.util.List;
import java.util.Map;
import java.util.concurrent.atomic.AtomicInteger;
import org.apache.kafka.clients.consumer.CommitFailedException;
import org.apache.kafka.clients.consumer.ConsumerGroupMetadata;
import org.apache.kafka.clients.consumer.MockConsumer;
import org.apache.kafka.clients.consumer.OffsetAndMetadata;
import org.apache.kafka.clients.producer.MockProducer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.clients.producer.RoundRobinPartitioner;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.serialization.ByteArraySerializer;
import org.junit.jupiter.api.Test;

final class LedgerProducerTest {
    private static final List<ProducerRecord<byte[], byte[]>> ONE =
            List.of(new ProducerRecord<>("ledger", 0, new byte[] {1}, new byte[] {2}));

    @Test
    void shouldWriteNothingWhileTheGroupChangesAndEverythingAfterIt() {
        try (MockConsumer<byte[], byte[]> consumer = new MockConsumer<>("earliest");
                MockProducer<byte[], byte[]> mock = new MockProducer<>(
                        true, new RoundRobinPartitioner(), new ByteArraySerializer(), new ByteArraySerializer());
                LedgerProducer producer = new LedgerProducer(mock)) {
            producer.open();
            Map<TopicPartition, OffsetAndMetadata> offsets =
                    Map.of(new TopicPartition("facts", 0), new OffsetAndMetadata(3));
            ConsumerGroupMetadata group = consumer.groupMetadata();
            AtomicInteger written = new AtomicInteger();

            // When
            mock.sendOffsetsToTransactionException = new CommitFailedException();
            boolean during = producer.commit(ONE, offsets, group, written::incrementAndGet);
            mock.sendOffsetsToTransactionException = null;
            boolean after = producer.commit(ONE, offsets, group, written::incrementAndGet);

            // Then
            assertThat(during).isFalse();
            assertThat(after).isTrue();
            assertThat(written).hasValue(1);
            assertThat(mock.history()).isEqualTo(ONE);
            assertThat(mock.commitCount()).isEqualTo(1);
            assertThat(mock.consumerGroupOffsetsHistory()).hasSize(1);
        }
    }

    @Test
    void shouldWriteNothingWithoutOffsets() {
        try (MockConsumer<byte[], byte[]> consumer = new MockConsumer<>("earliest");
                MockProducer<byte[], byte[]> mock = new MockProducer<>(
                        true, new RoundRobinPartitioner(), new ByteArraySerializer(), new ByteArraySerializer());
                LedgerProducer producer = new LedgerProducer(mock)) {
            producer.open();
            assertThatIllegalArgumentException()
                    .isThrownBy(() -> producer.commit(ONE, Map.of(), consumer.groupMetadata(), () -> {}));
        }
    }
}
