package dev.tally.streams.requests;

import dev.tally.keys.Subject;
import dev.tally.schemas.AdmissionCancel;
import dev.tally.schemas.AdmissionDecision;
import dev.tally.schemas.AdmissionRequest;
import dev.tally.schemas.Decision;
import dev.tally.streams.metering.MeterSet;
import dev.tally.streams.query.AdmissionStates;
import dev.tally.streams.query.AdmissionTerms;
import dev.tally.streams.query.Answer;
import dev.tally.streams.state.AdmissionState;
import dev.tally.streams.state.DecisionBoard;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeoutException;
import java.util.function.Predicate;
import org.apache.avro.specific.SpecificRecord;
import org.apache.kafka.common.KafkaException;

/**
 * Asks the accounts stage through the subject log, and waits for its decision on the {@link DecisionBoard}. The partition of a payer may be
 * on another instance; its decisions come to the board once they are committed.
 */
public final class LoggedAdmissions implements Admissions {

    private static final Duration RETRY_AFTER = Duration.ofSeconds(1);

    private final SubjectLog log;
    private final DecisionBoard board;
    private final AdmissionStates states;
    private final AdmissionStates anywhere;
    private final AdmissionTerms terms;
    private final InstantSource clock;
    private final Duration answerWithin;

    /**
     * Admissions of a running topology.
     *
     * @param board where decisions are shown
     * @param states their present states, where they are kept on this instance
     * @param anywhere the same, wherever they are kept
     * @param clock by which the log's records are stamped, more or less
     * @param answerWithin a decision takes milliseconds; one that takes longer than this is answered with "ask again"
     */
    public LoggedAdmissions(
            SubjectLog log,
            DecisionBoard board,
            AdmissionStates states,
            AdmissionStates anywhere,
            AdmissionTerms terms,
            InstantSource clock,
            Duration answerWithin) {
        this.log = log;
        this.board = board;
        this.states = states;
        this.anywhere = anywhere;
        this.terms = terms;
        this.clock = clock;
        this.answerWithin = answerWithin;
    }

    @Override
    public Answer<MeterSet> meters() {
        return terms.meters();
    }

    @Override
    public Answer<AdmissionDecision> ask(AdmissionAsk ask) {
        return switch (terms.payer(ask.userId(), ask.orgId())) {
            case Answer.Found<Subject>(Subject payer, boolean ignored) -> ask(payer, ask);
            case Answer.FromStandby<Subject>(Subject payer, long ignored) -> ask(payer, ask);
            case Answer.Absent<Subject>(String what) -> new Answer.Absent<>(what);
            case Answer.OutOfRetention<Subject> old -> new Answer.OutOfRetention<>(old.oldest());
            case Answer.NotReady<Subject>(String reason, Duration after) -> new Answer.NotReady<>(reason, after);
        };
    }

    private Answer<AdmissionDecision> ask(Subject payer, AdmissionAsk ask) {
        boolean elsewhere = isElsewhere(payer, ask.actionId());
        if (elsewhere) {
            Optional<Answer<AdmissionDecision>> known = newestShown(payer, ask.actionId());
            if (known.isPresent()) {
                return known.get();
            }
        }
        AdmissionRequest request = new AdmissionRequest(
                ask.actionId(),
                payer.text(),
                ask.userId(),
                ask.orgId(),
                ask.spaceId(),
                ask.amounts(),
                ask.holdFor().toMillis());
        return decisionOn(payer, ask.actionId(), request, elsewhere, any -> true, Answer.Found.class::isInstance);
    }

    @Override
    public Answer<AdmissionDecision> find(Subject payer, String actionId, Duration wait) {
        if (wait.isZero()) {
            return present(payer, actionId);
        }
        // Waits before it looks, so that no change is missed in between.
        CompletableFuture<AdmissionDecision> change =
                board.await(payer.text(), actionId, shown -> shown.decision().getDecision() != Decision.QUEUE, wait);
        try {
            Answer<AdmissionDecision> present = present(payer, actionId);
            if (!isQueued(present)) {
                return present;
            }
            return new Answer.Found<>(change.get(), false);
        } catch (ExecutionException noChange) {
            return present(payer, actionId);
        } catch (InterruptedException e) {
            return interrupted();
        } finally {
            change.cancel(false);
        }
    }

