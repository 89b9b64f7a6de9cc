package dev.tally.streams.app;

import dev.tally.streams.state.InputLag;
import java.util.Map;
import java.util.OptionalLong;
import org.apache.kafka.common.Metric;
import org.apache.kafka.common.MetricName;
import org.apache.kafka.streams.KafkaStreams;
import org.jspecify.annotations.Nullable;

/**
 * What the consumers of a running topology say of their lag (Kafka's metric {@code records-lag}, which is there once a partition was
 * fetched).
 */
record ConsumerLag(KafkaStreams streams) implements InputLag.Source {

    private static final String GROUP = "consumer-fetch-manager-metrics";
    private static final String NAME = "records-lag";

    /** Before KIP-1109 dots in this tag were underscores. */
    private static boolean names(String topic, @Nullable String tag) {
        return topic.equals(tag) || topic.replace('.', '_').equals(tag);
    }

    @Override
    public OptionalLong of(String topic, int partition) {
        String number = Integer.toString(partition);
        OptionalLong most = OptionalLong.empty();
        for (Map.Entry<MetricName, ? extends Metric> entry : streams.metrics().entrySet()) {
            MetricName name = entry.getKey();
            if (name.name().equals(NAME)
                    && name.group().equals(GROUP)
                    && names(topic, name.tags().get("topic"))
                    && number.equals(name.tags().get("partition"))
                    && entry.getValue().metricValue() instanceof Double lag
                    && !lag.isNaN()) {
                most = OptionalLong.of(Math.max(most.orElse(0), lag.longValue()));
            }
        }
        return most;
    }
}
