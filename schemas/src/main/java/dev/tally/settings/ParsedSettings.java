package dev.tally.settings;

import java.time.Duration;
import java.util.Map;
import org.apache.kafka.common.config.types.Password;

/**
 * Settings after validation.
 *
 * @param values by key, of the types the definition gives; passwords stay hidden in {@code toString}
 * @param kafka settings for every Kafka client, without the {@code kafka.} prefix; hidden in {@code toString}
 */
public record ParsedSettings(Map<String, Object> values, Map<String, String> kafka) {

    public ParsedSettings {
        values = Map.copyOf(values);
        kafka = Map.copyOf(kafka);
    }

    public String string(String key) {
        Object value = value(key);
        return value instanceof Password password ? password.value() : value.toString();
    }

    public int integer(String key) {
        return value(key) instanceof Number number
                ? Math.toIntExact(number.longValue())
                : Integer.parseInt(string(key).trim());
    }

    /** A size in bytes; the setting is text such as {@code 256MB}. */
    public long bytes(String key) {
        return ByteSizes.parse(string(key));
    }

    public Duration duration(String key) {
        return Durations.parse(string(key));
    }

    public boolean bool(String key) {
        return value(key) instanceof Boolean flag ? flag : Boolean.parseBoolean(string(key));
    }

    private Object value(String key) {
        Object value = values.get(key);
        if (value == null) {
            throw new IllegalArgumentException("no setting named " + key);
        }
        return value;
    }

    @Override
    public String toString() {
        return "ParsedSettings[values=" + values + ", kafka=" + kafka.keySet() + "]";
    }
}
