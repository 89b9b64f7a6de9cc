package dev.tally.streams.export;

import dev.tally.schemas.topics.Topics;
import java.time.Duration;
import java.time.Instant;
import java.time.LocalDate;
import java.time.ZoneOffset;
import java.util.List;
import java.util.Map;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.Config;
import org.apache.kafka.clients.admin.ConfigEntry;
import org.apache.kafka.clients.consumer.OffsetAndTimestamp;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.config.ConfigResource;
import org.apache.kafka.common.config.TopicConfig;

/** Since when, in append time, what became of every record can still be told. */
final class ProvableSince {

    private ProvableSince() {}

    /** The time from which on nothing is missing, of the log itself and of what was kept aside. */
    static Instant read(Admin admin, CommittedLog log, Topics topics, Instant now) {
        Instant since = Instant.EPOCH;
        List<TopicPartition> actions = DecidedLog.partitions(topics, topics.actions());
        Map<TopicPartition, OffsetAndTimestamp> oldest = log.firstsSince(actions, Instant.EPOCH);
        for (Map.Entry<TopicPartition, Long> beginning : log.beginnings(actions).entrySet()) {
            if (beginning.getValue() > 0) {
                // What lay before was appended no later than what is left; of a partition that is empty nothing is
                // known.
                OffsetAndTimestamp first = oldest.get(beginning.getKey());
                since = later(since, first == null ? now : Instant.ofEpochMilli(first.timestamp()));
            }
        }
        for (String topic : List.of(topics.deadLetters(), topics.lateActions())) {
            if (log.beginnings(DecidedLog.partitions(topics, topic)).values().stream()
                    .anyMatch(beginning -> beginning > 0)) {
                since = later(since, now.minus(retention(admin, topic)));
            }
        }
        return since;
    }

    /** The first day of which all is known: event times may be ahead of append times. */
    static LocalDate firstDay(Instant since, Duration ahead) {
        if (since.equals(Instant.EPOCH)) {
            return LocalDate.MIN;
        }
        Instant from = since.plus(ahead);
        LocalDate day = from.atZone(ZoneOffset.UTC).toLocalDate();
        return day.atStartOfDay(ZoneOffset.UTC).toInstant().equals(from) ? day : day.plusDays(1);
    }

    /** How long a topic keeps what it has; what was deleted by hand is not known of. */
    private static Duration retention(Admin admin, String topic) {
        ConfigResource resource = new ConfigResource(ConfigResource.Type.TOPIC, topic);
        Config config =
                DecidedLog.await(admin.describeConfigs(List.of(resource)).all()).get(resource);
        ConfigEntry retention = config == null ? null : config.get(TopicConfig.RETENTION_MS_CONFIG);
        long millis = retention == null || retention.value() == null ? -1 : Long.parseLong(retention.value());
        return millis < 0 ? Duration.ofDays(100_000) : Duration.ofMillis(millis);
    }

    static Instant later(Instant one, Instant other) {
        return one.isAfter(other) ? one : other;
    }
}
