package dev.tally.sink.delivery;

import static org.assertj.core.api.Assertions.assertThat;

import dev.tally.schemas.LedgerEntry;
import dev.tally.schemas.serde.RecordSerdes;
import dev.tally.schemas.testing.RegistryFake;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import org.apache.kafka.clients.consumer.CommitFailedException;
import org.apache.kafka.clients.consumer.ConsumerGroupMetadata;
import org.apache.kafka.clients.consumer.MockConsumer;
import org.apache.kafka.clients.consumer.OffsetAndMetadata;
import org.apache.kafka.clients.producer.MockProducer;
import org.apache.kafka.clients.producer.RoundRobinPartitioner;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.serialization.ByteArraySerializer;
import org.junit.jupiter.api.Test;

final class LedgerWriterTest {
    @Test
    void shouldWriteNothingWhileTheGroupChangesAndEverythingAfterIt() {
        try (RegistryFake registry = RegistryFake.start();
                RecordSerdes serdes =
                        new RecordSerdes(Map.of("schema.registry.url", registry.url(), "auto.register.schemas", true));
                MockConsumer<byte[], byte[]> consumer = new MockConsumer<>("earliest");
                MockProducer<byte[], byte[]> producer = new MockProducer<>(
                        true, new RoundRobinPartitioner(), new ByteArraySerializer(), new ByteArraySerializer())) {
            LedgerWriter writer = new LedgerWriter(
                    producer, new DeliveryTopics("facts", "ledger", "dead"), serdes.of(LedgerEntry.class));
            writer.open();
            LedgerWriter.Batch batch = new LedgerWriter.Batch(
                    List.of(), List.of(), Map.of(new TopicPartition("facts", 0), new OffsetAndMetadata(3)));
            ConsumerGroupMetadata group = consumer.groupMetadata();

            // When
            producer.sendOffsetsToTransactionException = new CommitFailedException();
            boolean during = writer.writeOutcomes(batch, group, Instant.EPOCH, CrashPoints.NONE);
            producer.sendOffsetsToTransactionException = null;
            boolean after = writer.writeOutcomes(batch, group, Instant.EPOCH, CrashPoints.NONE);

            // Then
            assertThat(during).isFalse();
            assertThat(after).isTrue();
            assertThat(producer.commitCount()).isEqualTo(1);
            assertThat(producer.consumerGroupOffsetsHistory()).hasSize(1);
        }
    }
}
