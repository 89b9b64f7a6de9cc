package dev.tally.sink.seats;

import dev.tally.schemas.SeatLedgerEntry;
import dev.tally.sink.delivery.LedgerReader;
import dev.tally.sink.delivery.Ownership;
import dev.tally.sink.seats.rules.OrgSeats;
import java.time.Instant;
import java.util.Collection;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import org.apache.kafka.common.TopicPartition;
import org.jspecify.annotations.Nullable;

/** The orgs of one assigned partition. Used by the thread that owns the Kafka clients; others use {@link #ownership} alone. */
final class PartitionSeats implements LedgerReader.Target<SeatLedgerEntry> {
    private final TopicPartition partition;
    private final Ownership ownership = new Ownership();
    private final Map<String, OrgWork> orgs = new TreeMap<>();
    private final Set<OrgWork> open = new LinkedHashSet<>();
    private boolean loaded;
    private boolean begun;
    private long position;
    private boolean moved;
    private @Nullable Instant blockedUntil;

    PartitionSeats(TopicPartition partition) {
        this.partition = partition;
    }

    @Override
    public TopicPartition partition() {
        return partition;
    }

    Ownership ownership() {
        return ownership;
    }

    @Override
    public void apply(SeatLedgerEntry entry) {
        add(SeatLedgerEntries.seats(entry));
    }

    @Override
    public void forget(String org) {
        orgs.remove(org);
    }

    @Override
    public void loaded() {
        loaded = true;
    }

    boolean isLoaded() {
        return loaded;
    }

    /** Whether work has begun, which needs the ledger and all subscriptions. */
    boolean hasBegun() {
        return begun;
    }

    void begin() {
        begun = true;
    }

    @Nullable
    OrgWork find(String org) {
        return orgs.get(org);
    }

    OrgWork add(OrgSeats seats) {
        OrgWork work = new OrgWork(this, seats);
        orgs.put(seats.org(), work);
        return work;
    }

    Collection<OrgWork> orgs() {
        return orgs.values();
    }

    /** Those with something to do, now or later. */
    List<OrgWork> open() {
        return List.copyOf(open);
    }

    int openCount() {
        return open.size();
    }

    /** Whether a call is running, or something is due before {@code soon}. */
    boolean isBusy(Instant soon) {
        for (OrgWork work : open) {
            Instant due = work.dueAt();
            if (work.isBusy() || (due != null && due.isBefore(soon))) {
                return true;
            }
        }
        return false;
    }

    /** Follows whether there is something to do for {@code work}. */
    void filed(OrgWork work) {
        if (work.isBusy() || work.dueAt() != null) {
            open.add(work);
        } else {
            open.remove(work);
        }
    }

    /** Where reading goes on: all records before have been taken in. */
    long position() {
        return position;
    }

    void position(long next) {
        position = next;
    }

    void movedTo(long next) {
        position = next;
        moved = true;
    }

    /** Whether the position moved since the last call. */
    boolean takeMoved() {
        boolean before = moved;
        moved = false;
        return before;
    }

    void blockUntil(Instant time) {
        blockedUntil = time;
    }

    boolean isBlocked(Instant now) {
        Instant until = blockedUntil;
        return until != null && now.isBefore(until);
    }
}
