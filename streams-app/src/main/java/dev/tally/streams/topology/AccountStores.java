package dev.tally.streams.topology;

import dev.tally.streams.state.StoreNames;
import org.apache.kafka.common.utils.Bytes;
import org.apache.kafka.streams.processor.api.ProcessorContext;
import org.apache.kafka.streams.state.KeyValueStore;

/** The stores of one task of the accounts stage that are written as records are applied, not before the commit. */
record AccountStores(
        KeyValueStore<Bytes, byte[]> catalogue,
        KeyValueStore<Bytes, byte[]> charges,
        KeyValueStore<Bytes, byte[]> intervals,
        KeyValueStore<Bytes, byte[]> openIntervals) {

    static AccountStores of(ProcessorContext<?, ?> context) {
        return new AccountStores(
                context.getStateStore(StoreNames.ACCOUNT_CATALOGUE),
                context.getStateStore(StoreNames.ACCOUNT_CHARGES),
                context.getStateStore(StoreNames.ACCOUNT_INTERVALS),
                context.getStateStore(StoreNames.ACCOUNT_OPEN_INTERVALS));
    }
}
