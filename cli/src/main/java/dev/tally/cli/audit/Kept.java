package dev.tally.cli.audit;

import java.time.Duration;
import java.time.Instant;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.TreeMap;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/** The records of a catalogue topic as they are now, and since when. */
final class Kept<T> {

    /**
     * How long after it was written a record may take to be in force everywhere. An action that was published before is judged by this
     * record or by the one it replaced: the log does not tell.
     */
    static final Duration IN_FORCE_WITHIN = Duration.ofSeconds(10);

    private final Map<String, Held<T>> byKey = new TreeMap<>();

    /**
     * What a key has.
     *
     * @param value null where it was removed
     * @param since when it was written
     * @param replaces whether the key had another value before
     */
    record Held<T>(@Nullable T value, Instant since, boolean replaces) {

        /** Whether an action that was published at a time was judged by this value for sure. */
        boolean judged(Instant publishedAt) {
            return publishedAt.isAfter(since.plus(IN_FORCE_WITHIN));
        }
    }

    void put(String key, @Nullable T value, Instant writtenAt) {
        Held<T> before = byKey.get(key);
        if (before == null) {
            byKey.put(key, new Held<>(value, writtenAt, false));
        } else if (!Objects.equals(before.value(), value)) {
            byKey.put(key, new Held<>(value, writtenAt, true));
        }
    }

    /** A record that never changes once it is there. */
    void putFirst(String key, T value, Instant writtenAt) {
        byKey.putIfAbsent(key, new Held<>(value, writtenAt, false));
    }

    Optional<Held<T>> of(String key) {
        return Optional.ofNullable(byKey.get(key));
    }

    Stream<Held<T>> all() {
        return byKey.values().stream();
    }
}
