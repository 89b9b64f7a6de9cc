package dev.tally.streams.topology;

import dev.tally.keys.Subject;
import dev.tally.schemas.CatalogueRemoval;
import dev.tally.schemas.Grant;
import dev.tally.schemas.Membership;
import dev.tally.schemas.Subscription;
import dev.tally.streams.state.CatalogueKind;
import org.apache.avro.specific.SpecificRecord;

/**
 * What a change of the catalogue brings to the subject log.
 *
 * @param key the subject it concerns; of what concerns every subject, its own key
 * @param input what the accounts stage is told
 */
record CatalogueInput(String key, SpecificRecord input) {

    /** A record that is put in force under its key. */
    static CatalogueInput put(String key, SpecificRecord record) {
        String subject = switch (record) {
            case Subscription subscription -> subscription.getSubject();
            case Grant grant -> grant.getSubject();
            case Membership membership -> Subject.org(membership.getOrgId()).text();
            default -> key;
        };
        return new CatalogueInput(subject, record);
    }

    /** A removal has only its key; one that names no subject is harmless wherever it goes. */
    static CatalogueInput removal(CatalogueKind kind, String key) {
        String first = key.contains("/") ? key.substring(0, key.indexOf('/')) : key;
        String subject = switch (kind) {
            case METER, PLAN, SUBSCRIPTION -> key;
            case GRANT -> first;
            case MEMBERSHIP -> "org:" + first;
        };
        return new CatalogueInput(subject, new CatalogueRemoval(kind.baseTopic(), key));
    }
}
