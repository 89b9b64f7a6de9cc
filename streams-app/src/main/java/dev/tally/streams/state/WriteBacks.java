package dev.tally.streams.state;

import java.util.List;
import org.apache.kafka.streams.state.StoreBuilder;

/**
 * How the stores of a topology are written back.
 *
 * @param crash told of each step
 */
public record WriteBacks(Engine engine, CrashHook crash) {

    /** Write-backs that nothing interrupts. */
    public static WriteBacks of(Engine engine) {
        return new WriteBacks(engine, CrashHook.NONE);
    }

    /** A builder of a persistent, logged store. */
    public StoreBuilder<WriteBackStore> store(String name) {
        return new WriteBackStoreBuilder(name, inner -> switch (engine) {
            case FAST -> new FastWriteBackStore(inner, this);
            case PORTABLE -> new PortableWriteBackStore(inner, this);
        });
    }

    /** Writes back, step by step. */
    void run(List<Runnable> steps) {
        crash.reached(CrashPoint.BEFORE_DRAIN);
        for (int i = 0; i < steps.size(); i++) {
            if (i > 0) {
                crash.reached(CrashPoint.BETWEEN_DRAINS);
            }
            steps.get(i).run();
        }
        crash.reached(CrashPoint.AFTER_DRAIN);
    }
}
