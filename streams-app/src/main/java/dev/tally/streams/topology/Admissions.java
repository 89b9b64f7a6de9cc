package dev.tally.streams.topology;

import dev.tally.keys.Ids;
import dev.tally.keys.Subject;
import dev.tally.schemas.AdmissionCancel;
import dev.tally.schemas.AdmissionRequest;
import dev.tally.schemas.Decision;
import dev.tally.streams.metering.AdmissionAsk;
import dev.tally.streams.metering.AdmissionRules;
import dev.tally.streams.metering.AdmissionRules.Answer;
import dev.tally.streams.metering.AdmissionRules.HeldLimit;
import dev.tally.streams.metering.AdmissionRules.Queue;
import dev.tally.streams.metering.AdmissionRules.Verdict;
import dev.tally.streams.metering.LimitStanding;
import dev.tally.streams.metering.PlanTerms.Scope;
import dev.tally.streams.metering.PlanTerms.Window;
import dev.tally.streams.metering.Standings;
import dev.tally.streams.state.AdmissionState;
import dev.tally.streams.state.AdmissionTotals;
import dev.tally.streams.state.HeldAmount;
import java.time.Duration;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import org.apache.kafka.common.utils.Bytes;
import org.apache.kafka.streams.state.KeyValueStore;
import org.jspecify.annotations.Nullable;

/**
 * Admissions of the payers of one partition: requests are decided in the order of the log, against the limits as they stand and what open
 * holds reserve of them. A request that has to wait does so in its payer's queue, from which nobody is released before those that came
 * first. All of it is kept in the store: nothing here depends on what was processed in this life of the task.
 */
final class Admissions {

    /** An admission is forgotten so long after its last change; one that waits gives up after as long. */
    static final Duration KEPT_FOR = AdmissionState.KEPT_FOR;

    // Together with the number of payers that a tick wakes: what one input takes stays far below the time-out of a
    // transaction.
    private static final int EXPIRIES_AT_ONCE = 250;
    private static final int RELEASES_AT_ONCE = 250;
    private static final int MOST_WITHOUT = 50_000;

    private static final String INVALID_REQUEST = "invalid_request";
    private static final String HOLD_EXPIRED = "hold_expired";
    private static final String EVENT_ARRIVED = "event_arrived";
    private static final String QUEUE_EXPIRED = "queue_expired";

    private final KeyValueStore<Bytes, byte[]> store;
    private final Wakes wakes;
    private final Standings standings;
    private final AdmissionOutlet outlet;
    private final int queueMax;

    /** Payers of whom nothing is kept: nearly all, and each of their sums asks. */
    private final Set<Subject> without = new HashSet<>();

    /** @param queueMax how many may wait for one payer; more are rejected */
    Admissions(
            KeyValueStore<Bytes, byte[]> store,
            Wakes wakes,
            Standings standings,
            AdmissionOutlet outlet,
            int queueMax) {
        this.store = store;
        this.wakes = wakes;
        this.standings = standings;
        this.outlet = outlet;
        this.queueMax = queueMax;
    }

    /** Decides about a request, or shows again what was decided. One without a valid payer or action is left out. */
    void request(AdmissionRequest request, Instant now) {
        Optional<Subject> payer = payer(request.getPayer(), request.getActionId());
        if (payer.isEmpty()) {
            outlet.figures().countUnkept();
            return;
        }
        PayerAdmissions admissions = new PayerAdmissions(store, payer.get());
        bringUpToDate(admissions, now);
        AdmissionState known = current(admissions, request.getActionId(), now);
        if (known != null) {
            outlet.asked(known);
        } else {
            decide(admissions, ask(payer.get(), request), now);
        }
        keep(admissions, now);
    }

    /** Gives an admission up, so that what it holds is free and nothing of it waits. One that is final is shown again. */
    void cancel(AdmissionCancel cancel, Instant now) {
        Optional<Subject> payer = payer(cancel.getPayer(), cancel.getActionId());
        if (payer.isEmpty()) {
            outlet.figures().countUnkept();
            return;
        }
        PayerAdmissions admissions = new PayerAdmissions(store, payer.get());
        AdmissionState state = current(admissions, cancel.getActionId(), now);
        if (state != null && state.isFinal()) {
            outlet.asked(state);
        } else if (state != null) {
            end(admissions, state, Decision.CANCELED, null, now);
        }
        bringUpToDate(admissions, now);
        keep(admissions, now);
    }

