package dev.tally.streams.requests;

import dev.tally.keys.Subject;
import dev.tally.schemas.AdmissionDecision;
import dev.tally.streams.metering.MeterSet;
import dev.tally.streams.query.Answer;
import java.time.Duration;

/** Admission of actions before they run. Calls wait, so they belong on threads that may. */
public interface Admissions {

    /** The meters that amounts may name. */
    Answer<MeterSet> meters();

    /** Asks whether an action may run. The same actionId again gets its present state, so after {@link Answer.NotReady} asking again is safe. */
    Answer<AdmissionDecision> ask(AdmissionAsk ask);

    /**
     * The present state of an admission.
     *
     * @param wait how long to wait, while the action is queued, for that to change
     */
    Answer<AdmissionDecision> find(Subject payer, String actionId, Duration wait);

    /** Gives an admission up; its state after it. */
    Answer<AdmissionDecision> cancel(Subject payer, String actionId);
}
