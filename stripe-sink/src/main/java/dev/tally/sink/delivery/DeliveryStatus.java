package dev.tally.sink.delivery;

import java.time.Instant;
import java.util.Collections;
import java.util.List;
import java.util.Optional;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.concurrent.atomic.AtomicBoolean;

/** What the delivery is doing right now, for health and gauges; safe to read from any thread. */
public final class DeliveryStatus {
    private volatile Snapshot current = Snapshot.NOT_STARTED;
    private volatile Optional<String> halt = Optional.empty();
    private final AtomicBoolean away = new AtomicBoolean();
    private volatile Findings findings = Findings.NONE;
    private volatile Unconfirmed unconfirmed = Unconfirmed.NONE;

    /**
     * One moment.
     *
     * @param notReady why facts cannot be delivered; empty when they can
     * @param pending facts read and not settled
     * @param held those of them that are not sent because of their meters
     * @param inFlight calls to Stripe that are running
     * @param ledgerSize identifiers remembered
     * @param oldestUnsent when the oldest pending fact was appended to its topic
     * @param ownsFirst whether the first partition is assigned here: one instance of all does what is to be done once
     */
    public record Snapshot(
            Optional<String> notReady,
            int pending,
            int held,
            int inFlight,
            int ledgerSize,
            Optional<Instant> oldestUnsent,
            boolean ownsFirst) {
        static final Snapshot NOT_STARTED = notReady("delivery has not started");

        static Snapshot notReady(String reason) {
            return new Snapshot(Optional.of(reason), 0, 0, 0, 0, Optional.empty(), false);
        }
    }

    /**
     * What the checks of the account at Stripe came to.
     *
     * @param waiting why they have not come to anything yet; empty when they have
     * @param account what keeps everything from being sent
     * @param meters what keeps facts of single meters from being sent, by event name
     */
    public record Findings(Optional<String> waiting, List<String> account, SortedMap<String, List<String>> meters) {
        /** Nothing is wrong. */
        public static final Findings NONE = new Findings(Optional.empty(), List.of(), new TreeMap<>());

        /** Copies its parts. */
        public Findings {
            account = List.copyOf(account);
            meters = Collections.unmodifiableSortedMap(new TreeMap<>(meters));
        }
    }

    /**
     * Facts that Stripe took into its stream and that no comparison has found in its sums yet.
     *
     * @param oldest since when the oldest of them is so
     */
    public record Unconfirmed(int count, Optional<Instant> oldest) {
        /** None, as far as is known. */
        public static final Unconfirmed NONE = new Unconfirmed(0, Optional.empty());
    }

    /** The unconfirmed facts of the partitions assigned here. */
    public Unconfirmed unconfirmed() {
        return unconfirmed;
    }

    void unconfirmed(Unconfirmed newest) {
        unconfirmed = newest;
    }

    /** What the newest checks came to. */
    public Findings findings() {
        return findings;
    }

    /** Says what checks came to. */
    public void found(Findings newest) {
        findings = newest;
    }

    /** The newest moment. */
    public Snapshot snapshot() {
        return current;
    }

    /** Why Stripe takes nothing for this account at the moment; empty when it does. */
    public Optional<String> halted() {
        return halt;
    }

    /** Whether Stripe does not answer at the moment. */
    public boolean isStripeAway() {
        return away.get();
    }

    /** Says from outside why nothing is delivered. */
    public void notReady(String reason) {
        current = Snapshot.notReady(reason);
        unconfirmed = Unconfirmed.NONE;
    }

    /** Takes the newest moment. */
    public void update(Snapshot snapshot) {
        current = snapshot;
    }

    void halted(Optional<String> reason) {
        halt = reason;
    }

    /** Whether that is new. */
    boolean away(boolean isAway) {
        return away.getAndSet(isAway) != isAway;
    }
}
