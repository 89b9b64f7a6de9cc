package dev.tally.cli;

import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.tally.cli.audit.Cluster;
import dev.tally.cli.audit.StripeTotals;
import dev.tally.schemas.serde.Decoded;
import dev.tally.schemas.serde.RecordSerde;
import dev.tally.schemas.serde.RecordSerdes;
import java.math.BigDecimal;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.function.Consumer;
import java.util.function.Function;
import java.util.function.Predicate;
import org.apache.avro.specific.SpecificRecord;
import org.apache.kafka.clients.consumer.ConsumerRecord;

/** All that an audit reads: records, answers of streams-app and what Stripe has. A copy that can be tampered with. */
final class AuditedWorld implements Cluster, StripeTotals {

    private final RecordSerdes serdes;
    private final Map<String, List<ConsumerRecord<byte[], byte[]>>> records = new HashMap<>();
    private final Map<String, ObjectNode> answers = new HashMap<>();
    private final List<MeterEvent> stripe;
    private final Map<String, Long> ends = new HashMap<>();
    private final Map<String, List<ConsumerRecord<byte[], byte[]>>> published = new HashMap<>();
    private long first;

    /** A meter event that Stripe has. */
    record MeterEvent(String customer, String eventName, Instant at, long value) {}

    AuditedWorld(
            RecordSerdes serdes,
            Map<String, List<ConsumerRecord<byte[], byte[]>>> records,
            Map<String, ObjectNode> answers,
            List<MeterEvent> stripe) {
        this.serdes = serdes;
        records.forEach((topic, of) -> {
            this.records.put(topic, new ArrayList<>(of));
            ends.put(topic, (long) of.size());
        });
        answers.forEach((path, answer) -> this.answers.put(path, answer.deepCopy()));
        this.stripe = new ArrayList<>(stripe);
    }

    Audit.Report audit() {
        return audit(AuditScope.ALL);
    }

    Audit.Report audit(AuditScope scope) {
        return new Audit(
                        new Audit.Sources(
                                this,
                                serdes,
                                AuditedMonth.TOPICS,
                                path -> Optional.ofNullable(answers.get(path))
                                        .map(body -> new AppClient.Reply(200, body))
                                        .or(() -> Optional.of(
                                                new AppClient.Reply(404, JsonNodeFactory.instance.objectNode()))),
                                Optional.of(new Audit.Stripe(this, Duration.ZERO)),
                                "tally",
                                AuditedMonth.END.plus(Duration.ofHours(1))),
                        scope)
                .run();
    }

    // What is tampered with

    ObjectNode answer(String path) {
        return Objects.requireNonNull(answers.get(path), path);
    }

    List<MeterEvent> stripe() {
        return stripe;
    }

    /** The records of a topic that are as asked for, decoded. */
    <T extends SpecificRecord> List<T> find(String topic, Class<T> type, Predicate<T> which) {
        List<T> found = new ArrayList<>();
        for (ConsumerRecord<byte[], byte[]> record : List.copyOf(records(topic))) {
            decode(type, record).filter(which).ifPresent(found::add);
        }
        return found;
    }

    private <T extends SpecificRecord> Optional<T> decode(Class<T> type, ConsumerRecord<byte[], byte[]> record) {
        return switch (serdes.of(type).decode(record.topic(), record.headers(), record.value())) {
            case Decoded.Read<T> read -> Optional.of(read.value());
            case Decoded.Refused<T> ignored -> Optional.empty();
        };
    }

    /** Changes records. */
    <T extends SpecificRecord> void change(String topic, Class<T> type, Predicate<T> which, Function<T, T> change) {
        RecordSerde<T> serde = serdes.of(type);
        records(topic).replaceAll(record -> {
            Optional<T> changed = decode(type, record).filter(which).map(change);
            return changed.isEmpty()
                    ? record
                    : copy(record, record.offset(), serde.serializer().serialize(topic, changed.get()));
        });
    }

    /** Removes records. */
    <T extends SpecificRecord> void remove(String topic, Class<T> type, Predicate<T> which) {
        records(topic).removeIf(record -> decode(type, record).filter(which).isPresent());
    }

    /** Removes a record by its number among all of its topic. */
    void remove(String topic, int number) {
        records(topic).remove(number);
    }

