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
    static final int REMEMBERED = 20_000;

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

    private record Waiter(Predicate<AdmissionDecision> wanted, CompletableFuture<AdmissionDecision> answer) {}

    /** A decision, first made or asked for again. Called by stream threads; never blocks. */
    public void decided(AdmissionDecision decision) {
        show(decision, false);
    }

    /** A decision of any instance, this one included, that has been committed. Never blocks. */
    public void committed(AdmissionDecision decision) {
        show(decision, true);
    }

    private void show(AdmissionDecision decision, boolean onlyIfNew) {
        for (Waiter waiter : taken(decision, onlyIfNew)) {
            var unused = waiter.answer().completeAsync(() -> decision, WAITERS);
        }
    }

    private synchronized List<Waiter> taken(AdmissionDecision decision, boolean onlyIfNew) {
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
        all.removeIf(waiter -> waiter.wanted().test(decision) && taken.add(waiter));
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
            String payer, String actionId, Predicate<AdmissionDecision> wanted, Duration within) {
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
