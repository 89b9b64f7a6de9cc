package dev.tally.streams.state;

import dev.tally.keys.Keys;
import dev.tally.keys.Subject;
import dev.tally.schemas.Meter;
import dev.tally.schemas.Plan;
import dev.tally.schemas.Subscription;
import dev.tally.schemas.serde.Decoded;
import dev.tally.schemas.serde.RecordSerde;
import dev.tally.streams.metering.MeterDefinition;
import dev.tally.streams.metering.MeterSet;
import dev.tally.streams.metering.PlanTerms;
import dev.tally.streams.metering.SubscriptionTerms;
import dev.tally.streams.metering.Terms;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.Function;
import org.apache.avro.specific.SpecificRecord;
import org.apache.kafka.common.header.internals.RecordHeaders;
import org.apache.kafka.common.utils.Bytes;
import org.apache.kafka.streams.KeyValue;
import org.apache.kafka.streams.state.KeyValueIterator;
import org.apache.kafka.streams.state.KeyValueStore;
import org.jspecify.annotations.Nullable;

/**
 * The catalogue that the intake goes by: a global copy, one per process, shared by its threads. Records are decoded when first asked for.
 */
public final class CatalogueView implements Terms {

    private static final int MAX_DECODED = 100_000;

    private final CatalogueRecords records;
    private final String topic;
    private final ConcurrentHashMap<Bytes, Optional<Object>> decoded = new ConcurrentHashMap<>();
    private volatile @Nullable KeyValueStore<Bytes, byte[]> store;
    private volatile boolean complete;
    private final AtomicLong version = new AtomicLong();
    private volatile @Nullable MeterSet meters;

    /** A view that has nothing until a store is attached. */
    public CatalogueView(CatalogueRecords records, String topic) {
        this.records = records;
        this.topic = topic;
    }

    /** Whether it holds all that was in force when this process started: before, what is missing may only not have been read yet. */
    public boolean isComplete() {
        return complete;
    }

    /** To be called once the store holds all that was in force when this process started. */
    public void completed() {
        complete = true;
    }

    /** Another number after each change. */
    public long version() {
        return version.get();
    }

    /** The meters in force; the same set as long as they are the same. */
    public MeterSet meters() {
        MeterSet known = meters;
        if (known == null) {
            known = readMeters();
        }
        return known;
    }

    private synchronized MeterSet readMeters() {
        List<MeterDefinition> found = new ArrayList<>();
        KeyValueStore<Bytes, byte[]> from = store;
        if (from == null) {
            return MeterSet.NONE;
        }
        StoreKey prefix = CatalogueKind.METER.prefix();
        try (KeyValueIterator<Bytes, byte[]> all = from.range(prefix.bytes(), prefix.afterPrefix())) {
            while (all.hasNext()) {
                KeyValue<Bytes, byte[]> next = all.next();
                found.add(TermsMapping.meter((Meter) decode(CatalogueKind.METER, next.value)));
            }
        }
        MeterSet set = new MeterSet(found);
        meters = set;
        return set;
    }

    @Override
    public Optional<SubscriptionTerms> subscription(Subject subject) {
        return lookUp(
                        CatalogueKind.SUBSCRIPTION,
                        subject.text(),
                        record -> TermsMapping.subscription((Subscription) record))
                .map(SubscriptionTerms.class::cast);
    }

    @Override
    public Optional<PlanTerms> plan(String planId, int version) {
        return lookUp(CatalogueKind.PLAN, Keys.plan(planId, version), record -> TermsMapping.plan((Plan) record))
                .map(PlanTerms.class::cast);
    }

    private Optional<Object> lookUp(CatalogueKind kind, String key, Function<SpecificRecord, Object> mapping) {
        if (decoded.size() > MAX_DECODED) {
            decoded.clear();
        }
        // computeIfAbsent holds the entry while it reads the store, so an update that comes meanwhile removes what was
        // read too early.
        return decoded.computeIfAbsent(kind.storeKey(key), storeKey -> {
            KeyValueStore<Bytes, byte[]> from = store;
            byte[] value = from == null ? null : from.get(storeKey);
            return value == null ? Optional.empty() : Optional.of(mapping.apply(decode(kind, value)));
        });
    }

    /** All records of a kind, as they were published, in the order of their store keys; read anew each time. */
    public List<SpecificRecord> records(CatalogueKind kind) {
        List<SpecificRecord> found = new ArrayList<>();
        KeyValueStore<Bytes, byte[]> from = store;
        if (from != null) {
            StoreKey prefix = kind.prefix();
            try (KeyValueIterator<Bytes, byte[]> all = from.range(prefix.bytes(), prefix.afterPrefix())) {
                all.forEachRemaining(next -> found.add(decode(kind, next.value)));
            }
        }
        return found;
    }

    /** A record as it was published; read anew each time. */
    public Optional<SpecificRecord> record(CatalogueKind kind, String key) {
        KeyValueStore<Bytes, byte[]> from = store;
        byte[] value = from == null ? null : from.get(kind.storeKey(key));
        return value == null ? Optional.empty() : Optional.of(decode(kind, value));
    }

    private SpecificRecord decode(CatalogueKind kind, byte[] value) {
        RecordSerde<? extends SpecificRecord> serde = records.serde(kind);
        return switch (serde.decode(topic, new RecordHeaders(), value)) {
            case Decoded.Read<? extends SpecificRecord> read -> read.value();
            case Decoded.Refused<? extends SpecificRecord> refused ->
                throw new IllegalStateException("a catalogue record in force cannot be read: " + refused.detail());
        };
    }

    /** Begins to read from a store. */
    public void attach(KeyValueStore<Bytes, byte[]> to) {
        store = to;
        decoded.clear();
        meters = null;
        version.incrementAndGet();
    }

    /** Forgets what was read of a key whose value has changed. */
    public synchronized void changed(Bytes key) {
        decoded.remove(key);
        if (key.get()[0] == CatalogueKind.METER.prefix().bytes().get()[0]) {
            meters = null;
        }
        version.incrementAndGet();
    }
}
