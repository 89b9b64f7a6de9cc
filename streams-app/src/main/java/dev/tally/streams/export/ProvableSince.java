package dev.tally.streams.export;

import dev.tally.schemas.topics.Topics;
import java.time.Duration;
import java.time.Instant;
import java.time.LocalDate;
import java.time.ZoneOffset;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.Config;
import org.apache.kafka.clients.admin.ConfigEntry;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.config.ConfigResource;
import org.apache.kafka.common.config.TopicConfig;
import org.jspecify.annotations.Nullable;

/** Since when, in append time, what became of every record can still be told. */
final class ProvableSince {

    private static final Duration FOR_EVER = Duration.ofDays(100_000);

    private ProvableSince() {}

    /** The time from which on nothing is missing, of the log itself, of what was kept aside, and of the notes. */
    static Instant read(Admin admin, CommittedLog log, Topics topics, Duration notesReach, Instant now) {
        Instant since = ofLog(kept(admin, log, topics, topics.actions()), now);
        for (String topic : List.of(topics.deadLetters(), topics.lateActions())) {
            since = later(since, ofAside(kept(admin, log, topics, topic), now));
        }
        Instant noted = ofAside(kept(admin, log, topics, topics.intakeNotes()), now);
        return later(since, noted.equals(Instant.EPOCH) ? noted : noted.plus(notesReach));
    }

    /**
     * What a topic keeps.
     *
     * @param isDeleted of each partition, whether records have been deleted
     * @param oldest of each partition that has one, when its first record was appended
     * @param retention how long records are kept; what was deleted by hand, or while this was shorter, is not told
     * @param segment the time that records span which are deleted at once
     * @param bySize whether records are also deleted where there are too many
     */
    record Kept(
            Map<Integer, Boolean> isDeleted,
            Map<Integer, Instant> oldest,
            Duration retention,
            Duration segment,
            boolean bySize) {

        Kept {
            isDeleted = Map.copyOf(isDeleted);
            oldest = Map.copyOf(oldest);
        }
    }

    /**
     * Of the log itself. What was deleted before a partition's first record was appended no later than that. Where there is none, or none
     * for long, that says little; then the retention tells, if it has been this long for so long: some partition still has a record that
     * is as old.
     */
    static Instant ofLog(Kept log, Instant now) {
        Instant kept = now.minus(log.retention());
        boolean isBelievable = !log.bySize() && log.oldest().values().stream().anyMatch(first -> !first.isAfter(kept));
        Instant since = strictly(log, now);
        return isBelievable ? earlier(since, kept.plus(log.segment())) : since;
    }

    /** Of a topic in which there is rarely anything. */
    static Instant ofAside(Kept aside, Instant now) {
        if (!aside.isDeleted().containsValue(true)) {
            return Instant.EPOCH;
        }
        return aside.bySize() ? strictly(aside, now) : now.minus(aside.retention());
    }

    private static Instant strictly(Kept kept, Instant now) {
        Instant since = Instant.EPOCH;
        for (Map.Entry<Integer, Boolean> partition : kept.isDeleted().entrySet()) {
            if (partition.getValue()) {
                since = later(since, kept.oldest().getOrDefault(partition.getKey(), now));
            }
        }
        return since;
    }

    private static Kept kept(Admin admin, CommittedLog log, Topics topics, String topic) {
        List<TopicPartition> partitions = DecidedLog.partitions(topics, topic);
        Map<Integer, Boolean> isDeleted = new HashMap<>();
        log.beginnings(partitions)
                .forEach((partition, beginning) -> isDeleted.put(partition.partition(), beginning > 0));
        Map<Integer, Instant> oldest = new HashMap<>();
        log.firstsSince(partitions, Instant.EPOCH)
                .forEach((partition, first) ->
                        oldest.put(partition.partition(), Instant.ofEpochMilli(first.timestamp())));
        ConfigResource resource = new ConfigResource(ConfigResource.Type.TOPIC, topic);
        Config config =
                DecidedLog.await(admin.describeConfigs(List.of(resource)).all()).get(resource);
        long retention = number(config, TopicConfig.RETENTION_MS_CONFIG);
        long segment = number(config, TopicConfig.SEGMENT_MS_CONFIG);
        return new Kept(
                isDeleted,
                oldest,
                retention < 0 ? FOR_EVER : Duration.ofMillis(retention),
                segment < 0 ? FOR_EVER : Duration.ofMillis(segment),
                number(config, TopicConfig.RETENTION_BYTES_CONFIG) >= 0);
    }

    private static long number(@Nullable Config config, String name) {
        ConfigEntry entry = config == null ? null : config.get(name);
        return entry == null || entry.value() == null ? -1 : Long.parseLong(entry.value());
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

    static Instant later(Instant one, Instant other) {
        return one.isAfter(other) ? one : other;
    }

    private static Instant earlier(Instant one, Instant other) {
        return one.isBefore(other) ? one : other;
    }
}
