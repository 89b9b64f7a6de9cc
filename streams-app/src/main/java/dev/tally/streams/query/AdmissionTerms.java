package dev.tally.streams.query;

import dev.tally.keys.Subject;
import dev.tally.streams.metering.MeterSet;
import org.jspecify.annotations.Nullable;

/** What of the catalogue must be known before an admission is asked for. */
public interface AdmissionTerms {

    /** The meters that the intake goes by. */
    Answer<MeterSet> meters();

    /** Who would pay for an action that ran now, as the intake would decide it. */
    Answer<Subject> payer(String userId, @Nullable String orgId);
}
