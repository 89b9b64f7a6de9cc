package dev.tally.sink.delivery;

import java.time.Instant;
import org.apache.kafka.clients.consumer.OffsetAndMetadata;
import org.apache.kafka.common.TopicPartition;
import org.jspecify.annotations.Nullable;

/**
 * A partition of an input topic from its assignment until it is given up or lost; assigned again, it begins anew. Used by the thread that
 * owns the Kafka clients; senders use {@link #ownership} alone.
 *
 * @param <E> entries of the ledger, whose partition has the same number
 */
public abstract class AssignedPartition<E> {
    private final TopicPartition partition;
    private final Ownership ownership = new Ownership();
    private Stage stage = Stage.ASSIGNED;
    private long position;
    private long committed;
    private @Nullable Instant blockedUntil;

    /** How far a partition is. */
    enum Stage {
        /** Where the group stands in it is not known yet. */
        ASSIGNED,
        /** Its ledger is being read. */
        READING,
        /** Its ledger is read. */
        LOADED,
        /** Its records are read. */
        READY
    }

    /** Newly assigned. */
    protected AssignedPartition(TopicPartition partition) {
        this.partition = partition;
    }

    /** Takes the next entry, in the order of the ledger. */
    protected abstract void apply(E entry);

    /** Takes that the ledger has nothing of {@code key} any more. */
    protected abstract void forget(String key);

    /** Partition of the input. */
    public final TopicPartition partition() {
        return partition;
    }

    /** Whether calls may be made for it. */
    public final Ownership ownership() {
        return ownership;
    }

    /** Whether its ledger and all else was read that its records need. */
    public final boolean isReady() {
        return stage == Stage.READY;
    }

    final Stage stage() {
        return stage;
    }

    final void reached(Stage next) {
        stage = next;
    }

    /** The offset that goes with what is written for it. */
    public final OffsetAndMetadata position() {
        return new OffsetAndMetadata(position);
    }

    /** All before {@code next} is done, or is written with the next commit. */
    public final void movedTo(long next) {
        position = next;
    }

    /** Whether the group does not know of the position yet. */
    final boolean hasMoved() {
        return position != committed;
    }

    final void committed(long offset) {
        committed = offset;
    }

    final void blockUntil(Instant time) {
        blockedUntil = time;
    }

    final boolean isBlocked(Instant now) {
        Instant until = blockedUntil;
        return until != null && now.isBefore(until);
    }
}
