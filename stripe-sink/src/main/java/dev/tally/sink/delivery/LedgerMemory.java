package dev.tally.sink.delivery;

import dev.tally.schemas.LedgerEntry;
import dev.tally.schemas.LedgerState;
import dev.tally.sink.reporting.Known;
import dev.tally.sink.reporting.Replay;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.HashMap;
import java.util.Map;
import java.util.NavigableMap;
import java.util.Optional;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/**
 * What one partition's ledger says about each identifier. Entries are applied in the order of the topic, of which compaction may have
 * left out any but the latest of a key; the amount an identifier was first seen with stands, whatever is parked under it later, and a
 * settled fact becomes open again only by a replay (an intent written by an instance that had already lost the partition changes nothing);
 * only what Stripe took may be found wrong later.
 */
public final class LedgerMemory {
    private final KnownFacts known = new KnownFacts();
    private final Map<ParkedAmount, Instant> parked = new HashMap<>();

    /** How many became so in each minute: as identifiers they would take more room than all else that is known. */
    private final NavigableMap<Instant, Integer> unconfirmed = new TreeMap<>();

    private int unconfirmedInAll;

    private record ParkedAmount(String identifier, long amount) {}

    /** Takes the next entry. */
    public void apply(LedgerEntry entry) {
        if (LedgerEntries.isConflict(entry)) {
            parked.put(new ParkedAmount(entry.getIdentifier(), entry.getAmount()), entry.getAt());
            return;
        }
        Known before = known.get(entry.getIdentifier());
        if (before != null && !changes(before, entry)) {
            return;
        }
        // The intents of two owners may overlap for a moment; no attempt was made before the earlier one.
        Instant firstAttemptAt = before != null
                        && before.replay().number() == entry.getReplays()
                        && before.firstAttemptAt().isBefore(entry.getFirstAttemptAt())
                ? before.firstAttemptAt()
                : entry.getFirstAttemptAt();
        remember(
                entry.getIdentifier(),
                new Known(
                        known(entry.getState()),
                        entry.getReason(),
                        entry.getAmount(),
                        entry.getTimestamp(),
                        firstAttemptAt,
                        entry.getKeyNumber(),
                        entry.getAt(),
                        new Replay(entry.getReplays(), entry.getReplayedAt(), entry.getFactTimestamp())));
    }

    private static boolean changes(Known before, LedgerEntry entry) {
        if (before.amount() != entry.getAmount()
                || entry.getReplays() < before.replay().number()) {
            return false;
        }
        return entry.getReplays() > before.replay().number()
                || !isSettled(before)
                || isFoundWrong(before, entry.getState())
                || isConfirmed(before, entry.getState());
    }

    private static boolean isSettled(Known known) {
        return known.state() != Known.State.INTENT;
    }

    /** Stripe took it, and reported later that it does not count. */
    private static boolean isFoundWrong(Known before, LedgerState state) {
        return before.isTaken() && state == LedgerState.DEAD;
    }

    private static boolean isConfirmed(Known before, LedgerState state) {
        return before.state() == Known.State.UNCONFIRMED && state == LedgerState.ACCEPTED;
    }

    private static Known.State known(LedgerState state) {
        return switch (state) {
            case INTENT -> Known.State.INTENT;
            case ACCEPTED, DUPLICATE_OK -> Known.State.TAKEN;
            case UNCONFIRMED -> Known.State.UNCONFIRMED;
            case DEAD -> Known.State.DEAD;
            case PARKED, UNKNOWN -> Known.State.PARKED;
        };
    }

    void forget(String identifier) {
        noLonger(known.get(identifier));
        known.remove(identifier);
    }

    /** What is known of an identifier; null where nothing is. */
    public @Nullable Known find(String identifier) {
        return known.get(identifier);
    }

    /** Whether this amount was parked under an identifier known with another one. */
    boolean isParked(String identifier, long amount) {
        return parked.containsKey(new ParkedAmount(identifier, amount));
    }

    /** Drops settled identifiers older than {@code oldest}: Stripe would refuse their facts as too old. */
    void dropBefore(Instant oldest) {
        known.removeIf(entry -> {
            boolean dropped = isSettled(entry) && entry.at().isBefore(oldest);
            if (dropped) {
                noLonger(entry);
            }
            return dropped;
        });
        parked.values().removeIf(at -> at.isBefore(oldest));
    }

    /** How many facts are unconfirmed. */
    int unconfirmed() {
        return unconfirmedInAll;
    }

    /** The minute since when the oldest of them is. */
    Optional<Instant> oldestUnconfirmed() {
        return unconfirmed.isEmpty() ? Optional.empty() : Optional.of(unconfirmed.firstKey());
    }

    private void remember(String identifier, Known now) {
        noLonger(known.get(identifier));
        known.put(identifier, now);
        if (now.state() == Known.State.UNCONFIRMED) {
            unconfirmed.merge(minute(now), 1, Math::addExact);
            unconfirmedInAll++;
        }
    }

    private void noLonger(@Nullable Known before) {
        if (before != null && before.state() == Known.State.UNCONFIRMED) {
            unconfirmed.computeIfPresent(minute(before), (minute, count) -> count == 1 ? null : count - 1);
            unconfirmedInAll--;
        }
    }

    private static Instant minute(Known known) {
        return known.at().truncatedTo(ChronoUnit.MINUTES);
    }

    int size() {
        return known.size();
    }
}
