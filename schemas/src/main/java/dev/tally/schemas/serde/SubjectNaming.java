package dev.tally.schemas.serde;

import java.util.Optional;
import org.apache.kafka.common.config.ConfigException;

/**
 * How a schema's subject is named in the registry; the names of Confluent's strategies are understood. (AssociatedNameStrategy, the
 * default since 8.3, is TopicNameStrategy as long as nobody registers associations.)
 */
enum SubjectNaming {
    TOPIC,
    RECORD,
    TOPIC_RECORD;

    /** Confluent's name for {@link #TOPIC_RECORD}. */
    static final String TOPIC_RECORD_STRATEGY = "io.confluent.kafka.serializers.subject.TopicRecordNameStrategy";

    static SubjectNaming of(Optional<String> className) {
        if (className.isEmpty()) {
            return TOPIC;
        }
        String name = className.get();
        return switch (name.substring(name.lastIndexOf('.') + 1)) {
            case "TopicNameStrategy", "AssociatedNameStrategy" -> TOPIC;
            case "RecordNameStrategy" -> RECORD;
            case "TopicRecordNameStrategy" -> TOPIC_RECORD;
            default -> throw new ConfigException("unknown subject name strategy " + name);
        };
    }

    String subject(String topic, String recordName, boolean isKey) {
        return switch (this) {
            case TOPIC -> topic + (isKey ? "-key" : "-value");
            case RECORD -> recordName;
            case TOPIC_RECORD -> topic + "-" + recordName;
        };
    }
}
