package dev.tally.streams.state;

import dev.tally.keys.Keys;
import dev.tally.keys.Subject;
import dev.tally.schemas.Membership;
import dev.tally.schemas.MembershipStatus;
import dev.tally.schemas.Meter;
import dev.tally.schemas.Plan;
import dev.tally.schemas.Subscription;
import dev.tally.schemas.serde.Decoded;
import dev.tally.schemas.serde.RecordSerde;
import dev.tally.schemas.serde.RecordSerdes;
import dev.tally.streams.metering.EffectiveLimits;
import dev.tally.streams.metering.PlanTerms;
import dev.tally.streams.metering.SubscriptionTerms;
import dev.tally.streams.metering.Terms;
import java.time.Instant;
import java.util.Optional;
import java.util.function.Function;
import org.apache.avro.specific.SpecificRecord;
import org.apache.kafka.common.header.internals.RecordHeaders;
import org.apache.kafka.common.utils.Bytes;
import org.apache.kafka.streams.state.KeyValueStore;
import org.jspecify.annotations.Nullable;

/**
 * The catalogue as the accounts stage has it: what the logs of its subjects have said so far. Also read by queries, which hand in a
 * read-only store.
 */
public final class AccountCatalogue implements Terms {

    private static final char SEATS = 'n';

    private final CatalogueSerdes serdes;
    private final Function<Bytes, byte @Nullable []> store;

    /** A view over a store of catalogue records. */
    public AccountCatalogue(CatalogueSerdes serdes, Function<Bytes, byte @Nullable []> store) {
        this.serdes = serdes;
        this.store = store;
    }

    /** The serdes of the kinds kept here, and the topic whose registry subjects they use. */
    public static final class CatalogueSerdes {
        private final CatalogueRecords records;
        private final String topic;

        /** Serdes for records kept in stores under the schemas of a topic. */
        public CatalogueSerdes(RecordSerdes serdes, String topic) {
            this.records = new CatalogueRecords(serdes);
            this.topic = topic;
        }

        SpecificRecord read(CatalogueKind kind, byte[] value) {
            RecordSerde<? extends SpecificRecord> serde = records.serde(kind);
            return switch (serde.decode(topic, new RecordHeaders(), value)) {
                case Decoded.Read<? extends SpecificRecord> read -> read.value();
                case Decoded.Refused<? extends SpecificRecord> refused ->
                    throw new IllegalStateException("a stored catalogue record cannot be read: " + refused.detail());
            };
        }
    }

    @Override
    public Optional<SubscriptionTerms> subscription(Subject subject) {
        return record(CatalogueKind.SUBSCRIPTION, subject.text())
                .map(record -> TermsMapping.subscription((Subscription) record));
    }

    @Override
    public Optional<PlanTerms> plan(String planId, int version) {
        return record(CatalogueKind.PLAN, Keys.plan(planId, version)).map(record -> TermsMapping.plan((Plan) record));
    }

    /** event_name of the Stripe meter that receives a meter. */
    public String stripeEventName(String meterId) {
        return record(CatalogueKind.METER, meterId)
                .map(record -> TermsMapping.meter((Meter) record).stripeEventName())
                .orElse(meterId);
    }

    /** Accepted memberships of an org; 0 for a user. */
    public long seats(Subject subject) {
        return Numbers.orElse(store.apply(seatsKey(subject.text())), 0);
    }

    /** The limits that hold for a subject at an instant. */
    public EffectiveLimits limits(Subject subject, Instant at) {
        return EffectiveLimits.of(this, subject, at, seats(subject));
    }

    /** Puts a record in force. */
    public static void put(
            KeyValueStore<Bytes, byte[]> store,
            CatalogueSerdes serdes,
            CatalogueKind kind,
            SpecificRecord record,
            byte[] bytes) {
        Bytes key = kind.storeKey(CatalogueRecords.keyOf(record));
        if (record instanceof Membership membership) {
            boolean before = isSeat(serdes, store.get(key));
            boolean after = membership.getStatus() == MembershipStatus.ACCEPTED;
            addSeats(store, Subject.org(membership.getOrgId()).text(), (after ? 1 : 0) - (before ? 1 : 0));
        }
        store.put(key, bytes);
    }

    /** Takes a record out of force. */
    public static void remove(
            KeyValueStore<Bytes, byte[]> store, CatalogueSerdes serdes, CatalogueKind kind, String key) {
        Bytes storeKey = kind.storeKey(key);
        byte[] before = store.get(storeKey);
        if (kind == CatalogueKind.MEMBERSHIP && before != null && isSeat(serdes, before)) {
            Membership membership = (Membership) serdes.read(CatalogueKind.MEMBERSHIP, before);
            addSeats(store, Subject.org(membership.getOrgId()).text(), -1);
        }
        store.delete(storeKey);
    }

    private static boolean isSeat(CatalogueSerdes serdes, byte @Nullable [] membership) {
        return membership != null
                && ((Membership) serdes.read(CatalogueKind.MEMBERSHIP, membership)).getStatus()
                        == MembershipStatus.ACCEPTED;
    }

    private static void addSeats(KeyValueStore<Bytes, byte[]> store, String org, long more) {
        if (more != 0) {
            Bytes key = seatsKey(org);
            store.put(key, Numbers.toBytes(Numbers.orElse(store.get(key), 0) + more));
        }
    }

    private static Bytes seatsKey(String subject) {
        return StoreKey.key().tag(SEATS).text(subject).bytes();
    }

    private Optional<SpecificRecord> record(CatalogueKind kind, String key) {
        byte[] value = store.apply(kind.storeKey(key));
        return value == null ? Optional.empty() : Optional.of(serdes.read(kind, value));
    }
}
