package dev.tally.streams.topology;

import dev.tally.keys.Subject;
import dev.tally.streams.metering.PlanTerms.Scope;
import dev.tally.streams.state.AdmissionKeys;
import dev.tally.streams.state.AdmissionKeys.Due;
import dev.tally.streams.state.AdmissionState;
import dev.tally.streams.state.AdmissionTotals;
import dev.tally.streams.state.HeldAmount;
import dev.tally.streams.state.StoreKey;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.function.UnaryOperator;
import org.apache.kafka.common.utils.Bytes;
import org.apache.kafka.streams.state.KeyValueIterator;
import org.apache.kafka.streams.state.KeyValueStore;
import org.jspecify.annotations.Nullable;

/**
 * The admissions of one payer while one input is processed. Queue, sums of what is held and order of time follow from the states of the
 * admissions: they change with them, in one place.
 */
final class PayerAdmissions {

    private static final byte[] PRESENT = {};

    private final KeyValueStore<Bytes, byte[]> store;
    private final Subject payer;
    private final String text;
    private final AdmissionTotals before;
    private long openHolds;
    private long queued;
    private long firstPlace;
    private long nextPlace;
    private @Nullable Instant nextDue;
    private @Nullable Instant releaseAt;

    PayerAdmissions(KeyValueStore<Bytes, byte[]> store, Subject payer) {
        this.store = store;
        this.payer = payer;
        this.text = payer.text();
        before = AdmissionTotals.read(store, text);
        openHolds = before.openHolds();
        queued = before.queued();
        firstPlace = before.firstPlace();
        nextPlace = before.nextPlace();
        nextDue = before.nextDue();
        releaseAt = before.releaseAt();
    }

    Subject payer() {
        return payer;
    }

    /** Whether nothing at all is kept. */
    boolean isEmpty() {
        return nextDue == null;
    }

    long queued() {
        return queued;
    }

    /** The place of the next that is queued. */
    long nextPlace() {
        return nextPlace;
    }

    /** No admission's time comes before this; null: none is kept. */
    @Nullable
    Instant nextDue() {
        return nextDue;
    }

    /** When limits that block the queue reset, as far as somebody saw to that the payer is woken then. */
    @Nullable
    Instant releaseAt() {
        return releaseAt;
    }

    void releaseAt(@Nullable Instant at) {
        releaseAt = at;
    }

    @Nullable
    AdmissionState state(String actionId) {
        byte[] stored = store.get(AdmissionState.key(text, actionId));
        return stored == null ? null : AdmissionState.fromBytes(stored);
    }

    /** Keeps a new admission. */
    void add(AdmissionState state) {
        store.put(AdmissionState.key(text, state.ask().actionId()), state.toBytes());
        index(state);
    }

    /** Keeps an admission's new state. */
    void replace(AdmissionState old, AdmissionState state) {
        unindex(old);
        add(state);
    }

    /** Forgets an admission. */
    void remove(AdmissionState old) {
        unindex(old);
        store.delete(AdmissionState.key(text, old.ask().actionId()));
    }

    private void index(AdmissionState state) {
        String actionId = state.ask().actionId();
        store.put(AdmissionKeys.due(text, state.due(), actionId), PRESENT);
        if (nextDue == null || state.due().isBefore(nextDue)) {
            nextDue = state.due();
        }
        if (state.isHolding()) {
            openHolds++;
            state.ask().amounts().forEach((meter, amount) -> hold(state, meter, held -> held.plus(amount)));
        }
        if (state.isQueued()) {
            queued++;
            nextPlace = Math.max(nextPlace, state.place() + 1);
            store.put(AdmissionKeys.queue(text, state.place()), actionId.getBytes(StandardCharsets.UTF_8));
        }
    }

    private void unindex(AdmissionState old) {
        store.delete(AdmissionKeys.due(text, old.due(), old.ask().actionId()));
        if (old.isHolding()) {
            openHolds--;
            old.ask().amounts().forEach((meter, amount) -> hold(old, meter, held -> held.minus(amount)));
        }
        if (old.isQueued()) {
            queued--;
            store.delete(AdmissionKeys.queue(text, old.place()));
            if (queued == 0) {
                firstPlace = nextPlace;
                releaseAt = null;
            } else if (old.place() == firstPlace) {
                firstPlace++;
            }
        }
    }

    /** Changes what is held of a meter for all whom an action concerns: its payer, and of an org also the member and the space. */
    private void hold(AdmissionState state, String meter, UnaryOperator<HeldAmount> change) {
        hold(Scope.USER, state.ask().userId(), meter, change);
        if (payer.kind() == Subject.Kind.ORG) {
            hold(Scope.ORG, payer.id(), meter, change);
        }
        String spaceId = state.ask().spaceId();
        if (spaceId != null) {
            hold(Scope.SPACE, spaceId, meter, change);
        }
    }

    private void hold(Scope scope, String scopeId, String meter, UnaryOperator<HeldAmount> change) {
        HeldAmount held = change.apply(HeldAmount.read(store, payer, scope, scopeId, meter));
        store.put(HeldAmount.key(text, scope, scopeId, meter), held.toBytes());
    }

    HeldAmount held(Scope scope, String scopeId, String meter) {
        return HeldAmount.read(store, payer, scope, scopeId, meter);
    }

    /** What stands at the first place of the queue; null where that was given up: then the next place is the first from now on. */
    @Nullable
    AdmissionState head() {
        byte[] actionId = store.get(AdmissionKeys.queue(text, firstPlace));
        if (actionId == null) {
            firstPlace++;
            return null;
        }
        return Objects.requireNonNull(state(new String(actionId, StandardCharsets.UTF_8)));
    }

    /** The actions whose time has come, in that order, at most a number; {@link #nextDue} is then that of the first that is left. */
    List<String> due(Instant now, int most) {
        List<String> past = new ArrayList<>();
        if (nextDue == null || nextDue.isAfter(now)) {
            return past;
        }
        StoreKey all = AdmissionKeys.due(text);
        Bytes first = all.copy().number(nextDue.toEpochMilli()).bytes();
        nextDue = null;
        try (KeyValueIterator<Bytes, byte[]> entries = store.range(first, all.afterPrefix())) {
            while (nextDue == null && entries.hasNext()) {
                Due due = Due.of(entries.next().key);
                if (past.size() == most || due.at().isAfter(now)) {
                    nextDue = due.at();
                } else {
                    past.add(due.actionId());
                }
            }
        }
        return past;
    }

    /** Keeps what the admissions come to now. */
    void save() {
        AdmissionTotals after = new AdmissionTotals(openHolds, queued, firstPlace, nextPlace, nextDue, releaseAt);
        if (!after.equals(before)) {
            store.put(AdmissionKeys.payer(text), after.toBytes());
        }
    }

    /** Whether the time to wake the payer at has changed. */
    boolean isDueAtAnotherTime() {
        return !Objects.equals(nextDue, before.nextDue());
    }
}
