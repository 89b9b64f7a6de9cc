package dev.tally.sink.comparison;

import java.time.Instant;
import java.util.HashMap;
import java.util.Map;

/**
 * The ledger's entries, taken in the order of the topic, of which compaction may have left out any but the latest of a key. As in the delivery
 * itself, the amount that an identifier was first seen with stands, an outcome stays unless it is replayed, and only what Stripe took may be
 * found dead or be confirmed later.
 */
public final class Standings {
    private static final Entry UNSEEN = new Entry(0, new At(Standing.OPEN, Instant.MAX, 0));

    private final Map<String, Entry> entries = new HashMap<>();
    private final Map<Amount, At> conflicts = new HashMap<>();

    /**
     * How a fact stands.
     *
     * @param since when it came to stand so; {@code Instant.MAX} where the ledger does not know it
     * @param replays how often it was taken up again
     */
    public record At(Standing standing, Instant since, int replays) {}

    private record Entry(long amount, At at) {}

    private record Amount(String identifier, long amount) {}

    /** Takes an entry of a fact whose identifier is known with another amount. */
    public void conflict(String identifier, long amount, Instant at) {
        conflicts.put(new Amount(identifier, amount), new At(Standing.PARKED, at, 0));
    }

    /**
     * Takes any other entry.
     *
     * @param replays how often it was taken up again
     */
    public void apply(String identifier, long amount, int replays, Standing standing, Instant at) {
        Entry before = entries.get(identifier);
        if (before == null || changes(before, amount, replays, standing)) {
            entries.put(identifier, new Entry(amount, new At(standing, at, replays)));
        }
    }

    private static boolean changes(Entry before, long amount, int replays, Standing standing) {
        if (before.amount() != amount || replays < before.at().replays()) {
            return false;
        }
        return replays > before.at().replays()
                || switch (before.at().standing()) {
                    case OPEN -> true;
                    case TAKEN -> standing == Standing.DEAD;
                    case UNCONFIRMED -> standing == Standing.DEAD || standing == Standing.TAKEN;
                    case DEAD, PARKED -> false;
                };
    }

    /** How a fact with this identifier and amount stands; one with another amount than the first is parked. */
    public At of(String identifier, long amount) {
        At conflict = conflicts.get(new Amount(identifier, amount));
        if (conflict != null) {
            return conflict;
        }
        Entry entry = entries.getOrDefault(identifier, UNSEEN);
        if (entries.containsKey(identifier) && entry.amount() != amount) {
            return new At(Standing.PARKED, entry.at().since(), 0);
        }
        return entry.at();
    }
}
