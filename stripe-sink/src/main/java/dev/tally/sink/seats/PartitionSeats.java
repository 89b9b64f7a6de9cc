package dev.tally.sink.seats;

import dev.tally.schemas.SeatLedgerEntry;
import dev.tally.sink.delivery.AssignedPartition;
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

/** The orgs of one assigned partition. */
final class PartitionSeats extends AssignedPartition<SeatLedgerEntry> {
    private final Map<String, OrgWork> orgs = new TreeMap<>();
    private final Set<OrgWork> open = new LinkedHashSet<>();

    PartitionSeats(TopicPartition partition) {
        super(partition);
    }

    @Override
    protected void apply(SeatLedgerEntry entry) {
        add(SeatLedgerEntries.seats(entry));
    }

    @Override
    protected void forget(String org) {
        orgs.remove(org);
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
}
