package dev.tally.streams.state;

import dev.tally.schemas.Grant;
import dev.tally.schemas.Membership;
import dev.tally.schemas.Meter;
import dev.tally.schemas.Plan;
import dev.tally.schemas.Subscription;
import dev.tally.schemas.topics.Topics;
import java.util.Map;
import java.util.Optional;
import org.apache.avro.specific.SpecificRecord;
import org.apache.kafka.common.utils.Bytes;

/** The kinds of catalogue record, one per catalogue topic. */
public enum CatalogueKind {
    METER("meters", Meter.class, 'm'),
    PLAN("plans", Plan.class, 'p'),
    SUBSCRIPTION("subscriptions", Subscription.class, 's'),
    GRANT("grants", Grant.class, 'g'),
    MEMBERSHIP("memberships", Membership.class, 'u');

    private final String baseTopic;
    private final Class<? extends SpecificRecord> type;
    private final char tag;

    CatalogueKind(String baseTopic, Class<? extends SpecificRecord> type, char tag) {
        this.baseTopic = baseTopic;
        this.type = type;
        this.tag = tag;
    }

    public String baseTopic() {
        return baseTopic;
    }

    public Class<? extends SpecificRecord> type() {
        return type;
    }

    /** Whether records of this kind are part of the intake's copy of the catalogue. */
    public boolean isNeededByIntake() {
        return switch (this) {
            case METER, PLAN, SUBSCRIPTION -> true;
            case GRANT, MEMBERSHIP -> false;
        };
    }

    /** Store key of a record of this kind. */
    public Bytes storeKey(String key) {
        return prefix().text(key).bytes();
    }

    /** Start of all store keys of this kind. */
    public StoreKey prefix() {
        return StoreKey.key().tag(tag);
    }

    /** The kind whose store keys start with a tag. */
    public static CatalogueKind ofTag(int tag) {
        for (CatalogueKind kind : values()) {
            if (kind.tag == tag) {
                return kind;
            }
        }
        throw new IllegalStateException("no kind of catalogue record has the tag " + tag);
    }

    public static Optional<CatalogueKind> ofBaseTopic(String baseTopic) {
        for (CatalogueKind kind : values()) {
            if (kind.baseTopic.equals(baseTopic)) {
                return Optional.of(kind);
            }
        }
        return Optional.empty();
    }

    /** The kind of a record. */
    public static CatalogueKind of(SpecificRecord record) {
        for (CatalogueKind kind : values()) {
            if (kind.type.isInstance(record)) {
                return kind;
            }
        }
        throw new IllegalArgumentException(record.getSchema().getFullName() + " is no catalogue record");
    }

    /** Full name of the topic of this kind. */
    public String topic(Topics topics) {
        return topics.prefix() + baseTopic;
    }

    public static Map<String, CatalogueKind> byTopic(Topics topics) {
        return Map.of(
                topics.meters(), METER,
                topics.plans(), PLAN,
                topics.subscriptions(), SUBSCRIPTION,
                topics.grants(), GRANT,
                topics.memberships(), MEMBERSHIP);
    }
}
