package dev.tally.sink.comparison;

import java.time.Instant;
import java.util.HashMap;
import java.util.Map;

/**
 * The ledger's entries, taken in the order of the topic. As in the delivery itself, the amount that an identifier was first seen with stands,
 * an outcome stays, and only what Stripe took may be found dead later.
 */
public final class Standings {
    private static final Entry UNSEEN = new Entry(0, new At(Standing.OPEN, Instant.MAX));

    private final Map<String, Entry> entries = new HashMap<>();

    /**
     * How a fact stands.
     *
     * @param since when it came to stand so; {@code Instant.MAX} where the ledger does not know it
     */
    public record At(Standing standing, Instant since) {}

    private record Entry(long amount, At at) {}

    /** Takes one entry. */
    public void apply(String identifier, long amount, Standing standing, Instant at) {
        Entry before = entries.get(identifier);
        boolean first = before == null;
        boolean settles =
                before != null && before.amount() == amount && before.at().standing() == Standing.OPEN;
        boolean dies = before != null
                && before.amount() == amount
                && before.at().standing() == Standing.TAKEN
                && standing == Standing.DEAD;
        if (first || settles || dies) {
            entries.put(identifier, new Entry(amount, new At(standing, at)));
        }
    }

    /** How a fact with this identifier and amount stands; one with another amount than the first is parked. */
    public At of(String identifier, long amount) {
        Entry entry = entries.getOrDefault(identifier, UNSEEN);
        if (entries.containsKey(identifier) && entry.amount() != amount) {
            return new At(Standing.PARKED, entry.at().since());
        }
        return entry.at();
    }
}
