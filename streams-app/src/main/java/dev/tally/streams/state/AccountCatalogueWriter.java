package dev.tally.streams.state;

import dev.tally.keys.Keys;
import dev.tally.keys.Subject;
import dev.tally.schemas.Membership;
import dev.tally.schemas.MembershipStatus;
import dev.tally.schemas.Phase;
import dev.tally.schemas.Subscription;
import dev.tally.schemas.SubscriptionStatus;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Consumer;
import org.apache.avro.specific.SpecificRecord;
import org.apache.kafka.common.utils.Bytes;
import org.apache.kafka.streams.state.KeyValueIterator;
import org.apache.kafka.streams.state.KeyValueStore;
import org.jspecify.annotations.Nullable;

/** Puts catalogue records in and out of force for the accounts stage, with what is looked up by something else than their key. */
public final class AccountCatalogueWriter {

    private static final char SUBSCRIBERS = 'i';
    private static final char PLAN_WALKS = 'w';
    private static final char SEATS_TOLD = 'v';
    private static final byte[] PRESENT = {};

    private final KeyValueStore<Bytes, byte[]> store;
    private final AccountCatalogue.CatalogueSerdes serdes;

    /** Writes to a store of catalogue records. */
    public AccountCatalogueWriter(KeyValueStore<Bytes, byte[]> store, AccountCatalogue.CatalogueSerdes serdes) {
        this.store = store;
        this.serdes = serdes;
    }

    /**
     * Puts a record in force.
     *
     * @param bytes the record as it is stored
     * @param at log time
     */
    public void put(CatalogueKind kind, SpecificRecord record, byte[] bytes, Instant at) {
        Bytes key = AccountCatalogue.storeKey(kind, CatalogueRecords.keyOf(record));
        indexed(kind, read(kind, store.get(key)), record, at);
        store.put(key, bytes);
    }

    /** The record in force under a key; null where there is none. */
    public @Nullable SpecificRecord find(CatalogueKind kind, String key) {
        return read(kind, store.get(AccountCatalogue.storeKey(kind, key)));
    }

    /** Takes a record out of force. */
    public void remove(CatalogueKind kind, String key) {
        SpecificRecord before = find(kind, key);
        if (before != null) {
            indexed(kind, before, null, Instant.EPOCH);
            store.delete(AccountCatalogue.storeKey(kind, key));
        }
    }

    private @Nullable SpecificRecord read(CatalogueKind kind, byte @Nullable [] bytes) {
        return bytes == null ? null : serdes.read(kind, bytes);
    }

    private void indexed(
            CatalogueKind kind, @Nullable SpecificRecord before, @Nullable SpecificRecord after, Instant at) {
        switch (kind) {
            case MEMBERSHIP -> {
                Membership known = (Membership) (after == null ? before : after);
                if (known != null) {
                    addSeats(Subject.org(known.getOrgId()).text(), seat(after) - seat(before));
                }
            }
            case SUBSCRIPTION -> {
                if (before != null) {
                    Subscription old = (Subscription) before;
                    phases(old, planKey -> store.delete(subscriber(planKey, old.getSubject())));
                    if (after == null) {
                        store.delete(AccountCatalogue.canceledKey(old.getSubject()));
                    }
                }
                if (after != null) {
                    Subscription subscription = (Subscription) after;
                    phases(subscription, planKey -> store.put(subscriber(planKey, subscription.getSubject()), PRESENT));
                    cancellation(subscription, at);
                }
            }
            case METER, PLAN, GRANT -> {}
        }
    }

    private static int seat(@Nullable SpecificRecord membership) {
        return membership != null && ((Membership) membership).getStatus() == MembershipStatus.ACCEPTED ? 1 : 0;
    }

    private void addSeats(String org, long more) {
        if (more != 0) {
            Bytes key = AccountCatalogue.seatsKey(org);
            store.put(key, Numbers.toBytes(Numbers.orElse(store.get(key), 0) + more));
        }
    }

    private void cancellation(Subscription subscription, Instant at) {
        Bytes key = AccountCatalogue.canceledKey(subscription.getSubject());
        if (subscription.getStatus() != SubscriptionStatus.CANCELED) {
            store.delete(key);
        } else if (store.get(key) == null) {
            store.put(key, Numbers.toBytes(at.toEpochMilli()));
        }
    }

    private static void phases(Subscription subscription, Consumer<String> each) {
        for (Phase phase : subscription.getPhases()) {
            each.accept(Keys.plan(phase.getPlanId(), phase.getVersion()));
        }
    }

    /** Sets what an org's pool goes by in each period. */
    public void seatPools(Subject org, SeatPools pools) {
        store.put(AccountCatalogue.seatPoolsKey(org.text()), pools.toBytes());
    }

    /** What was last told of an org's number of seats. */
    public SeatsTold seatsTold(Subject org) {
        byte[] told = store.get(seatsToldKey(org));
        return told == null ? SeatsTold.NOTHING : SeatsTold.fromBytes(told);
    }

    /** Remembers what was told of an org's number of seats. */
    public void seatsTold(Subject org, SeatsTold told) {
        store.put(seatsToldKey(org), told.toBytes());
    }

    private static Bytes seatsToldKey(Subject org) {
        return StoreKey.key().tag(SEATS_TOLD).text(org.text()).bytes();
    }

    /** Has the subscribers of a plan gone through, by {@link #walk}. */
    public void walkFrom(String planKey) {
        store.put(StoreKey.key().tag(PLAN_WALKS).text(planKey).bytes(), PRESENT);
    }

    /** The next subscribers of plans that have changed. */
    public List<Subject> walk(int most) {
        StoreKey walks = StoreKey.key().tag(PLAN_WALKS);
        List<Subject> found = new ArrayList<>();
        for (Bytes walk : first(1, walks.bytes(), walks.afterPrefix())) {
            StoreKey.Reader reader = new StoreKey.Reader(walk);
            reader.tag();
            StoreKey subscribers = StoreKey.key().tag(SUBSCRIBERS).text(reader.text());
            byte[] cursor = store.get(walk);
            boolean begins = cursor == null || cursor.length == 0;
            List<Bytes> next =
                    first(most + 1, begins ? subscribers.bytes() : Bytes.wrap(cursor), subscribers.afterPrefix());
            for (Bytes row : next.subList(0, Math.min(most, next.size()))) {
                found.add(subscriber(row));
            }
            if (next.size() > most) {
                store.put(walk, next.get(most).get());
            } else {
                store.delete(walk);
            }
        }
        return found;
    }

    private List<Bytes> first(int most, Bytes from, Bytes to) {
        List<Bytes> found = new ArrayList<>();
        try (KeyValueIterator<Bytes, byte[]> rows = store.range(from, to)) {
            while (rows.hasNext() && found.size() < most) {
                found.add(rows.next().key);
            }
        }
        return found;
    }

    private static Bytes subscriber(String planKey, String subject) {
        return StoreKey.key().tag(SUBSCRIBERS).text(planKey).text(subject).bytes();
    }

    private static Subject subscriber(Bytes row) {
        StoreKey.Reader reader = new StoreKey.Reader(row);
        reader.tag();
        reader.text();
        return Subject.parse(reader.text());
    }
}
