package dev.tally.streams.topology;

import dev.tally.schemas.ActionEvent;
import dev.tally.schemas.serde.ActionDecoder;
import dev.tally.schemas.serde.Decoded;
import dev.tally.schemas.serde.RecordSerde;
import dev.tally.streams.metering.Action;
import dev.tally.streams.state.CounterKeys;
import dev.tally.streams.state.CounterKeys.Counter;
import dev.tally.streams.state.StoreNames;
import dev.tally.streams.state.WireActions;
import dev.tally.streams.state.WriteBackStore;
import dev.tally.streams.topology.IntakeUsers.User;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.util.Objects;
import org.apache.kafka.streams.processor.api.Processor;
import org.apache.kafka.streams.processor.api.ProcessorContext;
import org.apache.kafka.streams.processor.api.Record;
import org.apache.kafka.streams.processor.api.RecordMetadata;
import org.jspecify.annotations.Nullable;

/**
 * Reads {@code actions}. A record that lies in its user's home partition, or whose user cannot be told, goes on in place; any other
 * travels through {@code actions-home}, so a producer's key and partitioner never matter to the count.
 */
final class BringHomeProcessor implements Processor<byte[], byte[], byte[], Message> {

    private final ActionDecoder<Action> decoder;
    private final int partitions;
    private final EarlyCommits commits;
    private @Nullable ProcessorContext<byte[], Message> context;
    private @Nullable OutcomeCounts outcomes;
    private @Nullable IntakeUsers users;
    private @Nullable ReadPosition position;
    private @Nullable EarlyCommit commit;
    private @Nullable Runnable writeBack;

    BringHomeProcessor(RecordSerde<ActionEvent> serde, int partitions, EarlyCommits commits) {
        this.decoder = WireActions.decoder(serde, partitions);
        this.partitions = partitions;
        this.commits = commits;
    }

    @Override
    public void init(ProcessorContext<byte[], Message> processorContext) {
        context = processorContext;
        WriteBackStore store = processorContext.getStateStore(StoreNames.INTAKE_COUNTERS);
        Counters counters = Counters.of(store);
        outcomes = new OutcomeCounts(counters, partitions);
        users = IntakeUsers.of(store, partitions);
        int partition = processorContext.taskId().partition();
        position = counters.position(
                CounterKeys.actionsPositionKey(partition),
                CounterKeys.notedActionsKey(partition),
                "actions-" + partition);
        writeBack = store.writeBackBy(processorContext, counters::drain);
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
        ProcessorContext<byte[], Message> to = Objects.requireNonNull(context);
        RecordMetadata at = to.recordMetadata().orElseThrow();
        if (!Objects.requireNonNull(position).moveTo(at.offset(), record.timestamp())) {
            return;
        }
        bring(record, to, at);
        Objects.requireNonNull(writeBack).run();
    }

    private void bring(Record<byte[], byte[]> record, ProcessorContext<byte[], Message> to, RecordMetadata at) {
        Decoded<Action> decoded = decoder.decode(at.topic(), record.headers(), record.value());
        User user = Actions.user(decoded, Objects.requireNonNull(users));
        Message.Incoming incoming = new Message.Incoming(
                record.key(),
                record.value(),
                at.topic(),
                at.partition(),
                at.offset(),
                Instant.ofEpochMilli(record.timestamp()),
                decoded,
                user);
        OutcomeCounts counts = Objects.requireNonNull(outcomes);
        counts.add(at.partition(), Counter.READ);
        // An id that breaks the rules ends as a dead letter wherever it is; travelling would copy it into key and
        // headers.
        if (user != null && user.home() != at.partition()) {
            counts.add(at.partition(), Counter.TRAVELLED);
            Objects.requireNonNull(commit).note(incoming.appendedAt());
            to.forward(
                    new Record<>(
                            user.id().getBytes(StandardCharsets.UTF_8),
                            new Message.Travelling(record.value()),
                            record.timestamp(),
                            Headers.travelling(record.headers(), incoming)),
                    Names.ACTIONS_HOME_SINK);
            return;
        }
        to.forward(new Record<>(record.key(), incoming, record.timestamp(), record.headers()), Names.INTAKE);
    }
}