    private static boolean isQueued(Answer<AdmissionDecision> answer) {
        return switch (answer) {
            case Answer.Found<AdmissionDecision>(AdmissionDecision decision, boolean ignored) ->
                decision.getDecision() == Decision.QUEUE;
            // What a copy shows may have changed since; its change will be shown on the board all the same.
            case Answer.FromStandby<AdmissionDecision>(AdmissionDecision decision, long ignored) ->
                decision.getDecision() == Decision.QUEUE;
            case Answer.Absent<AdmissionDecision> absent -> false;
            case Answer.OutOfRetention<AdmissionDecision> old -> false;
            case Answer.NotReady<AdmissionDecision> notReady -> false;
        };
    }

    @Override
    public Answer<AdmissionDecision> cancel(Subject payer, String actionId) {
        Answer<AdmissionDecision> before = present(payer, actionId);
        if (isOver(before)) {
            return before;
        }
        // What was asked for, or released, just before is shown before the cancel is dealt with; after it, the
        // admission is over.
        return decisionOn(
                payer,
                actionId,
                new AdmissionCancel(actionId, payer.text()),
                isElsewhere(payer, actionId),
                DecisionBoard.Shown::isOver,
                late -> late instanceof Answer.Absent<AdmissionDecision> || isOver(late));
    }

    /** Whether nothing is held or queued, so that there is nothing to give up. */
    private static boolean isOver(Answer<AdmissionDecision> answer) {
        return answer instanceof Answer.Found<AdmissionDecision>(AdmissionDecision decision, boolean ignored)
                && DecisionBoard.isOver(decision);
    }

    /**
     * Sends an input about an action, and waits for the next decision about it that is an answer to the input.
     *
     * @param elsewhere whether another instance decides: what it has decided before, it publishes once more for this one, which may not know it
     * @param wanted whether one that is shown is
     * @param isAnswer where none is shown in time: whether the present state is an answer to the input
     */
    private Answer<AdmissionDecision> decisionOn(
            Subject payer,
            String actionId,
            SpecificRecord input,
            boolean elsewhere,
            Predicate<DecisionBoard.Shown> wanted,
            Predicate<Answer<AdmissionDecision>> isAnswer) {
        CompletableFuture<AdmissionDecision> decision = board.await(payer.text(), actionId, wanted, answerWithin);
        try {
            var unused = (elsewhere ? log.sendFromElsewhere(payer, input) : log.send(payer, input))
                    .whenComplete((sent, failure) -> {
                        if (failure != null) {
                            decision.completeExceptionally(failure);
                        }
                    });
            return new Answer.Found<>(decision.get(), false);
        } catch (ExecutionException | KafkaException undecided) {
            Answer<AdmissionDecision> present = present(payer, actionId);
            return isAnswer.test(present) ? present : undecided(reason(undecided));
        } catch (InterruptedException e) {
            return interrupted();
        } finally {
            decision.cancel(false);
        }
    }

    private String reason(Exception undecided) {
        Throwable cause = undecided instanceof ExecutionException ? undecided.getCause() : undecided;
        return cause instanceof TimeoutException
                ? "there was no decision within " + answerWithin.toMillis() + " ms"
                : "Kafka or the schema registry cannot be reached";
    }

    private boolean isElsewhere(Subject payer, String actionId) {
        return states.find(payer, actionId) instanceof Answer.NotReady<AdmissionDecision>;
    }

    /** The state in the store of whoever keeps it, or, where it cannot be asked, what was shown last. */
    private Answer<AdmissionDecision> present(Subject payer, String actionId) {
        Answer<AdmissionDecision> kept = anywhere.find(payer, actionId);
        return switch (kept) {
            case Answer.Found<AdmissionDecision> found -> found;
            case Answer.Absent<AdmissionDecision> absent -> absent;
            case Answer.OutOfRetention<AdmissionDecision> old -> old;
            case Answer.FromStandby<AdmissionDecision> copy ->
                newestShown(payer, actionId).orElse(copy);
            case Answer.NotReady<AdmissionDecision> notReady ->
                newestShown(payer, actionId).orElse(notReady);
        };
    }

    /** The accounts stage may have forgotten what is older than its memory, and the id may be another action's. */
    private Optional<Answer<AdmissionDecision>> newestShown(Subject payer, String actionId) {
        Instant forgotten = clock.instant().minus(AdmissionState.KEPT_FOR);
        return board.newest(payer.text(), actionId)
                .filter(decision -> decision.getAt().isAfter(forgotten))
                .map(decision -> new Answer.Found<>(decision, true));
    }

    private static Answer<AdmissionDecision> undecided(String reason) {
        return new Answer.NotReady<>(reason + "; asking again with the same actionId is safe", RETRY_AFTER);
    }

    private static Answer<AdmissionDecision> interrupted() {
        Thread.currentThread().interrupt();
        return undecided("this instance is stopping");
    }
}
