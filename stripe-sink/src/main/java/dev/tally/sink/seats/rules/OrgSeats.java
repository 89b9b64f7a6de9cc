package dev.tally.sink.seats.rules;

import dev.tally.sink.reporting.IdempotencyKey;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * All that is known of an org's seats at Stripe; what the ledger keeps.
 *
 * @param item the subscription item it is about; null where there is none
 * @param change what {@code standing} speaks of; null exactly while nothing has come of any change
 * @param pending what is to be sent after it, in the order of versions; of neighbours of one day only the last
 * @param prorationDate with an intent: the time it is prorated from
 * @param keyNumber number behind the Idempotency-Key used last; it rises through all changes, so that no key comes twice
 * @param reason why it is refused
 * @param requestId Stripe's id of the request that was answered
 * @param at when this standing was reached
 */
public record OrgSeats(
        String org,
        @Nullable String item,
        Standing standing,
        @Nullable Change change,
        List<Change> pending,
        @Nullable Instant prorationDate,
        int keyNumber,
        @Nullable String reason,
        @Nullable String requestId,
        Instant at) {
    /** More changes than this are not kept waiting: the oldest then counts from the day of the one after it. */
    public static final int MOST_PENDING = 500;

    /** Refuses what contradicts itself. */
    public OrgSeats {
        pending = List.copyOf(pending);
        if ((change == null) != (standing == Standing.WAITING)) {
            throw new IllegalArgumentException(standing + " with change " + change);
        }
        if ((prorationDate != null) != (standing == Standing.INTENT)) {
            throw new IllegalArgumentException(standing + " with proration date " + prorationDate);
        }
    }

    /** Of an org whose first change comes now. */
    public static OrgSeats none(String org, Target target, Instant now) {
        return new OrgSeats(
                org,
                target instanceof Target.Item(String id) ? id : null,
                Standing.WAITING,
                null,
                List.of(),
                null,
                0,
                null,
                null,
                now);
    }

    /** The newest change that was taken in. */
    public Optional<Change> newest() {
        return pending.isEmpty() ? Optional.ofNullable(change) : Optional.of(pending.getLast());
    }

    /** Whether this version, or a later one, was taken in before. */
    public boolean knows(long version) {
        return newest().filter(known -> known.version() >= version).isPresent();
    }

    /** Takes in a change that it does not know. */
    public OrgSeats take(Change next) {
        List<Change> more = new ArrayList<>(pending);
        more.add(next);
        return withPending(coalesced(more));
    }

    /** The changes whose outcome is open. */
    public List<Change> open() {
        List<Change> open = new ArrayList<>(pending);
        if (change != null && standing == Standing.INTENT) {
            open.addFirst(change);
        }
        return open;
    }

    /** The key that its intent is sent with. */
    public IdempotencyKey key() {
        return new IdempotencyKey("seat:" + item + ":" + sentChange().version(), keyNumber);
    }

    /** What its intent sends. */
    public Change sentChange() {
        if (change == null || standing != Standing.INTENT) {
            throw new IllegalStateException("nothing is being sent");
        }
        return change;
    }

    /** The same where what was sent, if anything, did not arrive: it is to be looked at afresh. */
    OrgSeats withoutIntent() {
        return standing == Standing.INTENT ? waiting(item, coalesced(open())) : this;
    }

    /** The same for another item, which gets the newest quantity. */
    OrgSeats forItem(String other) {
        return waiting(other, newest().stream().toList());
    }

    /** The same, to be sent once more as if it had changed at {@code from}. */
    OrgSeats again(Instant from) {
        return waiting(
                item, newest().stream().map(newest -> newest.effectiveAt(from)).toList());
    }

    /** The newest change has come to an end without Stripe. */
    OrgSeats closed(Standing end, Instant now) {
        return new OrgSeats(org, null, end, newest().orElseThrow(), List.of(), null, keyNumber, null, null, now);
    }

    /** About to be sent. */
    OrgSeats intent(Change next, List<Change> after, Instant date, Instant now) {
        return new OrgSeats(
                org, item, Standing.INTENT, next, after, date, Math.incrementExact(keyNumber), null, null, now);
    }

    /** Ended at Stripe. */
    OrgSeats ended(
            Standing end,
            Change ended,
            List<Change> after,
            @Nullable String why,
            @Nullable String answeredAs,
            Instant now) {
        return new OrgSeats(org, item, end, ended, after, null, keyNumber, why, answeredAs, now);
    }

    private OrgSeats waiting(@Nullable String forItem, List<Change> changes) {
        return new OrgSeats(org, forItem, Standing.WAITING, null, changes, null, keyNumber, null, null, at);
    }

    private OrgSeats withPending(List<Change> changes) {
        return new OrgSeats(org, item, standing, change, changes, prorationDate, keyNumber, reason, requestId, at);
    }

    /**
     * Of neighbours of one day only the last. Neighbours only: prorations add up by day whatever the order, and for that each step has to
     * be counted from its own day.
     */
    private static List<Change> coalesced(List<Change> changes) {
        List<Change> kept = new ArrayList<>();
        for (Change next : changes) {
            if (!kept.isEmpty() && kept.getLast().effectiveAt().equals(next.effectiveAt())) {
                kept.removeLast();
            }
            kept.add(next);
        }
        return kept.subList(Math.max(0, kept.size() - MOST_PENDING), kept.size());
    }
}
