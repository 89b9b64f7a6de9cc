package dev.tally.sink.delivery;

import dev.tally.schemas.LedgerEntry;
import dev.tally.schemas.LedgerState;
import dev.tally.sink.reporting.Known;
import java.time.Instant;
import java.util.HashMap;
import java.util.HashSet;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * What one partition's ledger says about each identifier. Entries are applied in the order of the topic; the amount an
 * identifier was first seen with stands, whatever is parked under it later, and a settled fact never becomes open again
 * (an intent written by an instance that had already lost the partition changes nothing); only what Stripe took may be found wrong later.
 */
final class LedgerMemory {
    private final Map<String, Known> known = new HashMap<>();
    private final Set<ParkedAmount> parked = new HashSet<>();

    private record ParkedAmount(String identifier, long amount) {}

    void apply(LedgerEntry entry) {
        LedgerState state = entry.getState();
        Known before = known.get(entry.getIdentifier());
        if (before != null && before.amount() != entry.getAmount()) {
            if (state == LedgerState.PARKED) {
                parked.add(new ParkedAmount(entry.getIdentifier(), entry.getAmount()));
            }
            return;
        }
        if (before != null && isSettled(before) && !isFoundWrong(before, state)) {
            return;
        }
        // The intents of two owners may overlap for a moment; no attempt was made before the earlier one.
        Instant firstAttemptAt = before != null && before.firstAttemptAt().isBefore(entry.getFirstAttemptAt())
                ? before.firstAttemptAt()
                : entry.getFirstAttemptAt();
        known.put(
                entry.getIdentifier(),
                new Known(
                        known(state),
                        entry.getAmount(),
                        entry.getTimestamp(),
                        firstAttemptAt,
                        entry.getKeyNumber(),
                        entry.getAt()));
    }

    private static boolean isSettled(Known known) {
        return known.state() != Known.State.INTENT;
    }

    /** Stripe took it, and reported later that it does not count. */
    private static boolean isFoundWrong(Known before, LedgerState state) {
        return before.state() == Known.State.TAKEN && state == LedgerState.DEAD;
    }

    private static Known.State known(LedgerState state) {
        return switch (state) {
            case INTENT -> Known.State.INTENT;
            case ACCEPTED, DUPLICATE_OK, UNCONFIRMED -> Known.State.TAKEN;
            case DEAD, PARKED, UNKNOWN -> Known.State.KEPT;
        };
    }

    void forget(String identifier) {
        known.remove(identifier);
    }

    @Nullable
    Known find(String identifier) {
        return known.get(identifier);
    }

    /** Whether this amount was parked under an identifier known with another one. */
    boolean isParked(String identifier, long amount) {
        return parked.contains(new ParkedAmount(identifier, amount));
    }

    /** Drops settled identifiers older than {@code oldest}: Stripe would refuse their facts as too old. */
    void dropBefore(Instant oldest) {
        known.values().removeIf(entry -> isSettled(entry) && entry.at().isBefore(oldest));
    }

    int size() {
        return known.size();
    }
}
