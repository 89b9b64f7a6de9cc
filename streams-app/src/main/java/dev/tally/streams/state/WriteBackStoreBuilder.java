package dev.tally.streams.state;

import java.util.Map;
import java.util.function.Function;
import org.apache.kafka.common.serialization.Serdes;
import org.apache.kafka.common.utils.Bytes;
import org.apache.kafka.streams.state.KeyValueStore;
import org.apache.kafka.streams.state.StoreBuilder;
import org.apache.kafka.streams.state.Stores;

/** Builds write-back stores over a store that is persistent, changelogged and not cached. */
final class WriteBackStoreBuilder implements StoreBuilder<WriteBackStore> {
    private final StoreBuilder<KeyValueStore<Bytes, byte[]>> inner;
    private final Function<KeyValueStore<Bytes, byte[]>, WriteBackStore> wrap;

    WriteBackStoreBuilder(String name, Function<KeyValueStore<Bytes, byte[]>, WriteBackStore> wrap) {
        inner = Stores.keyValueStoreBuilder(Stores.persistentKeyValueStore(name), Serdes.Bytes(), Serdes.ByteArray())
                .withCachingDisabled();
        this.wrap = wrap;
    }

    @Override
    public StoreBuilder<WriteBackStore> withCachingEnabled() {
        throw new UnsupportedOperationException("the write-back store is the cache");
    }

    @Override
    public StoreBuilder<WriteBackStore> withCachingDisabled() {
        return this;
    }

    @Override
    public StoreBuilder<WriteBackStore> withLoggingEnabled(Map<String, String> config) {
        inner.withLoggingEnabled(config);
        return this;
    }

    @Override
    public StoreBuilder<WriteBackStore> withLoggingDisabled() {
        throw new UnsupportedOperationException("without a changelog a crash would lose counts");
    }

    @Override
    public WriteBackStore build() {
        return wrap.apply(inner.build());
    }

    @Override
    public Map<String, String> logConfig() {
        return inner.logConfig();
    }

    @Override
    public boolean loggingEnabled() {
        return inner.loggingEnabled();
    }

    @Override
    public String name() {
        return inner.name();
    }
}
