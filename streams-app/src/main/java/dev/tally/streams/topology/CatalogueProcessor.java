package dev.tally.streams.topology;

import dev.tally.schemas.serde.Decoded;
import dev.tally.streams.metering.Rejection;
import dev.tally.streams.state.CatalogueKind;
import dev.tally.streams.state.CatalogueRecords;
import dev.tally.streams.state.ReplacedRecords;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.util.Map;
import java.util.Objects;
import java.util.function.Consumer;
import org.apache.kafka.streams.processor.api.Processor;
import org.apache.kafka.streams.processor.api.ProcessorContext;
import org.apache.kafka.streams.processor.api.Record;
import org.apache.kafka.streams.processor.api.RecordMetadata;
import org.jspecify.annotations.Nullable;

/**
 * Brings each valid catalogue record to the log of the subject it concerns (a plan or meter: to every partition), and to the copy that
 * the intake goes by. An invalid one is kept aside and changes nothing.
 */
final class CatalogueProcessor implements Processor<byte[], byte[], byte[], Message> {

    private final CatalogueRecords records;
    private final Map<String, CatalogueKind> kinds;
    private final ReplacedRecords replaced;
    private final EarlyCommits commits;
    private final Consumer<CatalogueKind> onRefusal;
    private @Nullable ProcessorContext<byte[], Message> context;
    private @Nullable EarlyCommit commit;

    /** @param onRefusal is told of each record that is refused */
    CatalogueProcessor(
            CatalogueRecords records,
            Map<String, CatalogueKind> kinds,
            ReplacedRecords replaced,
            EarlyCommits commits,
            Consumer<CatalogueKind> onRefusal) {
        this.records = records;
        this.kinds = kinds;
        this.replaced = replaced;
        this.commits = commits;
        this.onRefusal = onRefusal;
    }

    @Override
    public void init(ProcessorContext<byte[], Message> processorContext) {
        context = processorContext;
        commit = commits.of(processorContext);
    }

    @Override
    public void close() {
        EarlyCommit running = commit;
        if (running != null) {
            running.cancel();
            commit = null;
        }
    }

    @Override
    public void process(Record<byte[], byte[]> record) {
        RecordMetadata at = Objects.requireNonNull(context).recordMetadata().orElseThrow();
        if (record.key() != null && replaced.isReplaced(at.topic(), at.partition(), at.offset(), record.key())) {
            return;
        }
        Objects.requireNonNull(commit).note(Instant.ofEpochMilli(record.timestamp()));
        CatalogueKind kind = Objects.requireNonNull(kinds.get(at.topic()), "a catalogue topic");
        String key = record.key() == null ? "" : new String(record.key(), StandardCharsets.UTF_8);
        switch (records.read(kind, at.topic(), record.headers(), key, record.value())) {
            case CatalogueRecords.Reading.Valid valid ->
                put(record, kind, key, CatalogueInput.put(key, valid.record()));
            case CatalogueRecords.Reading.Removed ignored -> put(record, kind, key, CatalogueInput.removal(kind, key));
            case CatalogueRecords.Reading.Refused refused -> {
                keepAside(record, at, refused.why());
                onRefusal.accept(kind);
            }
        }
    }

    private void put(Record<byte[], byte[]> record, CatalogueKind kind, String key, CatalogueInput input) {
        ProcessorContext<byte[], Message> to = Objects.requireNonNull(context);
        to.forward(
                new Record<>(
                        input.key().getBytes(StandardCharsets.UTF_8),
                        new Message.SubjectInput(input.input()),
                        record.timestamp()),
                Names.CATALOGUE_LOG_SINK);
        if (kind.isNeededByIntake()) {
            to.forward(
                    new Record<>(kind.storeKey(key).get(), new Message.InForce(record.value()), record.timestamp()),
                    Names.CATALOGUE_IN_FORCE_SINK);
        }
    }

    private void keepAside(Record<byte[], byte[]> record, RecordMetadata at, Rejection why) {
        Message.Incoming from = new Message.Incoming(
                record.key(),
                record.value(),
                at.topic(),
                at.partition(),
                at.offset(),
                Instant.ofEpochMilli(record.timestamp()),
                new Decoded.Refused<>(dev.tally.schemas.serde.RefusalReason.UNDECODABLE, why.detail()),
                null);
        Objects.requireNonNull(context)
                .forward(
                        new Record<>(
                                record.key(),
                                new Message.Aside(record.value(), at.partition()),
                                record.timestamp(),
                                Headers.aside(
                                        record.headers(), from, why.reason().code(), why.detail(), null, 0)),
                        Names.CATALOGUE_DEAD_LETTERS_SINK);
    }
}
