package dev.tally.streams.state;

import dev.tally.keys.Keys;
import dev.tally.keys.Subject;
import dev.tally.schemas.Grant;
import dev.tally.schemas.Membership;
import dev.tally.schemas.MembershipStatus;
import dev.tally.schemas.Meter;
import dev.tally.schemas.Plan;
import dev.tally.schemas.Subscription;
import dev.tally.schemas.serde.Decoded;
import dev.tally.schemas.serde.RecordSerde;
import dev.tally.schemas.serde.RecordSerdes;
import dev.tally.streams.metering.EffectiveLimits;
import dev.tally.streams.metering.GrantTerms;
import dev.tally.streams.metering.MeterDefinition;
import dev.tally.streams.metering.PlanTerms;
import dev.tally.streams.metering.SubscriptionTerms;
import dev.tally.streams.metering.Terms;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.stream.Collectors;
import org.apache.avro.specific.SpecificRecord;
import org.apache.kafka.common.header.internals.RecordHeaders;
import org.apache.kafka.common.utils.Bytes;
import org.apache.kafka.streams.state.KeyValueIterator;
import org.apache.kafka.streams.state.ReadOnlyKeyValueStore;

/**
 * The catalogue as the accounts stage has it: what the logs of its subjects have said so far. Also read by queries, which hand in a
 * read-only store.
 */
public final class AccountCatalogue implements Terms {

    private static final char SEATS = 'n';
    private static final char SEAT_POOLS = 'q';
    private static final char GRANTS = 'h';
    private static final char CANCELED = 'c';

    private final CatalogueSerdes serdes;
    private final ReadOnlyKeyValueStore<Bytes, byte[]> store;

    /** A view over a store of catalogue records. */
    public AccountCatalogue(CatalogueSerdes serdes, ReadOnlyKeyValueStore<Bytes, byte[]> store) {
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

        /** A record as it is stored. */
        public SpecificRecord read(CatalogueKind kind, byte[] value) {
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

    /** Whether a meter counts every action. */
    public boolean countsEachAction(String meterId) {
        return record(CatalogueKind.METER, meterId)
                .map(record -> TermsMapping.meter((Meter) record))
                .filter(meter -> meter.aggregation() == MeterDefinition.Aggregation.COUNT && meter.filter() == null)
                .isPresent();
    }

    /** event_name of the Stripe meter that receives a meter. */
    public String stripeEventName(String meterId) {
        return record(CatalogueKind.METER, meterId)
                .map(record -> TermsMapping.meter((Meter) record).stripeEventName())
                .orElse(meterId);
    }

    /** Accepted memberships of an org; 0 for a user. */
    public long seats(Subject subject) {
        return Numbers.orElse(store.get(seatsKey(subject.text())), 0);
    }

    /** How many seats the pool of an org goes by in each period. */
    public SeatPools seatPools(Subject org) {
        byte[] stored = store.get(seatPoolsKey(org.text()));
        return stored == null ? SeatPools.NONE : SeatPools.fromBytes(stored);
    }

    /** The grants of a subject, in the order in which they are burned. */
    public List<GrantTerms> grants(Subject subject) {
        StoreKey prefix = grants(subject.text());
        List<GrantTerms> grants = new ArrayList<>();
        try (KeyValueIterator<Bytes, byte[]> rows = store.range(prefix.bytes(), prefix.afterPrefix())) {
            rows.forEachRemaining(
                    row -> grants.add(TermsMapping.grant((Grant) serdes.read(CatalogueKind.GRANT, row.value))));
        }
        grants.sort(GrantTerms.BURN_ORDER);
        return grants;
    }

    /** Those of one meter. */
    public List<GrantTerms> grants(Subject subject, String meter) {
        return grants(subject).stream()
                .filter(grant -> grant.meter().equals(meter))
                .toList();
    }

    /** Whether a user is an accepted member of an org. */
    public boolean isMember(Subject org, String userId) {
        return record(CatalogueKind.MEMBERSHIP, Keys.membership(org.id(), userId))
                .filter(membership -> ((Membership) membership).getStatus() == MembershipStatus.ACCEPTED)
                .isPresent();
    }

    /** Since when a subject's subscription has been canceled; empty where it is not. */
    public Optional<Instant> canceledAt(Subject subject) {
        return Optional.ofNullable(store.get(canceledKey(subject.text())))
                .map(Numbers::fromBytes)
                .map(Instant::ofEpochMilli);
    }

    /** The limits that hold for a subject at an instant. */
    public EffectiveLimits limits(Subject subject, Instant at) {
        return EffectiveLimits.of(
                this,
                subject,
                at,
                () -> seats(subject),
                () -> grants(subject).stream().map(GrantTerms::meter).collect(Collectors.toUnmodifiableSet()));
    }

    /** A record of the catalogue, as it was put in force. */
    public Optional<SpecificRecord> record(CatalogueKind kind, String key) {
        return stored(kind, key).map(value -> serdes.read(kind, value));
    }

    /** The same as it is stored. */
    public Optional<byte[]> stored(CatalogueKind kind, String key) {
        return Optional.ofNullable(store.get(storeKey(kind, key)));
    }

    static Bytes seatsKey(String subject) {
        return StoreKey.key().tag(SEATS).text(subject).bytes();
    }

    static Bytes seatPoolsKey(String org) {
        return StoreKey.key().tag(SEAT_POOLS).text(org).bytes();
    }

    static Bytes canceledKey(String subject) {
        return StoreKey.key().tag(CANCELED).text(subject).bytes();
    }

    /** Start of the keys of a subject's grants. */
    private static StoreKey grants(String subject) {
        return StoreKey.key().tag(GRANTS).text(subject);
    }

    /** A grant lies with the others of its subject. */
    static Bytes storeKey(CatalogueKind kind, String key) {
        int subject = key.indexOf('/');
        return kind == CatalogueKind.GRANT && subject >= 0
                ? grants(key.substring(0, subject))
                        .text(key.substring(subject + 1))
                        .bytes()
                : kind.storeKey(key);
    }
}
