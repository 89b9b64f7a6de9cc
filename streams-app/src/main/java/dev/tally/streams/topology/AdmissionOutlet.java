package dev.tally.streams.topology;

import dev.tally.schemas.AdmissionDecision;
import dev.tally.streams.state.AccountFigures;
import java.util.function.Consumer;

/**
 * Who is told of admissions.
 *
 * @param log takes each decision as it is made or changed, once
 * @param board takes the same, and a decision again when it is asked for again
 * @param figures counts
 */
record AdmissionOutlet(Consumer<AdmissionDecision> log, Consumer<AdmissionDecision> board, AccountFigures figures) {

    void changed(AdmissionDecision decision) {
        log.accept(decision);
        board.accept(decision);
    }

    void asked(AdmissionDecision decision) {
        board.accept(decision);
    }
}
