package dev.tally.cli;

import dev.tally.cli.audit.ChargeCatalogue;
import dev.tally.cli.audit.Cluster;
import dev.tally.cli.audit.LimitCatalogue;
import dev.tally.schemas.Grant;
import dev.tally.schemas.Membership;
import dev.tally.schemas.Meter;
import dev.tally.schemas.Plan;
import dev.tally.schemas.Subscription;
import dev.tally.schemas.serde.RecordSerdes;
import dev.tally.schemas.topics.Topics;
import dev.tally.streams.state.CatalogueKind;
import dev.tally.streams.state.CatalogueRecords;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.apache.avro.specific.SpecificRecord;
import org.jspecify.annotations.Nullable;

/** The catalogue as an audit knows it: each record that was ever written, when it was. */
final class AuditCatalogue {

    private final Cluster cluster;
    private final RecordSerdes serdes;
    private final ChargeCatalogue charging = new ChargeCatalogue();
    private final LimitCatalogue limiting;
    private final Map<String, Meter> meters = new TreeMap<>();

    private interface CatalogueSink<T> {
        void put(String key, @Nullable T value, Instant writtenAt);
    }

    private AuditCatalogue(Cluster cluster, RecordSerdes serdes, Topics topics, Instant now) {
        this.cluster = cluster;
        this.serdes = serdes;
        limiting = new LimitCatalogue(now);
        read(CatalogueKind.PLAN, topics.plans(), Plan.class, (key, plan, at) -> {
            if (plan != null) {
                charging.plan(plan, at);
                limiting.plan(plan, at);
            }
        });
        read(CatalogueKind.SUBSCRIPTION, topics.subscriptions(), Subscription.class, (key, subscription, at) -> {
            charging.subscription(key, subscription, at);
            limiting.subscription(key, subscription, at);
        });
        read(CatalogueKind.GRANT, topics.grants(), Grant.class, (key, grant, at) -> {
            charging.grant(key.substring(0, Math.max(0, key.indexOf('/'))), key, grant, at);
            if (grant != null) {
                limiting.grant(grant);
            }
        });
        read(CatalogueKind.MEMBERSHIP, topics.memberships(), Membership.class, (key, membership, at) -> {
            if (membership != null) {
                charging.membership(membership);
            }
        });
        read(CatalogueKind.METER, topics.meters(), Meter.class, (key, meter, at) -> {
            if (meter == null) {
                meters.remove(key);
            } else {
                meters.put(key, meter);
            }
        });
    }

    /**
     * Reads it.
     *
     * @param now by the clock that the stack goes by
     */
    static AuditCatalogue read(Cluster cluster, RecordSerdes serdes, Topics topics, Instant now) {
        return new AuditCatalogue(cluster, serdes, topics, now);
    }

    /** What is charged for. */
    ChargeCatalogue charging() {
        return charging;
    }

    /** What is limited. */
    LimitCatalogue limiting() {
        return limiting;
    }

    /** The meters in force, by name. */
    List<Meter> meters() {
        return List.copyOf(meters.values());
    }

    /** Like streams-app, passes over what breaks the rules: it leaves in force what was there before. */
    private <T extends SpecificRecord> void read(
            CatalogueKind kind, String topic, Class<T> type, CatalogueSink<T> sink) {
        CatalogueRecords records = new CatalogueRecords(serdes);
        cluster.readAll(topic, record -> {
            String key = record.key() == null ? "" : new String(record.key(), StandardCharsets.UTF_8);
            Instant writtenAt = Instant.ofEpochMilli(record.timestamp());
            switch (records.read(kind, topic, record.headers(), key, record.value())) {
                case CatalogueRecords.Reading.Valid valid -> sink.put(key, type.cast(valid.record()), writtenAt);
                case CatalogueRecords.Reading.Removed ignored -> sink.put(key, null, writtenAt);
                case CatalogueRecords.Reading.Refused ignored -> {}
            }
        });
    }
}
