package dev.tally.streams.requests;

import dev.tally.keys.Subject;
import dev.tally.schemas.Grant;
import dev.tally.schemas.catalogue.Catalogue;
import dev.tally.streams.query.Answer;
import java.util.Optional;
import org.apache.avro.specific.SpecificRecord;

/** Changes of the catalogue. Calls wait, so they belong on threads that may. */
public interface CatalogueWrites {

    /** How far a change has got. */
    enum Written {
        /** What is counted, limited and billed from now on goes by it. */
        IN_FORCE,
        /** It is in its topic, and will be in force; when, this instance cannot tell. */
        PUBLISHED
    }

    /**
     * What a record of a subject may refer to: all meters and plans, and the subject's subscription, if it has one. A subscription that was
     * published through this instance is the subject's already before it is in force.
     */
    Answer<Catalogue> around(Subject subject);

    /** A subject's grant, also one that was published through this instance and is not in force yet. */
    Answer<Optional<Grant>> grant(Subject subject, String grantId);

    /**
     * Makes a change of a subject's records that no other change made through this instance comes between.
     *
     * @return whether it was made; it is not when others take too long, and may then be tried again
     */
    boolean alone(Subject subject, Runnable change);

    /** Publishes a checked record under its key, and waits a while until it is in force. */
    Answer<Written> publish(SpecificRecord record);
}
