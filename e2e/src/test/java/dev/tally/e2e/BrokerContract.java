package dev.tally.e2e;

import static org.assertj.core.api.Assertions.assertThat;

import dev.tally.schemas.topics.Installation;
import dev.tally.schemas.topics.TopicAdmin;
import dev.tally.schemas.topics.TopicSpec;
import dev.tally.schemas.topics.Topics;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentSkipListMap;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.serialization.StringDeserializer;
import org.apache.kafka.common.serialization.StringSerializer;

/** What Tally needs of a broker, whichever it is. */
final class BrokerContract {

    private static final int MANY_PARTITIONS = 200;

    private final Map<String, Object> client;

    BrokerContract(String bootstrapServers) {
        client = Map.of("bootstrap.servers", bootstrapServers);
    }

    void assertHolds() {
        Topics topics = new Topics("contract-", 2, 2);
        try (Admin admin = Admin.create(client)) {
            TopicAdmin topicAdmin = new TopicAdmin(admin);
            assertWritableAtOnce(topicAdmin);
            assertThat(topicAdmin.apply(topics.all(), (short) 1)).hasSameSizeAs(topics.all());
            assertThat(topicAdmin.apply(topics.all(), (short) 1)).isEmpty();
            assertThat(topicAdmin.check(topics.all())).isEmpty();
        }
        Installation first = Installation.openOrCreate(client, topics, 2, 2);
        assertThat(Installation.openOrCreate(client, topics, 2, 2)).isEqualTo(first);
        transact(topics.usage(), "aborted", false);
        transact(topics.usage(), "committed", true);
        assertThat(readCommitted(topics.usage())).containsExactly("committed");
    }

    /** Whoever publishes once topics are made finds each of their partitions there: the first attempt at each succeeds. */
    private void assertWritableAtOnce(TopicAdmin topicAdmin) {
        TopicSpec many = new TopicSpec("contract-at-once", MANY_PARTITIONS, Map.of());
        Map<String, Object> once = new HashMap<>(client);
        once.put("enable.idempotence", false);
        once.put("retries", 0);
        Map<Integer, Exception> refused = new ConcurrentSkipListMap<>();
        try (KafkaProducer<String, String> producer =
                new KafkaProducer<>(once, new StringSerializer(), new StringSerializer())) {
            topicAdmin.apply(List.of(many), (short) 1);
            for (int partition = 0; partition < MANY_PARTITIONS; partition++) {
                int number = partition;
                var unused = producer.send(new ProducerRecord<>(many.name(), number, "k", "v"), (sent, failure) -> {
                    if (failure != null) {
                        refused.put(number, failure);
                    }
                });
            }
        }
        assertThat(refused).isEmpty();
    }

    private void transact(String topic, String value, boolean commit) {
        Map<String, Object> config = new HashMap<>(client);
        config.put("transactional.id", "contract-" + value);
        try (KafkaProducer<String, String> producer =
                new KafkaProducer<>(config, new StringSerializer(), new StringSerializer())) {
            producer.initTransactions();
            producer.beginTransaction();
            var unused = producer.send(new ProducerRecord<>(topic, 0, "k", value));
            producer.flush();
            if (commit) {
                producer.commitTransaction();
            } else {
                producer.abortTransaction();
            }
        }
    }

    private List<String> readCommitted(String topic) {
        Map<String, Object> config = new HashMap<>(client);
        config.put("isolation.level", "read_committed");
        try (KafkaConsumer<String, String> consumer =
                new KafkaConsumer<>(config, new StringDeserializer(), new StringDeserializer())) {
            TopicPartition partition = new TopicPartition(topic, 0);
            consumer.assign(List.of(partition));
            consumer.seekToBeginning(List.of(partition));
            long end = consumer.endOffsets(List.of(partition)).getOrDefault(partition, 0L);
            List<String> values = new ArrayList<>();
            while (consumer.position(partition) < end) {
                consumer.poll(Duration.ofMillis(200)).forEach(record -> values.add(record.value()));
            }
            return values;
        }
    }
}
