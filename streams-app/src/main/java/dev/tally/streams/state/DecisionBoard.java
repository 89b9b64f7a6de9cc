package dev.tally.streams.state;

import dev.tally.schemas.AdmissionDecision;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Executor;
import java.util.concurrent.TimeUnit;
import java.util.function.Predicate;

/**
 * Where the accounts stage shows each admission decision as it makes it, so that whoever waits for it in this process learns it before the
 * commit. What other instances have decided is shown here too, once it is committed.
 *
 * <p>A decision can so come twice, and late: what is older than what was shown before is passed over, and what is committed wakes nobody who
 * began to wait after it was shown. For that the newest decisions of the last {@value #REMEMBERED} admissions are remembered.
 */
public final class DecisionBoard {

    /** So many admissions' newest decisions are remembered. */
    public static final int REMEMBERED = 20_000;

    /** An id may be used again long after, and its revisions then begin anew: the time comes first. */
    private static final Comparator<AdmissionDecision> BY_AGE =
            Comparator.comparing(AdmissionDecision::getAt).thenComparingInt(AdmissionDecision::getRevision);

    /** Whoever shows a decision is not to run what others do with it. */
    private static final Executor WAITERS = task -> Thread.ofVirtual().start(task);

    private final Map<Key, AdmissionDecision> newest = new LinkedHashMap<>(256, 0.75f, true) {
        private static final long serialVersionUID = 1L;

        @Override
        protected boolean removeEldestEntry(Map.Entry<Key, AdmissionDecision> eldest) {
            return size() > REMEMBERED;
        }
    };
    private final Map<Key, List<Waiter>> waiters = new HashMap<>();

    private record Key(String payer, String actionId) {}

    private record Waiter(Predicate<Shown> wanted, CompletableFuture<AdmissionDecision> answer) {}

    /**
     * A decision as it is shown.
     *
     * @param isOver whether nothing is held or waits any more: whatever is asked or canceled later, this stays its answer
     */
    public record Shown(AdmissionDecision decision, boolean isOver) {}

    /** Whether a decision alone says that nothing is held or waits. Of an admitted action it does not: its event may have come. */
    public static boolean isOver(AdmissionDecision decision) {
        return switch (decision.getDecision()) {
            case ADMIT, QUEUE, UNKNOWN -> false;
            case PAUSE, REJECT, EXPIRED, CANCELED -> true;
        };
    }

    /** A decision as it is made. Called by stream threads; never blocks. */
    public void decided(AdmissionDecision decision) {
        asked(decision, isOver(decision));
    }

    /**
     * A decision that somebody has asked for again. Never blocks.
     *
     * @param isOver whether nothing is held or waits any more, which is so also when an admitted action's event has come
     */
    public void asked(AdmissionDecision decision, boolean isOver) {
        show(new Shown(decision, isOver), false);
    }

    /** A decision of any instance, this one included, that has been committed. Never blocks. */
    public void committed(AdmissionDecision decision) {
        show(new Shown(decision, isOver(decision)), true);
    }

    /**
     * A decision of any instance that was committed before this one began to look. It is remembered for whoever asks about it; nobody is
     * told, since what somebody waits for may be one that follows. Never blocks.
     */
    public synchronized void recall(AdmissionDecision decision) {
        newest.merge(
                new Key(decision.getPayer(), decision.getActionId()),
                decision,
                (known, recalled) -> BY_AGE.compare(recalled, known) > 0 ? recalled : known);
    }

    private void show(Shown shown, boolean onlyIfNew) {
        for (Waiter waiter : taken(shown, onlyIfNew)) {
            var unused = waiter.answer().completeAsync(shown::decision, WAITERS);
        }
    }

    private synchronized List<Waiter> taken(Shown shown, boolean onlyIfNew) {
        AdmissionDecision decision = shown.decision();
        Key key = new Key(decision.getPayer(), decision.getActionId());
        AdmissionDecision known = newest.get(key);
        int age = known == null ? 1 : BY_AGE.compare(decision, known);
        if (age < 0 || (age == 0 && onlyIfNew)) {
            return List.of();
        }
        newest.put(key, decision);
        List<Waiter> all = waiters.get(key);
        if (all == null) {
            return List.of();
        }
        List<Waiter> taken = new ArrayList<>();
        all.removeIf(waiter -> waiter.wanted().test(shown) && taken.add(waiter));
        if (all.isEmpty()) {
            waiters.remove(key);
        }
        return taken;
    }

    /**
     * The first decision about an action that is shown from now on and wanted.
     *
     * @param wanted asked by whoever shows a decision: quick, without side effects
     * @param within after this the answer fails with a {@link java.util.concurrent.TimeoutException}
     */
    public CompletableFuture<AdmissionDecision> await(
            String payer, String actionId, Predicate<Shown> wanted, Duration within) {
        Key key = new Key(payer, actionId);
        Waiter waiter = new Waiter(wanted, new CompletableFuture<>());
        synchronized (this) {
            waiters.computeIfAbsent(key, any -> new ArrayList<>(1)).add(waiter);
        }
        // However it ends, by a decision, by time or by whoever waits: it is not kept.
        var unused = waiter.answer()
                .orTimeout(within.toNanos(), TimeUnit.NANOSECONDS)
                .whenComplete((decision, failure) -> forget(key, waiter));
        return waiter.answer();
    }

    private synchronized void forget(Key key, Waiter waiter) {
        List<Waiter> all = waiters.get(key);
        if (all != null) {
            all.remove(waiter);
            if (all.isEmpty()) {
                waiters.remove(key);
            }
        }
    }

    /** The newest decision about an action, where it is among those remembered. */
    public synchronized Optional<AdmissionDecision> newest(String payer, String actionId) {
        return Optional.ofNullable(newest.get(new Key(payer, actionId)));
    }

    /** How many wait. */
    synchronized int waiting() {
        return waiters.values().stream().mapToInt(List::size).sum();
    }
}
