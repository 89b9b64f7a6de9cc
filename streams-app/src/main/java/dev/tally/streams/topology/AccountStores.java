package dev.tally.streams.topology;

import dev.tally.streams.state.StoreNames;
import org.apache.kafka.common.utils.Bytes;
import org.apache.kafka.streams.processor.api.ProcessorContext;
import org.apache.kafka.streams.state.KeyValueStore;

/** The stores of one task of the accounts stage. */
record AccountStores(
        KeyValueStore<Bytes, byte[]> catalogue,
        KeyValueStore<Bytes, byte[]> windows,
        KeyValueStore<Bytes, byte[]> splits,
        KeyValueStore<Bytes, byte[]> charges,
        KeyValueStore<Bytes, byte[]> intervals,
        KeyValueStore<Bytes, byte[]> openIntervals,
        KeyValueStore<Bytes, byte[]> clock,
        KeyValueStore<Bytes, byte[]> expiry) {

    static AccountStores of(ProcessorContext<?, ?> context) {
        return new AccountStores(
                context.getStateStore(StoreNames.ACCOUNT_CATALOGUE),
                context.getStateStore(StoreNames.ACCOUNT_WINDOWS),
                context.getStateStore(StoreNames.ACCOUNT_SPLITS),
                context.getStateStore(StoreNames.ACCOUNT_CHARGES),
                context.getStateStore(StoreNames.ACCOUNT_INTERVALS),
                context.getStateStore(StoreNames.ACCOUNT_OPEN_INTERVALS),
                context.getStateStore(StoreNames.ACCOUNT_CLOCK),
                context.getStateStore(StoreNames.ACCOUNT_EXPIRY));
    }
}
