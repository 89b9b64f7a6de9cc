package dev.tally.streams.topology;

import dev.tally.schemas.AdmissionDecision;
import dev.tally.streams.state.AccountFigures;
import dev.tally.streams.state.AdmissionState;
import java.util.function.Consumer;

/**
 * Who is told of admissions.
 *
 * @param log takes each decision as it is made or changed, once
 * @param board takes the same
 * @param again takes a decision when it is asked for again
 * @param figures counts
 */
record AdmissionOutlet(
        Consumer<AdmissionDecision> log, Consumer<AdmissionDecision> board, Again again, AccountFigures figures) {

    /** Takes what has been decided before, and whether nothing is held or waits any more. */
    interface Again {
        void accept(AdmissionDecision decision, boolean isOver);
    }

    void changed(AdmissionDecision decision) {
        log.accept(decision);
        board.accept(decision);
    }

    void asked(AdmissionState state) {
        again.accept(state.decision(), state.isFinal());
    }
}
