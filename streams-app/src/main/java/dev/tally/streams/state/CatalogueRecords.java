package dev.tally.streams.state;

import dev.tally.keys.Ids;
import dev.tally.keys.Keys;
import dev.tally.keys.Subject;
import dev.tally.schemas.Grant;
import dev.tally.schemas.Membership;
import dev.tally.schemas.Meter;
import dev.tally.schemas.Plan;
import dev.tally.schemas.Subscription;
import dev.tally.schemas.catalogue.CatalogueRules;
import dev.tally.schemas.serde.Decoded;
import dev.tally.schemas.serde.RecordSerde;
import dev.tally.schemas.serde.RecordSerdes;
import dev.tally.streams.metering.DeadLetterReason;
import dev.tally.streams.metering.Rejection;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import org.apache.avro.specific.SpecificRecord;
import org.apache.kafka.common.header.Headers;
import org.jspecify.annotations.Nullable;

/** Reads and checks records of the catalogue topics. */
public final class CatalogueRecords {

    /** What a catalogue record turned out to be. */
    public sealed interface Reading {
        /** A record to put in force. */
        record Valid(SpecificRecord record) implements Reading {}

        /** A tombstone. */
        record Removed() implements Reading {}

        /** Not to be put in force. */
        record Refused(Rejection why) implements Reading {}
    }

    /** Two percent-encoded ids of the greatest length, and what stands around them. */
    private static final int MAX_KEY_LENGTH = 2 * 3 * Ids.MAX_BYTES + 32;

    private final Map<CatalogueKind, RecordSerde<? extends SpecificRecord>> serdes = new EnumMap<>(CatalogueKind.class);

    public CatalogueRecords(RecordSerdes serdes) {
        for (CatalogueKind kind : CatalogueKind.values()) {
            this.serdes.put(kind, serdes.of(kind.type()));
        }
    }

    public Reading read(CatalogueKind kind, String topic, Headers headers, String key, byte @Nullable [] value) {
        if (key.length() > MAX_KEY_LENGTH) {
            return new Reading.Refused(
                    new Rejection(DeadLetterReason.INVALID_CATALOGUE, "the key has " + key.length() + " characters"));
        }
        if (value == null) {
            return new Reading.Removed();
        }
        return switch (serde(kind).decode(topic, headers, value)) {
            case Decoded.Refused<? extends SpecificRecord> refused ->
                new Reading.Refused(new Rejection(Refusals.reason(refused.reason()), refused.detail()));
            case Decoded.Read<? extends SpecificRecord> read -> checked(key, read.value());
        };
    }

    private Reading checked(String key, SpecificRecord record) {
        List<String> problems = new ArrayList<>(problems(record));
        if (problems.isEmpty() && !key.equals(keyOf(record))) {
            problems.add("key is " + key + ", the record's is " + keyOf(record));
        }
        return problems.isEmpty()
                ? new Reading.Valid(record)
                : new Reading.Refused(new Rejection(DeadLetterReason.INVALID_CATALOGUE, String.join("; ", problems)));
    }

    private static List<String> problems(SpecificRecord record) {
        return switch (record) {
            case Meter meter -> CatalogueRules.problems(meter);
            case Plan plan -> CatalogueRules.problems(plan);
            case Subscription subscription -> CatalogueRules.problems(subscription);
            case Grant grant -> CatalogueRules.problems(grant);
            case Membership membership -> CatalogueRules.problems(membership);
            default ->
                throw new IllegalStateException(
                        "not a catalogue record: " + record.getSchema().getName());
        };
    }

    /** The key a catalogue record belongs under. */
    public static String keyOf(SpecificRecord record) {
        return switch (record) {
            case Meter meter -> meter.getMeterId();
            case Plan plan -> Keys.plan(plan.getPlanId(), plan.getVersion());
            case Subscription subscription -> subscription.getSubject();
            case Grant grant -> Keys.grant(Subject.parse(grant.getSubject()), grant.getGrantId());
            case Membership membership -> Keys.membership(membership.getOrgId(), membership.getUserId());
            default ->
                throw new IllegalStateException(
                        "not a catalogue record: " + record.getSchema().getName());
        };
    }

    public RecordSerde<? extends SpecificRecord> serde(CatalogueKind kind) {
        RecordSerde<? extends SpecificRecord> serde = serdes.get(kind);
        if (serde == null) {
            throw new IllegalStateException("no serde for " + kind);
        }
        return serde;
    }
}
