package dev.tally.sink.checks;

import dev.tally.schemas.Meter;
import dev.tally.schemas.serde.Decoded;
import dev.tally.schemas.serde.RecordSerde;
import dev.tally.schemas.topics.TopicReader;
import java.nio.charset.StandardCharsets;
import java.util.HashMap;
import java.util.Map;
import java.util.Set;
import java.util.stream.Collectors;

/**
 * The event names that the meters of the topic {@code meters} name. A meter that names none is billed under its own id; whether it is billed
 * at all only its facts tell, so it is checked when the first of them is read.
 */
public final class CatalogueMeters implements MeterNames {
    private final TopicReader reader;
    private final String topic;
    private final RecordSerde<Meter> serde;

    /** Reads the topic {@code topic} each time it is asked. */
    public CatalogueMeters(TopicReader reader, String topic, RecordSerde<Meter> serde) {
        this.reader = reader;
        this.topic = topic;
        this.serde = serde;
    }

    /** What cannot be read as a meter is passed over: streams-app does not go by it either. */
    @Override
    public Set<String> read() {
        Map<String, String> names = new HashMap<>();
        reader.readAll(topic, record -> {
            String meter = record.key() == null ? "" : new String(record.key(), StandardCharsets.UTF_8);
            if (record.value() == null) {
                names.remove(meter);
            } else if (serde.decode(topic, record.headers(), record.value())
                    instanceof Decoded.Read<Meter>(Meter read)) {
                String name = read.getStripeEventName();
                if (name == null || name.isEmpty()) {
                    names.remove(meter);
                } else {
                    names.put(meter, name);
                }
            }
        });
        return names.values().stream().collect(Collectors.toUnmodifiableSet());
    }
}
