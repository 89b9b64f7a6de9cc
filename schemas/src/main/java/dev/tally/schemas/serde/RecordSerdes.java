package dev.tally.schemas.serde;

import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.apache.avro.generic.GenericRecord;
import org.apache.avro.specific.SpecificRecord;
import org.apache.kafka.common.serialization.Serde;

/**
 * The Avro serdes of one process, on shared connections to the registry and shared schema caches. Closing this closes the
 * connections; closing a single serde does not.
 */
public final class RecordSerdes implements AutoCloseable {

    private final Serde<GenericRecord> byTopic;
    private final Serde<GenericRecord> byTopicAndRecord;

    /**
     * Loads the serde class; asks the registry nothing yet.
     *
     * @param serdeConfig {@code avro.serde.class} and what that class is configured with
     */
    public RecordSerdes(Map<String, ?> serdeConfig) {
        this.byTopic = SerdeLoader.load(serdeConfig);
        Map<String, Object> several = new HashMap<>(serdeConfig);
        several.put(RegistryConfig.VALUE_NAMING, SubjectNaming.TOPIC_RECORD_STRATEGY);
        this.byTopicAndRecord = SerdeLoader.load(several);
    }

    /** For a topic with one type; its subject in the registry is {@code <topic>-value}. */
    public <T extends SpecificRecord> RecordSerde<T> of(Class<T> type) {
        return RecordSerde.on(byTopic, type);
    }

    /** For a topic with several types; each has subject {@code <topic>-<full name>}. */
    @SafeVarargs
    @SuppressWarnings("varargs") // List.of only reads the array
    public final AnyRecordSerde anyOf(Class<? extends SpecificRecord>... types) {
        return new AnyRecordSerde(byTopicAndRecord, List.of(types));
    }

    @Override
    public void close() {
        byTopic.close();
        byTopicAndRecord.close();
    }
}
