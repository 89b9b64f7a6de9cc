package dev.tally.streams.export;

import dev.tally.keys.Partitions;
import dev.tally.keys.Subject;
import dev.tally.schemas.ActionEvent;
import dev.tally.schemas.DuplicateActions;
import dev.tally.schemas.MetersApplied;
import dev.tally.schemas.serde.ActionDecoder;
import dev.tally.schemas.serde.AnyRecordSerde;
import dev.tally.schemas.serde.Decoded;
import dev.tally.schemas.serde.RecordSerde;
import dev.tally.schemas.serde.RecordSerdes;
import dev.tally.schemas.topics.Topics;
import dev.tally.streams.metering.Action;
import dev.tally.streams.metering.ActionRules;
import dev.tally.streams.metering.MeterSet;
import dev.tally.streams.metering.Payers;
import dev.tally.streams.query.Answer;
import dev.tally.streams.state.CatalogueView;
import dev.tally.streams.state.Origin;
import dev.tally.streams.state.WireActions;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.time.LocalDate;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.apache.avro.specific.SpecificRecord;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.common.KafkaException;
import org.apache.kafka.common.TopicPartition;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Reads what was counted from the log again: {@code actions} up to where its outcomes are committed, without what the intake kept aside
 * ({@code dead-letters}, {@code late-actions}) or noted as duplicate ({@code intake-notes}), and without what is read-only. It asks no
 * state store, so any instance gives any subject's.
 */
public final class LoggedActions implements ActionExports, AutoCloseable {

    private static final Logger log = LoggerFactory.getLogger(LoggedActions.class);
    private static final Duration RETRY_AFTER = Duration.ofSeconds(5);

    /** How far clocks of brokers and instances may be apart. */
    private static final Duration CLOCKS_APART = Duration.ofHours(1);

    /** Meters are noted anew every 30 days. */
    private static final Duration METERS_REACH = Duration.ofDays(31);

    private final Map<String, Object> client;
    private final Topics topics;
    private final String group;
    private final int reset;
    private final RecordSerde<ActionEvent> actions;
    private final AnyRecordSerde notes;
    private final CatalogueView catalogue;
    private final InstantSource clock;
    private volatile boolean closed;

    /**
     * @param client settings for Kafka clients, with {@code bootstrap.servers}
     * @param group of the application
     * @param reset how many times the state was given up
     */
    public LoggedActions(
            Map<String, Object> client,
            Topics topics,
            String group,
            int reset,
            RecordSerdes serdes,
            CatalogueView catalogue,
            InstantSource clock) {
        this.client = Map.copyOf(client);
        this.topics = topics;
        this.group = group;
        this.reset = reset;
        this.actions = serdes.of(ActionEvent.class);
        this.notes = serdes.anyOf(DuplicateActions.class, MetersApplied.class);
        this.catalogue = catalogue;
        this.clock = clock;
    }

    @Override
    public Answer<ActionExport> open(ExportRequest request) {
        int unknown = request.unknownPartition(topics.actionsPartitions());
        if (unknown >= 0) {
            return new Answer.Absent<>("actions has no partition " + unknown);
        }
        if (!catalogue.isComplete()) {
            return new Answer.NotReady<>("the catalogue has not been read yet", RETRY_AFTER);
        }
        try (Admin admin = Admin.create(client)) {
            return open(request, admin);
        } catch (KafkaException e) {
            log.atWarn().setCause(e).log("An export cannot be opened");
            return new Answer.NotReady<>("the log, or the schema registry, cannot be read at the moment", RETRY_AFTER);
        }
    }

    private Answer<ActionExport> open(ExportRequest request, Admin admin) {
        CommittedLog reading = new CommittedLog(client);
        boolean isKept = false;
        try {
            Answer<ActionExport> answer = open(request, admin, reading);
            isKept = answer instanceof Answer.Found<ActionExport>;
            return answer;
        } finally {
            if (!isKept) {
                reading.close();
            }
        }
    }

