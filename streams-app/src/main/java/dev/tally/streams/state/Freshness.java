package dev.tally.streams.state;

import java.time.Duration;
import java.time.Instant;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;

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

    private record Part(Stage stage, int partition) {}

    private record Note(Instant asOf, Instant at) {}

    private final Map<Part, Note> notes = new ConcurrentHashMap<>();

    /**
     * Notes that a partition is at work.
     *
     * @param asOf append time up to which its state holds everything
     * @param at the present time
     */
    public void note(Stage stage, int partition, Instant asOf, Instant at) {
        notes.put(new Part(stage, partition), new Note(asOf, at));
    }

    /** Forgets a partition that has left this instance. */
    public void left(Stage stage, int partition) {
        notes.remove(new Part(stage, partition));
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
        Note note = notes.get(new Part(stage, partition));
        return note != null && !note.asOf().isBefore(now.minus(most));
    }

    /** How long ago the partition was at work that has not been for longest; empty where this instance has none. */
    public Optional<Duration> longestSilence(Instant now) {
        return notes.values().stream().map(Note::at).min(Instant::compareTo).map(at -> Duration.between(at, now));
    }
}
