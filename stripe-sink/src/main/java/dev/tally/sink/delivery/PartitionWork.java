package dev.tally.sink.delivery;

import dev.tally.schemas.LedgerEntry;
import dev.tally.sink.reporting.Fact;
import java.time.Instant;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.Set;
import java.util.stream.Collectors;
import org.apache.kafka.common.TopicPartition;
import org.jspecify.annotations.Nullable;

/**
 * The facts of one assigned partition between reading and commit, in the order of their offsets.
 *
 * <p>Only the delivery's thread touches the facts; the senders use {@link #ownership} alone.
 */
final class PartitionWork extends AssignedPartition<LedgerEntry> {
    /** Held facts, and records that are done behind others that are not, as multiples of the open facts allowed. */
    private static final long MOST_HELD = 10;

    private static final long MOST_SLOTS = 50;

    private final LedgerMemory memory = new LedgerMemory();
    private final Deque<Slot> slots = new ArrayDeque<>();
    private final Map<String, List<Slot>> open = new HashMap<>();
    private final List<Held> held = new ArrayList<>();
    private final Set<String> heldMeters = new HashSet<>();
    private int errorsSeen;

    /** A record that takes part in the commit order; {@code deadLetter} is written when the commit passes it. */
    static final class Slot {
        private final long offset;
        private final Instant appendedAt;
        private boolean done;
        private @Nullable Unreadable deadLetter;

        private Slot(FactRecord origin) {
            this.offset = origin.offset();
            this.appendedAt = origin.appendedAt();
        }
    }

    /** A fact that is not sent because of its meter; nothing of it is written yet. */
    record Held(Slot slot, FactRecord origin, Fact fact) {}

    /** A record that is no fact: it has no identifier, so only the committed offset keeps its dead letter single. */
    record Unreadable(FactRecord origin, String reason, String detail) {}

    /** The part that can be committed now, of {@code length} records: {@code nextOffset} is empty when there is none. */
    record Prefix(OptionalLong nextOffset, List<Unreadable> unreadable, int length) {}

    PartitionWork(TopicPartition partition) {
        super(partition);
    }

    LedgerMemory memory() {
        return memory;
    }

    @Override
    protected void apply(LedgerEntry entry) {
        memory.apply(entry);
    }

    @Override
    protected void forget(String identifier) {
        memory.forget(identifier);
    }

    /** Returns whether this is another version of the errors than was seen before. */
    boolean sees(int version) {
        boolean another = errorsSeen != version;
        errorsSeen = version;
        return another;
    }

    /** Takes a fact into the commit order, where it stays open until it is done. */
    Slot add(FactRecord origin) {
        Slot slot = new Slot(origin);
        slots.addLast(slot);
        return slot;
    }

    void addUnreadable(Unreadable unreadable) {
        Slot slot = add(unreadable.origin());
        slot.done = true;
        slot.deadLetter = unreadable;
    }

    /** No need for delivery: settled before, or its outcome is known from reading it. */
    void done(Slot slot) {
        slot.done = true;
    }

    /** Whether a fact with this identifier is being delivered. */
    boolean isOpen(String identifier) {
        return open.containsKey(identifier);
    }

    /** Being delivered, or ending with the fact of this identifier that is. */
    void open(Slot slot, String identifier) {
        open.computeIfAbsent(identifier, unused -> new ArrayList<>(1)).add(slot);
    }

    /** Being delivered, though no record of the facts' topic waits for it. */
    void openAlone(String identifier) {
        open.put(identifier, new ArrayList<>(1));
    }

    /** Keeps a fact back, until {@link #release}. */
    void hold(Held fact) {
        held.add(fact);
        heldMeters.add(fact.fact().eventName());
    }

    /** Whether facts of this meter are held: later ones then wait behind them. */
    boolean holds(String eventName) {
        return heldMeters.contains(eventName);
    }

    /** Takes out what was held of meters that may be sent now, in the order of the topic. */
    List<Held> release(MeterGate meters) {
        Set<String> released = heldMeters.stream().filter(meters::maySend).collect(Collectors.toSet());
        if (released.isEmpty()) {
            return List.of();
        }
        heldMeters.removeAll(released);
        List<Held> taken = held.stream()
                .filter(fact -> released.contains(fact.fact().eventName()))
                .toList();
        held.removeIf(fact -> released.contains(fact.fact().eventName()));
        return taken;
    }

    int heldCount() {
        return held.size();
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

    /** Whether reading has to pause: so much is open, held, or done behind what is not. */
    boolean isFull(int maxPending) {
        return open.size() >= maxPending
                || held.size() >= maxPending * MOST_HELD
                || slots.size() >= maxPending * MOST_SLOTS;
    }

    int openCount() {
        return open.size();
    }

    Optional<Instant> oldestOpen() {
        return slots.stream().filter(slot -> !slot.done).findFirst().map(slot -> slot.appendedAt);
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
            next = OptionalLong.of(slot.offset + 1);
            if (slot.deadLetter != null) {
                unreadable.add(slot.deadLetter);
            }
        }
        return new Prefix(next, unreadable, length);
    }

    /** Takes out what was committed. */
    void committed(Prefix prefix) {
        for (int i = 0; i < prefix.length(); i++) {
            movedTo(slots.removeFirst().offset + 1);
        }
    }

    boolean hasPrefix() {
        Slot first = slots.peekFirst();
        return first != null && first.done;
    }
}
