package dev.tally.schemas.serde;

import java.time.Duration;
import java.time.Instant;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * Schema ids that the registry does not know, or knows no usable schema of, so that it is not asked for each record. An id is kept for
 * {@link #KEPT_FOR}: for so long the records of a schema that was registered late may be refused. Keeps a bounded number, the latest.
 * Safe for use by several threads.
 */
final class UnknownIds {

    static final Duration KEPT_FOR = Duration.ofSeconds(10);

    private final int most;
    private final Map<Integer, Kept> ids = new LinkedHashMap<>();

    UnknownIds(int most) {
        this.most = most;
    }

    private record Kept(Refusal refusal, Instant until) {}

    /** Why records of an id are refused, or null when the registry must be asked. */
    synchronized @Nullable Refusal find(int id, Instant now) {
        Kept kept = ids.get(id);
        return kept != null && now.isBefore(kept.until()) ? kept.refusal() : null;
    }

    synchronized void add(int id, Refusal refusal, Instant now) {
        // Removed first, to become the latest.
        ids.remove(id);
        ids.put(id, new Kept(refusal, now.plus(KEPT_FOR)));
        if (ids.size() > most) {
            Iterator<Integer> oldest = ids.keySet().iterator();
            oldest.next();
            oldest.remove();
        }
    }

    synchronized void remove(int id) {
        ids.remove(id);
    }
}
