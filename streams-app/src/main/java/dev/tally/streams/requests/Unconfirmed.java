package dev.tally.streams.requests;

import dev.tally.streams.state.CatalogueKind;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.LongSupplier;
import org.apache.avro.specific.SpecificRecord;

/**
 * The catalogue records that this instance has published and that are not seen in force yet: until they are, what is in force is the past,
 * and a change that goes by it would undo them.
 *
 * <p>In force is what the stores show, one record at a time: while they show what they did before the first of a key's unconfirmed
 * records, none of these has come; when they show one of them, it and those before it have; when they show something else, others
 * have written too, and what is in force counts. What may never have arrived is given up after {@link #GIVEN_UP_AFTER}.
 */
final class Unconfirmed {

    static final Duration GIVEN_UP_AFTER = Duration.ofHours(1);

    /** So many keys are remembered. */
    private static final int REMEMBERED = 10_000;

    private final LongSupplier nanoTime;
    private final Map<Key, Pending> pending = new LinkedHashMap<>() {
        private static final long serialVersionUID = 1L;

        @Override
        protected boolean removeEldestEntry(Map.Entry<Key, Pending> eldest) {
            return size() > REMEMBERED;
        }
    };

    private record Key(CatalogueKind kind, String key) {}

    /**
     * The unconfirmed records of a key.
     *
     * @param before what is in force before any of them; empty: no record
     * @param records in the order of their publication, at least one
     * @param since when the newest was published
     */
    private record Pending(Optional<SpecificRecord> before, List<SpecificRecord> records, long since) {}

    /** @param nanoTime as {@link System#nanoTime} */
    Unconfirmed(LongSupplier nanoTime) {
        this.nanoTime = nanoTime;
    }

    /**
     * To be called before a record is published.
     *
     * @param shown what is in force
     */
    synchronized void publishing(
            CatalogueKind kind, String key, Optional<SpecificRecord> shown, SpecificRecord record) {
        if (newest(kind, key, shown).equals(Optional.of(record))) {
            return;
        }
        Key at = new Key(kind, key);
        Pending known = pending.remove(at);
        List<SpecificRecord> records = known == null ? new ArrayList<>() : new ArrayList<>(known.records());
        records.add(record);
        pending.put(at, new Pending(known == null ? shown : known.before(), records, nanoTime.getAsLong()));
    }

    /**
     * What will be in force once all that was published is.
     *
     * @param shown what is in force
     */
    synchronized Optional<SpecificRecord> newest(CatalogueKind kind, String key, Optional<SpecificRecord> shown) {
        Key at = new Key(kind, key);
        Pending known = pending.get(at);
        if (known == null) {
            return shown;
        }
        List<SpecificRecord> left = left(known, shown);
        if (left.isEmpty()) {
            pending.remove(at);
            return shown;
        }
        if (left.size() < known.records().size()) {
            pending.put(at, new Pending(shown, left, known.since()));
        }
        return Optional.of(left.getLast());
    }

    private List<SpecificRecord> left(Pending known, Optional<SpecificRecord> shown) {
        List<SpecificRecord> records = known.records();
        if (nanoTime.getAsLong() - known.since() > GIVEN_UP_AFTER.toNanos()) {
            return List.of();
        }
        if (shown.equals(known.before())) {
            return records;
        }
        int seen = shown.map(records::indexOf).orElse(-1);
        return seen < 0 ? List.of() : List.copyOf(records.subList(seen + 1, records.size()));
    }

    /**
     * Whether a record of a key is still to come.
     *
     * @param shown what is in force
     */
    synchronized boolean isPending(CatalogueKind kind, String key, Optional<SpecificRecord> shown) {
        var unused = newest(kind, key, shown);
        return pending.containsKey(new Key(kind, key));
    }
}
