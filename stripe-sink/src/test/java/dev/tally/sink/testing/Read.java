package dev.tally.sink.testing;

import java.nio.charset.StandardCharsets;
import java.util.Map;
import java.util.TreeMap;
import org.apache.kafka.clients.consumer.ConsumerRecord;

/** A record read back by a test; texts are UTF-8. */
@SuppressWarnings("ArrayRecordComponent")
public record Read(int partition, String key, byte[] value, Map<String, String> headers) {
    static Read of(ConsumerRecord<byte[], byte[]> record) {
        Map<String, String> headers = new TreeMap<>();
        record.headers()
                .forEach(header -> headers.put(header.key(), new String(header.value(), StandardCharsets.UTF_8)));
        return new Read(record.partition(), new String(record.key(), StandardCharsets.UTF_8), record.value(), headers);
    }
}