    /**
     * Ends a hold, or a place in the queue, since the usage it was for counts now. Whoever waits for what is free again is released when the payer is reconsidered.
     *
     * @param amounts what the action really used, by meter
     */
    void settle(Subject payer, String admissionId, Map<String, Long> amounts, Instant now) {
        if (hasNone(payer)) {
            return;
        }
        PayerAdmissions admissions = new PayerAdmissions(store, payer);
        AdmissionState state = current(admissions, admissionId, now);
        if (state != null && state.isHolding()) {
            boolean over = state.ask().amounts().entrySet().stream()
                    .anyMatch(held -> amounts.getOrDefault(held.getKey(), 0L) > held.getValue());
            if (over) {
                outlet.figures().countSettledOver();
            }
            admissions.replace(state, state.settled(now.plus(KEPT_FOR)));
        } else if (state != null && state.isQueued()) {
            // It ran all the same: there is nothing to release any more.
            end(admissions, state, Decision.CANCELED, EVENT_ARRIVED, now);
        }
        keep(admissions, now);
    }

    /** Ends what has run out by now, and releases those that wait as far as there is room. */
    void reconsider(Subject payer, Instant now) {
        if (hasNone(payer)) {
            return;
        }
        PayerAdmissions admissions = new PayerAdmissions(store, payer);
        bringUpToDate(admissions, now);
        keep(admissions, now);
    }

    /** What open holds of a payer reserve of a meter. */
    HeldAmount held(Subject payer, Scope scope, String scopeId, String meter) {
        return HeldAmount.read(store, payer, scope, scopeId, meter);
    }

    /** How many holds of a payer are open. */
    long openHolds(Subject payer) {
        return AdmissionTotals.read(store, payer.text()).openHolds();
    }

    /** Whether a payer has holds, or anything in the queue. */
    boolean hasOpen(Subject payer) {
        return AdmissionTotals.read(store, payer.text()).hasOpen();
    }

    private static Optional<Subject> payer(String payer, String actionId) {
        if (Ids.problem(actionId).isPresent()) {
            return Optional.empty();
        }
        try {
            return Optional.of(Subject.parse(payer));
        } catch (IllegalArgumentException notASubject) {
            return Optional.empty();
        }
    }

    private static AdmissionAsk ask(Subject payer, AdmissionRequest request) {
        return new AdmissionAsk(
                payer,
                request.getActionId(),
                request.getUserId(),
                request.getOrgId(),
                request.getSpaceId(),
                new TreeMap<>(request.getAmounts()),
                Duration.ofMillis(request.getHoldForMillis()));
    }

    private void decide(PayerAdmissions admissions, AdmissionAsk ask, Instant now) {
        boolean valid = ask.isValid();
        Verdict verdict = valid ? verdict(admissions, ask, queue(admissions), now) : rejection(INVALID_REQUEST);
        AdmissionState state = answered(valid ? ask : ask.bounded(), verdict, 0, admissions.nextPlace(), now);
        if (state.isQueued() && admissions.queued() == 0) {
            wakeAtReset(admissions, verdict, now);
        }
        admissions.add(state);
        without.remove(ask.payer());
        outlet.changed(state.decision());
    }

    private Queue queue(PayerAdmissions admissions) {
        if (admissions.queued() >= queueMax) {
            return Queue.FULL;
        }
        return admissions.queued() == 0 ? Queue.EMPTY : Queue.WAITING;
    }

    private Verdict verdict(PayerAdmissions admissions, AdmissionAsk ask, Queue before, Instant now) {
        Optional<String> refusal = standings.refusal(ask.payer(), ask.userId(), now);
        if (refusal.isPresent()) {
            return rejection(refusal.get());
        }
        List<HeldLimit> limits = new ArrayList<>();
        for (LimitStanding standing : standings.of(
                ask.payer(), ask.userId(), ask.spaceId(), ask.amounts().keySet(), now)) {
            HeldAmount held = admissions.held(standing.scope(), standing.scopeId(), standing.meter());
            limits.add(new HeldLimit(standing, standing.window() == Window.CONCURRENT ? held.holds() : held.amount()));
        }
        return AdmissionRules.decide(ask.amounts(), limits, before);
    }

    private static Verdict rejection(String reason) {
        return new Verdict(Answer.REJECT, reason, null, null);
    }

