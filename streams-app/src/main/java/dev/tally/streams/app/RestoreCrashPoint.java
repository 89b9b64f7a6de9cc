package dev.tally.streams.app;

import dev.tally.streams.state.CrashHook;
import dev.tally.streams.state.CrashPoint;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.streams.processor.StateRestoreListener;

/** Lets a crash hook know that a store is being read back. */
record RestoreCrashPoint(CrashHook crash) implements StateRestoreListener {

    @Override
    public void onRestoreStart(TopicPartition partition, String store, long from, long to) {}

    @Override
    public void onBatchRestored(TopicPartition partition, String store, long upTo, long records) {
        crash.reached(CrashPoint.DURING_RESTORE);
    }

    @Override
    public void onRestoreEnd(TopicPartition partition, String store, long records) {}
}
