package dev.tally.streams.query;

import dev.tally.keys.Subject;
import dev.tally.schemas.AdmissionDecision;

/** The present states of admissions, as the accounts stage has them. */
public interface AdmissionStates {

    /** An admission's newest decision; absent where the payer has no such admission. */
    Answer<AdmissionDecision> find(Subject payer, String actionId);
}
