package dev.tally.streams.topology;

import dev.tally.keys.Subject;
import dev.tally.streams.state.StoreKey;
import java.time.Instant;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import org.apache.kafka.common.utils.Bytes;
import org.apache.kafka.streams.state.KeyValueIterator;
import org.apache.kafka.streams.state.KeyValueStore;

/**
 * When subjects are to be looked at again: a hold runs out, a window resets, a phase begins. Ticks of the log ask what is due; a subject that is
 * woken without need does nothing.
 */
final class Wakes {

    private static final int PER_TICK = 250;
    private static final byte[] PRESENT = {};

    /** For what subjects are woken. */
    enum Cause {
        /** A phase or a grant begins or ends. */
        TERMS(1),
        /** A hold or a place in the queue runs out, or a window resets. */
        ADMISSIONS(2);

        private final int tag;

        Cause(int tag) {
            this.tag = tag;
        }
    }

    private final KeyValueStore<Bytes, byte[]> store;
    private final Cause cause;

    /** Wakes for one cause; those for others may lie in the same store. */
    Wakes(KeyValueStore<Bytes, byte[]> store, Cause cause) {
        this.store = store;
        this.cause = cause;
    }

    /** Has a subject woken at the first tick at or after an instant. */
    void at(Instant when, Subject subject) {
        store.put(key(when).text(subject.text()).bytes(), PRESENT);
    }

    /** The subjects that are due, each once, and no longer so; at most as many as one tick may take, the rest at the next. */
    Set<Subject> due(Instant now) {
        List<Bytes> past = new ArrayList<>();
        try (KeyValueIterator<Bytes, byte[]> entries = store.range(
                key(Instant.ofEpochMilli(Long.MIN_VALUE)).bytes(),
                key(now.plusMillis(1)).bytes())) {
            while (entries.hasNext() && past.size() < PER_TICK) {
                past.add(entries.next().key);
            }
        }
        Set<Subject> due = new LinkedHashSet<>();
        for (Bytes key : past) {
            StoreKey.Reader reader = new StoreKey.Reader(key);
            reader.tag();
            reader.number();
            due.add(Subject.parse(reader.text()));
            store.delete(key);
        }
        return due;
    }

    private StoreKey key(Instant when) {
        return StoreKey.key().tag(cause.tag).number(when.toEpochMilli());
    }
}