    private static AdmissionState answered(AdmissionAsk ask, Verdict verdict, int revision, long place, Instant now) {
        Decision decision = switch (verdict.answer()) {
            case ADMIT -> Decision.ADMIT;
            case QUEUE -> Decision.QUEUE;
            case PAUSE -> Decision.PAUSE;
            case REJECT -> Decision.REJECT;
        };
        Instant holdUntil = decision == Decision.ADMIT ? now.plus(ask.holdFor()) : null;
        return new AdmissionState(
                ask,
                decision,
                revision,
                verdict.reason(),
                now,
                verdict.retryAt(),
                holdUntil,
                verdict.remaining(),
                decision == Decision.QUEUE ? place : 0,
                false,
                holdUntil == null ? now.plus(KEPT_FOR) : holdUntil);
    }

    private boolean hasNone(Subject payer) {
        if (without.contains(payer)) {
            return true;
        }
        boolean none = new PayerAdmissions(store, payer).isEmpty();
        if (none) {
            if (without.size() >= MOST_WITHOUT) {
                without.clear();
            }
            without.add(payer);
        }
        return none;
    }

    private void bringUpToDate(PayerAdmissions admissions, Instant now) {
        if (!admissions.isEmpty()) {
            expire(admissions, now);
            release(admissions, now);
        }
    }

    private void expire(PayerAdmissions admissions, Instant now) {
        for (String actionId : admissions.due(now, EXPIRIES_AT_ONCE)) {
            comeDue(admissions, Objects.requireNonNull(admissions.state(actionId)), now);
        }
        Instant left = admissions.nextDue();
        if (left != null && !left.isAfter(now)) {
            wakes.at(now, admissions.payer());
        }
    }

    /** Releases from the head of the queue as far as there is room: where the first has to wait, all do. */
    private void release(PayerAdmissions admissions, Instant now) {
        for (int steps = 0; admissions.queued() > 0; steps++) {
            if (steps == RELEASES_AT_ONCE) {
                wakes.at(now, admissions.payer());
                return;
            }
            AdmissionState head = admissions.head();
            if (head != null && !head.due().isAfter(now)) {
                comeDue(admissions, head, now);
            } else if (head != null) {
                Verdict verdict = verdict(admissions, head.ask(), Queue.EMPTY, now);
                if (verdict.answer() == Answer.QUEUE) {
                    wakeAtReset(admissions, verdict, now);
                    return;
                }
                AdmissionState released = answered(head.ask(), verdict, head.revision() + 1, 0, now);
                admissions.replace(head, released);
                outlet.changed(released.decision());
            }
        }
    }

    /** An admission as it stands now, whatever has not been brought up to date yet; null where there is none. */
    private @Nullable AdmissionState current(PayerAdmissions admissions, String actionId, Instant now) {
        AdmissionState state = admissions.state(actionId);
        if (state != null && !state.due().isAfter(now)) {
            comeDue(admissions, state, now);
            return admissions.state(actionId);
        }
        return state;
    }

    private void comeDue(PayerAdmissions admissions, AdmissionState state, Instant now) {
        if (state.isFinal()) {
            admissions.remove(state);
        } else {
            end(admissions, state, Decision.EXPIRED, state.isHolding() ? HOLD_EXPIRED : QUEUE_EXPIRED, now);
        }
    }

    private void end(
            PayerAdmissions admissions, AdmissionState state, Decision how, @Nullable String reason, Instant now) {
        AdmissionState ended = state.ended(how, reason, now, now.plus(KEPT_FOR));
        admissions.replace(state, ended);
        outlet.changed(ended.decision());
    }

    /** The first in the queue has to wait: it is looked at again when the limits reset that have no room for it. */
    private void wakeAtReset(PayerAdmissions admissions, Verdict verdict, Instant now) {
        Instant reset = verdict.retryAt();
        if (reset != null && reset.isAfter(now) && !reset.equals(admissions.releaseAt())) {
            wakes.at(reset, admissions.payer());
            admissions.releaseAt(reset);
        }
    }

    /** Wakes are at full seconds, so that a payer with many holds does not have one for each. */
    private void keep(PayerAdmissions admissions, Instant now) {
        Instant due = admissions.nextDue();
        if (due != null && due.isAfter(now) && admissions.isDueAtAnotherTime()) {
            wakes.at(due.plusMillis(999).truncatedTo(ChronoUnit.SECONDS), admissions.payer());
        }
        admissions.save();
    }
}