    private Answer<ActionExport> open(ExportRequest request, Admin admin, CommittedLog reading) {
        Instant now = clock.instant();
        DecidedLog decided = DecidedLog.read(admin, reading, topics, group);
        Map<Integer, Long> ends = new TreeMap<>();
        for (Map.Entry<Integer, Long> end : decided.ends().entrySet()) {
            long asked =
                    request.until() == null ? end.getValue() : request.until().getOrDefault(end.getKey(), -1L) + 1;
            if (asked > end.getValue()) {
                return new Answer.NotReady<>("not all of what until names is decided", RETRY_AFTER);
            }
            ends.put(end.getKey(), asked);
        }
        Instant oldest = request.start().minus(ActionRules.MAX_AHEAD);
        Map<TopicPartition, Long> notesFrom = firsts(reading, topics.intakeNotes(), oldest.minus(METERS_REACH));
        NotedMeters meters = new NotedMeters();
        reading.read(notesFrom, decided.written(), record -> {
            if (note(record) instanceof MetersApplied applied && applied.getReset() == reset) {
                meters.add(applied);
            }
        });
        Instant noted = meters.notedSince();
        Instant since = ProvableSince.later(
                ProvableSince.read(admin, reading, topics, METERS_REACH.plus(CLOCKS_APART), now),
                noted.equals(Instant.EPOCH) ? noted : noted.plus(CLOCKS_APART));
        LocalDate first = ProvableSince.firstDay(since, ActionRules.MAX_AHEAD);
        if (request.from().isBefore(first)) {
            return new Answer.OutOfRetention<>(first);
        }
        Map<TopicPartition, Long> from = new HashMap<>(notesFrom);
        from.putAll(firsts(reading, topics.deadLetters(), oldest.minus(CLOCKS_APART)));
        from.putAll(firsts(reading, topics.lateActions(), oldest.minus(CLOCKS_APART)));
        from.putAll(firsts(reading, topics.actions(), oldest));
        return new Answer.Found<>(new Export(reading, request, ends, from, decided, meters), false);
    }

    private Map<TopicPartition, Long> firsts(CommittedLog reading, String topic, Instant since) {
        Map<TopicPartition, Long> firsts = new HashMap<>();
        reading.firstsSince(DecidedLog.partitions(topics, topic), since)
                .forEach((partition, first) -> firsts.put(partition, first.offset()));
        return firsts;
    }

    private SpecificRecord note(ConsumerRecord<byte[], byte[]> record) {
        return switch (notes.decode(record.topic(), record.headers(), record.value())) {
            case Decoded.Read<SpecificRecord>(SpecificRecord note) -> note;
            case Decoded.Refused<SpecificRecord> refused ->
                throw new IllegalStateException("a note of the intake, " + record.topic() + "-" + record.partition()
                        + "@" + record.offset() + ", cannot be read: " + refused.detail());
        };
    }

    @Override
    public void close() {
        closed = true;
    }

    private final class Export implements ActionExport {
        private final CommittedLog reading;
        private final ExportRequest request;
        private final Map<Integer, Long> ends;
        private final Map<TopicPartition, Long> from;
        private final DecidedLog decided;
        private final NotedMeters meters;
        private final Instant start;
        private final Instant end;
        private final ActionDecoder<Action> decoder = WireActions.decoder(actions, topics.actionsPartitions());

        /**
         * @param ends of each partition of {@code actions}, the offset before which the export ends
         * @param from of each partition of all topics, the first offset that matters; none where nothing does
         * @param decided where what was decided before {@code ends} ends in the other topics
         */
        Export(
                CommittedLog reading,
                ExportRequest request,
                Map<Integer, Long> ends,
                Map<TopicPartition, Long> from,
                DecidedLog decided,
                NotedMeters meters) {
            this.reading = reading;
            this.request = request;
            this.ends = ends;
            this.from = from;
            this.decided = decided;
            this.meters = meters;
            start = request.start();
            end = request.end();
        }

        @Override
        public List<String> meters() {
            return catalogue.meters().ids();
        }

        @Override
        public Map<Integer, Long> until() {
            Map<Integer, Long> until = new TreeMap<>();
            ends.forEach((partition, before) -> {
                if (before > 0) {
                    until.put(partition, before - 1);
                }
            });
            return until;
        }

        @Override
        public long behind() {
            return decided.behind();
        }

