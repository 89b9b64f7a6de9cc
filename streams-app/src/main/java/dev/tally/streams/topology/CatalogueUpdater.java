package dev.tally.streams.topology;

import dev.tally.streams.state.CatalogueView;
import dev.tally.streams.state.StoreNames;
import java.util.Objects;
import org.apache.kafka.common.utils.Bytes;
import org.apache.kafka.streams.processor.api.Processor;
import org.apache.kafka.streams.processor.api.ProcessorContext;
import org.apache.kafka.streams.processor.api.Record;
import org.apache.kafka.streams.state.KeyValueStore;
import org.jspecify.annotations.Nullable;

/** Keeps the global copy of the catalogue, and tells the view over it what has changed. */
final class CatalogueUpdater implements Processor<byte[], byte[], Void, Void> {

    private final CatalogueView view;
    private @Nullable KeyValueStore<Bytes, byte[]> store;

    CatalogueUpdater(CatalogueView view) {
        this.view = view;
    }

    @Override
    public void init(ProcessorContext<Void, Void> context) {
        KeyValueStore<Bytes, byte[]> global = context.getStateStore(StoreNames.CATALOGUE_IN_FORCE);
        store = global;
        view.attach(global);
    }

    @Override
    public void process(Record<byte[], byte[]> record) {
        Bytes key = Bytes.wrap(record.key());
        Objects.requireNonNull(store).put(key, record.value());
        view.changed(key);
    }
}
