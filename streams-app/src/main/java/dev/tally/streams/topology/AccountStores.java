package dev.tally.streams.topology;

import dev.tally.streams.state.StoreNames;
import dev.tally.streams.state.WriteBackStore;
import org.apache.kafka.common.utils.Bytes;
import org.apache.kafka.streams.processor.api.ProcessorContext;
import org.apache.kafka.streams.state.KeyValueStore;

/** The stores of catalogue and money of one task of the accounts stage. */
record AccountStores(
        KeyValueStore<Bytes, byte[]> catalogue,
        KeyValueStore<Bytes, byte[]> openIntervals,
        KeyValueStore<Bytes, byte[]> wakes,
        WriteBackStore charges,
        WriteBackStore grants,
        WriteBackStore intervals) {

    static AccountStores of(ProcessorContext<?, ?> context) {
        return new AccountStores(
                context.getStateStore(StoreNames.ACCOUNT_CATALOGUE),
                context.getStateStore(StoreNames.ACCOUNT_OPEN_INTERVALS),
                context.getStateStore(StoreNames.ACCOUNT_WAKES),
                context.getStateStore(StoreNames.ACCOUNT_CHARGES),
                context.getStateStore(StoreNames.ACCOUNT_GRANTS),
                context.getStateStore(StoreNames.ACCOUNT_INTERVALS));
    }
}
