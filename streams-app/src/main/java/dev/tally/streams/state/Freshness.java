package dev.tally.streams.state;

import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;
import org.jspecify.annotations.Nullable;

/**
 * How far behind the world each partition's state on this instance is, as far as the instance can tell: stream threads note it, queries
 * ask. A thread that is cut off from the brokers blocks in its commit and notes nothing any more.
 */
public final class Freshness {

    /** State that is behind by more than this is stale. */
    public static final Duration FRESH_WITHIN = Duration.ofSeconds(10);

    /**
     * State that is behind by no more than this is still the only one: another instance takes a partition over after the session time-out
     * at the earliest, which brokers do not let be under 6 s ({@code group.min.session.timeout.ms}).
     */
    public static final Duration CURRENT_WITHIN = Duration.ofSeconds(5);

    /** The part of the topology that keeps the state. */
    public enum Stage {
        INTAKE,
        ACCOUNTS
    }

    /** As append time: nothing has been read yet that would tell. */
    public static final Instant UNKNOWN = Instant.MIN;

    private record Part(Stage stage, int partition) {}

    /**
     * How far behind the state of a partition is.
     *
     * @param by since the append time up to which its state holds everything; it grows while nothing is noted
     */
    public record Behind(Stage stage, int partition, Duration by) {}

    /** @param asOf null until it was noted for the first time */
    private record Note(@Nullable Instant asOf, Instant at) {}

    private final Map<Part, Task> tasks = new ConcurrentHashMap<>();

    /** A task that works on a partition of a stage. */
    public final class Task {
        private final Part part;
        private volatile Note note;

        private Task(Part part, Instant at) {
            this.part = part;
            this.note = new Note(null, at);
        }

        /**
         * Notes that it is at work.
         *
         * @param asOf append time up to which its state holds everything, or {@link #UNKNOWN}
         * @param at the present time
         */
        public void note(Instant asOf, Instant at) {
            note = new Note(asOf, at);
        }

        private Optional<Behind> behind(Instant now) {
            Instant asOf = note.asOf();
            return asOf == null || asOf.equals(UNKNOWN)
                    ? Optional.empty()
                    : Optional.of(new Behind(
                            part.stage(), part.partition(), Duration.between(asOf.isAfter(now) ? now : asOf, now)));
        }

        /** Its state is no longer what is to be read: it is closed, perhaps to begin again with nothing. Another task's is untouched. */
        public void left() {
            tasks.remove(part, this);
        }
    }

    /**
     * A task begins to work on a partition: its state is all there, though it cannot be told yet how far behind.
     *
     * @param at the present time
     */
    public Task begins(Stage stage, int partition, Instant at) {
        Part part = new Part(stage, partition);
        Task task = new Task(part, at);
        tasks.put(part, task);
        return task;
    }

    /**
     * Whether a task of this instance works on a partition, so that its state can be read as the owner's. One that is being restored does
     * not yet, whatever its thread says.
     */
    public boolean isAtWork(Stage stage, int partition) {
        return tasks.containsKey(new Part(stage, partition));
    }

    /** The task of this instance that works on a partition, as {@link #isAtWork}; another one each time a task begins. */
    public Optional<Task> task(Stage stage, int partition) {
        return Optional.ofNullable(tasks.get(new Part(stage, partition)));
    }

    /** Whether its task has been at work within {@link #FRESH_WITHIN}, however far behind it may be. */
    public boolean isMoving(Stage stage, int partition, Instant now) {
        Task task = tasks.get(new Part(stage, partition));
        return task != null && !task.note.at().isBefore(now.minus(FRESH_WITHIN));
    }

    /** Whether a partition's state may be behind by more than {@link #FRESH_WITHIN}. */
    public boolean isStale(Stage stage, int partition, Instant now) {
        return !isWithin(FRESH_WITHIN, stage, partition, now);
    }

    /** Whether no other instance can have gone on with a partition meanwhile: behind by at most {@link #CURRENT_WITHIN}. */
    public boolean isCurrent(Stage stage, int partition, Instant now) {
        return isWithin(CURRENT_WITHIN, stage, partition, now);
    }

    private boolean isWithin(Duration most, Stage stage, int partition, Instant now) {
        Task task = tasks.get(new Part(stage, partition));
        Instant asOf = task == null ? null : task.note.asOf();
        return asOf != null && !asOf.isBefore(now.minus(most));
    }

    /** How far behind each partition is that a task of this instance works on and has told of. */
    public List<Behind> behind(Instant now) {
        return tasks.values().stream()
                .flatMap(task -> task.behind(now).stream())
                .toList();
    }

    /** How long ago the partition was at work that has not been for longest; empty where this instance has none that was. */
    public Optional<Duration> longestSilence(Instant now) {
        return tasks.values().stream()
                .map(task -> task.note)
                .filter(note -> note.asOf() != null)
                .map(Note::at)
                .min(Instant::compareTo)
                .map(at -> Duration.between(at, now));
    }
}
