package dev.tally.streams.topology;

import dev.tally.schemas.ActionEvent;
import dev.tally.schemas.serde.ActionDecoder;
import dev.tally.schemas.serde.Decoded;
import dev.tally.schemas.serde.RecordSerde;
import dev.tally.streams.metering.Action;
import dev.tally.streams.state.CounterKeys;
import dev.tally.streams.state.Origin;
import dev.tally.streams.state.StoreNames;
import dev.tally.streams.state.WireActions;
import dev.tally.streams.state.WriteBackStore;
import java.util.Objects;
import org.apache.kafka.streams.processor.api.Processor;
import org.apache.kafka.streams.processor.api.ProcessorContext;
import org.apache.kafka.streams.processor.api.Record;
import org.jspecify.annotations.Nullable;

/** Reads {@code actions-home}: gives a travelled record the coordinates back that it had in {@code actions}. */
final class ArriveHomeProcessor implements Processor<byte[], byte[], byte[], Message> {

    private final ActionDecoder<Action> decoder;
    private @Nullable ProcessorContext<byte[], Message> context;
    private final int partitions;
    private @Nullable ReadPosition position;
    private @Nullable IntakeUsers users;
    private @Nullable Runnable writeBack;

    ArriveHomeProcessor(RecordSerde<ActionEvent> serde, int partitions) {
        this.decoder = WireActions.decoder(serde, partitions);
        this.partitions = partitions;
    }

    @Override
    public void init(ProcessorContext<byte[], Message> processorContext) {
        context = processorContext;
        WriteBackStore store = processorContext.getStateStore(StoreNames.INTAKE_COUNTERS);
        users = IntakeUsers.of(store, partitions);
        int partition = processorContext.taskId().partition();
        Counters counters = Counters.of(store);
        position = counters.position(
                CounterKeys.actionsHomePositionKey(partition),
                CounterKeys.notedActionsHomeKey(partition),
                "actions-home-" + partition);
        writeBack = store.writeBackBy(processorContext, counters::drain);
    }

    @Override
    public void process(Record<byte[], byte[]> record) {
        ProcessorContext<byte[], Message> to = Objects.requireNonNull(context);
        long offset = to.recordMetadata().orElseThrow().offset();
        if (!Objects.requireNonNull(position).moveTo(offset, record.timestamp())) {
            return;
        }
        Headers.Carried carried = Headers.carried(record.headers());
        Origin origin = carried.origin();
        Decoded<Action> decoded = decoder.decode(origin.topic(), record.headers(), record.value());
        Message.Incoming incoming = new Message.Incoming(
                carried.key(),
                record.value(),
                origin.topic(),
                origin.partition(),
                origin.offset(),
                carried.at(),
                decoded,
                Actions.user(decoded, Objects.requireNonNull(users)));
        to.forward(new Record<>(carried.key(), incoming, record.timestamp(), record.headers()));
        Objects.requireNonNull(writeBack).run();
    }
}
