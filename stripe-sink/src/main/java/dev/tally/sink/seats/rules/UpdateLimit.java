package dev.tally.sink.seats.rules;

import java.time.Duration;
import java.time.Instant;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;

/**
 * Counts updates by subscription, of which Stripe takes 200 an hour (its page on rate limits). It counts from the start of the process:
 * Stripe's own 429 holds back what a restart forgets.
 */
public final class UpdateLimit {
    private static final Duration HOUR = Duration.ofHours(1);

    private final int perHour;
    private final Map<String, Deque<Instant>> updates = new HashMap<>();

    /** Counts none yet. */
    public UpdateLimit(int perHour) {
        this.perHour = perHour;
    }

    /** Counts an update that is made now and returns empty, or else says when there will be room for it. */
    public Optional<Instant> take(String subscription, Instant now) {
        updates.values().removeIf(times -> {
            while (!times.isEmpty() && !now.isBefore(times.getFirst().plus(HOUR))) {
                times.removeFirst();
            }
            return times.isEmpty();
        });
        Deque<Instant> times = updates.computeIfAbsent(subscription, unused -> new ArrayDeque<>());
        if (times.size() >= perHour) {
            return Optional.of(times.getFirst().plus(HOUR));
        }
        times.addLast(now);
        return Optional.empty();
    }
}