    /** Appends a record once more. */
    void repeat(String topic, int number) {
        ConsumerRecord<byte[], byte[]> record = records(topic).get(number);
        records(topic).add(copy(record, end(topic), record.value()));
    }

    /** Appends a record. */
    <T extends SpecificRecord> void append(String topic, Class<T> type, String key, T record) {
        records(topic)
                .add(new ConsumerRecord<>(
                        topic,
                        0,
                        end(topic),
                        key.getBytes(StandardCharsets.UTF_8),
                        serdes.of(type).serializer().serialize(topic, record)));
    }

    private long end(String topic) {
        return ends.merge(topic, 1L, Long::sum) - 1;
    }

    private static ConsumerRecord<byte[], byte[]> copy(
            ConsumerRecord<byte[], byte[]> record, long offset, byte[] value) {
        return new ConsumerRecord<>(
                record.topic(),
                record.partition(),
                offset,
                record.timestamp(),
                record.timestampType(),
                0,
                0,
                record.key(),
                value,
                record.headers(),
                Optional.empty());
    }

    /** A record like another, with another value. */
    <T extends SpecificRecord> ConsumerRecord<byte[], byte[]> record(
            String topic, Class<T> type, ConsumerRecord<byte[], byte[]> like, T value) {
        return copy(like, like.offset(), serdes.of(type).serializer().serialize(topic, value));
    }

    /** Makes an action seem to be published only after the audit has begun, as one that Tally has not come to. */
    void publishLater(String topic, ConsumerRecord<byte[], byte[]> record) {
        published.computeIfAbsent(topic, of -> new ArrayList<>()).add(record);
    }

    /** Deletes the oldest records of the log, as its retention does. */
    void deleteActionsBefore(long offset) {
        first = offset;
        records(AuditedMonth.TOPICS.actions()).removeIf(record -> record.offset() < offset);
    }

    List<ConsumerRecord<byte[], byte[]>> records(String topic) {
        return records.computeIfAbsent(topic, of -> new ArrayList<>());
    }

    // What the audit reads

    @Override
    public Map<Integer, Long> beginnings(String topic) {
        return Map.of(0, topic.equals(AuditedMonth.TOPICS.actions()) ? first : 0);
    }

    @Override
    public Map<Integer, Long> ends(String topic) {
        Map<Integer, Long> end = Map.of(0, ends.getOrDefault(topic, 0L));
        List<ConsumerRecord<byte[], byte[]>> later = published.remove(topic);
        if (later != null) {
            // The next who asks sees them.
            later.forEach(record -> records(topic).add(copy(record, end(topic), record.value())));
        }
        return end;
    }

    @Override
    public void read(
            String topic,
            Map<Integer, Long> from,
            Map<Integer, Long> to,
            Consumer<ConsumerRecord<byte[], byte[]>> sink) {
        for (ConsumerRecord<byte[], byte[]> record : List.copyOf(records(topic))) {
            if (record.offset() >= from.getOrDefault(0, 0L) && record.offset() < to.getOrDefault(0, 0L)) {
                sink.accept(record);
            }
        }
    }

    @Override
    public Map<Integer, Long> positions(String group, String topic) {
        return Map.of(0, ends.getOrDefault(topic, 0L));
    }

    @Override
    public boolean awaitProcessed(String group, List<String> inputs, List<String> outputs) {
        return true;
    }

    @Override
    public Optional<SortedMap<Instant, BigDecimal>> byDay(String customer, String eventName, Instant from, Instant to) {
        SortedMap<Instant, BigDecimal> byDay = new TreeMap<>();
        events(customer, eventName, from, to)
                .forEach(event -> byDay.merge(
                        event.at().truncatedTo(ChronoUnit.DAYS), BigDecimal.valueOf(event.value()), BigDecimal::add));
        return Optional.of(byDay);
    }

    @Override
    public Optional<BigDecimal> sum(String customer, String eventName, Instant from, Instant to) {
        return Optional.of(events(customer, eventName, from, to).stream()
                .map(event -> BigDecimal.valueOf(event.value()))
                .reduce(BigDecimal.ZERO, BigDecimal::add));
    }

    private List<MeterEvent> events(String customer, String eventName, Instant from, Instant to) {
        return stripe.stream()
                .filter(event -> event.customer().equals(customer)
                        && event.eventName().equals(eventName)
                        && !event.at().isBefore(from)
                        && event.at().isBefore(to))
                .toList();
    }
}
