package dev.tally.cli.audit;

import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import org.apache.kafka.clients.consumer.ConsumerRecord;

/** The records of {@code actions} that a topic keeps aside, by where they were first read. */
final class KeptAside {

    private final String topic;
    private final String of;
    private final Map<String, Letter> byOrigin = new HashMap<>();
    private final Set<String> met = new HashSet<>();
    private final List<Difference> differences = new ArrayList<>();

    /**
     * What is kept of a record.
     *
     * @param reason why it is kept aside
     */
    record Letter(Place place, int partition, long offset, String reason, String detail) {}

    KeptAside(Cluster cluster, String topic, String of) {
        this.topic = topic;
        this.of = of;
        cluster.readAll(topic, this::add);
    }

    private void add(ConsumerRecord<byte[], byte[]> record) {
        if (!of.equals(header(record, "tally.topic"))) {
            return;
        }
        Place place = Place.of(record);
        Letter kept;
        try {
            kept = new Letter(
                    place,
                    Integer.parseInt(header(record, "tally.partition")),
                    Long.parseLong(header(record, "tally.offset")),
                    header(record, "tally.reason"),
                    header(record, "tally.detail"));
        } catch (NumberFormatException e) {
            differences.add(Difference.of(place + ": does not say which record of " + of + " it was"));
            return;
        }
        Letter before = byOrigin.putIfAbsent(kept.partition() + "@" + kept.offset(), kept);
        if (before != null) {
            differences.add(Difference.of(topic + " holds " + of + "-" + kept.partition() + "@" + kept.offset()
                    + " twice: " + before.place() + " and " + place));
        }
    }

    private static String header(ConsumerRecord<byte[], byte[]> record, String name) {
        var header = record.headers().lastHeader(name);
        return header == null ? "" : new String(header.value(), StandardCharsets.UTF_8);
    }

    /** What is kept of a record that the log has. */
    Optional<Letter> of(Place place) {
        String origin = place.partition() + "@" + place.offset();
        Letter kept = byOrigin.get(origin);
        if (kept != null) {
            met.add(origin);
        }
        return Optional.ofNullable(kept);
    }

    /**
     * What is wrong with it.
     *
     * @param from where the log begins
     * @param to up to where it was read
     */
    List<Difference> differences(Map<Integer, Long> from, Map<Integer, Long> to) {
        List<Difference> all = new ArrayList<>(differences);
        byOrigin.forEach((origin, kept) -> {
            if (!met.contains(origin)
                    && kept.offset() >= from.getOrDefault(kept.partition(), 0L)
                    && kept.offset() < to.getOrDefault(kept.partition(), Long.MAX_VALUE)) {
                all.add(Difference.of(
                        kept.place() + ": names " + of + "-" + origin + ", and the log has no such record"));
            }
        });
        return all;
    }
}
