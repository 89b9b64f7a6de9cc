package dev.tally.sink.delivery;

import java.time.Duration;
import java.time.Instant;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;
import org.apache.kafka.common.TopicPartition;
import org.jspecify.annotations.Nullable;

/**
 * The facts of one assigned partition between reading and commit, in the order of their offsets.
 *
 * <p>Only the delivery's thread touches the facts; the senders use {@link #beginSending}, {@link #endSending} alone.
 */
final class PartitionWork {
    private final TopicPartition partition;
    private final LedgerMemory memory = new LedgerMemory();
    private final Deque<Slot> slots = new ArrayDeque<>();
    private final Map<String, List<Slot>> open = new HashMap<>();
    private boolean loaded;
    private @Nullable Instant blockedUntil;

    private final ReentrantLock sendLock = new ReentrantLock();
    private final Condition quiet = sendLock.newCondition();
    private boolean owned = true;
    private int sending;

    /** A record that takes part in the commit order; {@code deadLetter} is written when the commit passes it. */
    private static final class Slot {
        private final FactRecord origin;
        private boolean done;
        private @Nullable Unreadable deadLetter;

        private Slot(FactRecord origin) {
            this.origin = origin;
        }
    }

    /** A record that is no fact: it has no identifier, so only the committed offset keeps its dead letter single. */
    record Unreadable(FactRecord origin, String reason, String detail) {}

    /** The part that can be committed now, of {@code length} records: {@code nextOffset} is empty when there is none. */
    record Prefix(OptionalLong nextOffset, List<Unreadable> unreadable, int length) {}

    PartitionWork(TopicPartition partition) {
        this.partition = partition;
    }

    TopicPartition partition() {
        return partition;
    }

    LedgerMemory memory() {
        return memory;
    }

    boolean isLoaded() {
        return loaded;
    }

    void loaded() {
        loaded = true;
    }

    void blockUntil(Instant time) {
        blockedUntil = time;
    }

    boolean isBlocked(Instant now) {
        Instant until = blockedUntil;
        return until != null && now.isBefore(until);
    }

    /** A fact without need for delivery: settled before, or its outcome is known from reading it. */
    void addDone(FactRecord origin) {
        Slot slot = new Slot(origin);
        slot.done = true;
        slots.addLast(slot);
    }

    void addUnreadable(Unreadable unreadable) {
        Slot slot = new Slot(unreadable.origin());
        slot.done = true;
        slot.deadLetter = unreadable;
        slots.addLast(slot);
    }

    /** Returns false when a fact with this identifier is being delivered already: this one then ends with it. */
    boolean addOpen(FactRecord origin, String identifier) {
        Slot slot = new Slot(origin);
        slots.addLast(slot);
        List<Slot> waiting = open.computeIfAbsent(identifier, unused -> new ArrayList<>(1));
        waiting.add(slot);
        return waiting.size() == 1;
    }

    void settle(String identifier) {
        List<Slot> finished = open.remove(identifier);
        if (finished == null) {
            throw new IllegalStateException("a fact was settled that was not open");
        }
        finished.forEach(slot -> slot.done = true);
    }

    int pending() {
        return slots.size();
    }

    int openCount() {
        return open.size();
    }

    Optional<Instant> oldestOpen() {
        return slots.stream().filter(slot -> !slot.done).findFirst().map(slot -> slot.origin.appendedAt());
    }

    /** The done facts before the first open one. */
    Prefix prefix() {
        List<Unreadable> unreadable = new ArrayList<>();
        OptionalLong next = OptionalLong.empty();
        int length = 0;
        for (Slot slot : slots) {
            if (!slot.done) {
                break;
            }
            length++;
            next = OptionalLong.of(slot.origin.offset() + 1);
            if (slot.deadLetter != null) {
                unreadable.add(slot.deadLetter);
            }
        }
        return new Prefix(next, unreadable, length);
    }

    /** Takes out what was committed. */
    void committed(Prefix prefix) {
        for (int i = 0; i < prefix.length(); i++) {
            slots.removeFirst();
        }
    }

    boolean hasPrefix() {
        Slot first = slots.peekFirst();
        return first != null && first.done;
    }

    /** Returns false when the partition was given up: nothing of it may be sent any more. */
    boolean beginSending() {
        sendLock.lock();
        try {
            if (owned) {
                sending++;
            }
            return owned;
        } finally {
            sendLock.unlock();
        }
    }

    void endSending() {
        sendLock.lock();
        try {
            sending--;
            if (sending == 0) {
                quiet.signalAll();
            }
        } finally {
            sendLock.unlock();
        }
    }

    boolean isOwned() {
        sendLock.lock();
        try {
            return owned;
        } finally {
            sendLock.unlock();
        }
    }

    /** No call to Stripe is started for this partition from here on. */
    void giveUp() {
        sendLock.lock();
        try {
            owned = false;
        } finally {
            sendLock.unlock();
        }
    }

    /** Waits for running calls; false when some still run after {@code longest}. */
    boolean awaitQuiet(Duration longest) throws InterruptedException {
        long nanos = longest.toNanos();
        sendLock.lock();
        try {
            while (sending > 0 && nanos > 0) {
                nanos = quiet.awaitNanos(nanos);
            }
            return sending == 0;
        } finally {
            sendLock.unlock();
        }
    }
}