        @Override
        public void writeTo(Rows rows) throws IOException {
            for (Map.Entry<Integer, Long> partition : ends.entrySet()) {
                TopicPartition of = new TopicPartition(topics.actions(), partition.getKey());
                Long first = from.get(of);
                if (first != null) {
                    long begin = Math.max(first, request.firstOffset(of.partition()));
                    if (begin < partition.getValue()) {
                        write(of, begin, partition.getValue(), rows);
                    }
                }
            }
        }

        private void write(TopicPartition partition, long begin, long before, Rows rows) throws IOException {
            Outcomes outcomes = outcomes(partition.partition());
            reading.read(Map.of(partition, begin), Map.of(partition, before), new CommittedLog.Sink<IOException>() {
                @Override
                public void record(ConsumerRecord<byte[], byte[]> record) throws IOException {
                    if (!outcomes.isExcluded(record.offset())) {
                        ActionRow row = row(record);
                        if (row != null) {
                            rows.row(row);
                        }
                    }
                }

                @Override
                public void passed(TopicPartition ignored, long offset) throws IOException {
                    if (closed) {
                        throw new IOException("the instance is stopping");
                    }
                    if (offset > 0) {
                        rows.passed(new Place(partition.partition(), offset - 1));
                    }
                }
            });
        }

        private Outcomes outcomes(int partition) {
            Outcomes outcomes = new Outcomes();
            Map<TopicPartition, Long> parts = new HashMap<>();
            for (String topic : DecidedLog.outcomes(topics)) {
                TopicPartition part = new TopicPartition(topic, partition);
                Long first = from.get(part);
                if (first != null) {
                    parts.put(part, first);
                }
            }
            reading.read(parts, decided.written(), record -> {
                if (!record.topic().equals(topics.intakeNotes())) {
                    Origin origin = Origin.of(record.headers());
                    // Catalogue records end as dead letters too.
                    if (origin.topic().equals(topics.actions())
                            && origin.partition() == partition
                            && origin.reset() == reset) {
                        outcomes.exclude(origin.offset());
                    }
                } else if (note(record) instanceof DuplicateActions duplicates && duplicates.getReset() == reset) {
                    outcomes.exclude(duplicates);
                }
            });
            return outcomes;
        }

        @Override
        public void close() {
            reading.close();
        }

        /** The row of a record that ended as counted or as read-only; null where it is not asked for. */
        private @Nullable ActionRow row(ConsumerRecord<byte[], byte[]> record) {
            Place place = new Place(record.partition(), record.offset());
            Action action = switch (decoder.decode(record.topic(), record.headers(), record.value())) {
                case Decoded.Read<Action>(Action read) -> read;
                case Decoded.Refused<Action> refused ->
                    throw new IllegalStateException("actions-" + place.partition() + "@" + place.offset()
                            + " was counted and cannot be read: " + refused.detail());
            };
            if (action.readOnly()
                    || !isAskedFor(action)
                    || action.occurredAt().isBefore(start)
                    || !action.occurredAt().isBefore(end)) {
                return null;
            }
            MeterSet applied = meters.of(
                    place,
                    Partitions.ofKey(action.userId().getBytes(StandardCharsets.UTF_8), topics.actionsPartitions()));
            long[] amounts = new long[applied.ids().size()];
            if (applied.amountsOf(action, amounts) >= 0) {
                throw new IllegalStateException("actions-" + place.partition() + "@" + place.offset()
                        + " was counted and is over an amount that no meter takes");
            }
            return new ActionRow(
                    place, Instant.ofEpochMilli(record.timestamp()), action, applied.ids(), amounts, payer(action));
        }

        private boolean isAskedFor(Action action) {
            return switch (request.subject().kind()) {
                case USER -> request.subject().id().equals(action.userId());
                case ORG -> request.subject().id().equals(action.orgId());
            };
        }

        private Subject payer(Action action) {
            if (action.orgId() != null) {
                Subject org = Subject.org(action.orgId());
                if (Payers.orgPays(catalogue.subscription(org).orElse(null), action.occurredAt(), catalogue)) {
                    return org;
                }
            }
            return Subject.user(action.userId());
        }
    }
}
