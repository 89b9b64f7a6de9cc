package dev.tally.clock;

import java.time.InstantSource;
import java.util.HashMap;
import java.util.Map;
import org.apache.kafka.clients.consumer.ConsumerInterceptor;
import org.apache.kafka.clients.consumer.ConsumerRecords;
import org.apache.kafka.clients.consumer.OffsetAndMetadata;
import org.apache.kafka.clients.producer.ProducerConfig;
import org.apache.kafka.clients.producer.ProducerInterceptor;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.TopicPartition;

/**
 * Stamps each record that a producer sends with the time of a test clock, as brokers stamp by their own as they append. Consumers may be
 * given it too, since all clients of a process share their settings; it does nothing there.
 *
 * @param <K> type of the keys
 * @param <V> type of the values
 */
public final class ClockStamps<K, V> implements ProducerInterceptor<K, V>, ConsumerInterceptor<K, V> {

    /** Client setting with the value of the setting {@code clock}. */
    private static final String CLOCK = "tally.clock";

    private InstantSource clock = InstantSource.system();

    /**
     * Settings for Kafka clients that go by a clock.
     *
     * @param client settings without a clock
     * @param clock value of the setting {@code clock}
     */
    public static Map<String, Object> client(Map<String, ?> client, String clock) {
        Map<String, Object> stamping = new HashMap<>(client);
        if (!TestClock.isSystem(clock)) {
            Object given = client.get(ProducerConfig.INTERCEPTOR_CLASSES_CONFIG);
            String own = ClockStamps.class.getName();
            stamping.put(ProducerConfig.INTERCEPTOR_CLASSES_CONFIG, given == null ? own : given + "," + own);
            stamping.put(CLOCK, clock);
        }
        return stamping;
    }

    @Override
    public void configure(Map<String, ?> config) {
        clock = TestClock.of(String.valueOf(config.get(CLOCK)));
    }

    @Override
    public ProducerRecord<K, V> onSend(ProducerRecord<K, V> record) {
        return new ProducerRecord<>(
                record.topic(), record.partition(), clock.millis(), record.key(), record.value(), record.headers());
    }

    @Override
    public ConsumerRecords<K, V> onConsume(ConsumerRecords<K, V> records) {
        return records;
    }

    @Override
    public void onCommit(Map<TopicPartition, OffsetAndMetadata> offsets) {}

    @Override
    public void close() {}
}
