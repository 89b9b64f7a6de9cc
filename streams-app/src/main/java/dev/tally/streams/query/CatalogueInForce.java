package dev.tally.streams.query;

import dev.tally.keys.Subject;
import dev.tally.schemas.catalogue.Catalogue;
import dev.tally.streams.state.CatalogueKind;
import java.util.Optional;
import org.apache.avro.specific.SpecificRecord;

/** The catalogue records in force. */
public interface CatalogueInForce {

    /** What the intake goes by: all meters and plans, and the subscription of a subject. */
    Answer<Catalogue> around(Subject subject);

    /** A record of a subject that the intake goes by. */
    Answer<Optional<SpecificRecord>> ofIntake(CatalogueKind kind, String key);

    /** A record of a subject that the accounts stage goes by. */
    Answer<Optional<SpecificRecord>> ofAccounts(Subject subject, CatalogueKind kind, String key);
}
