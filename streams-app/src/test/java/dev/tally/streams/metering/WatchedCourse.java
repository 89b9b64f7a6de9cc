package dev.tally.streams.metering;

import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.TreeSet;

/** A course of usage that is watched as in the accounts stage: told of usage, and woken when it asked to be. */
final class WatchedCourse {

    private final TreeSet<Instant> wakes = new TreeSet<>();
    private final List<Deviation> raised = new ArrayList<>();
    private Activity activity = Activity.NONE;

    /** Usage that arrives as it happens. */
    void use(Instant at, long amount) {
        arrive(at, amount, at);
    }

    /** Usage at regular distances, from an instant until before another. */
    void useEvery(Duration distance, Instant from, Instant to, long amount) {
        for (Instant at = from; at.isBefore(to); at = at.plus(distance)) {
            use(at, amount);
        }
    }

    /** Usage that arrives later than it happened. */
    void arrive(Instant at, long amount, Instant now) {
        passTo(now);
        take(ActivityWatch.observe(activity, amount, at, now));
    }

    /** Time goes on to an instant, in which nothing arrives. */
    void passTo(Instant now) {
        while (!wakes.isEmpty() && !wakes.first().isAfter(now)) {
            take(ActivityWatch.look(activity, wakes.pollFirst()));
        }
    }

    private void take(Observation seen) {
        activity = seen.activity();
        if (seen.wakeAt() != null) {
            wakes.add(seen.wakeAt());
        }
        if (seen.raised() != null) {
            raised.add(seen.raised());
        }
    }

    Activity activity() {
        return activity;
    }

    List<Deviation> raised() {
        return raised;
    }

    List<Deviation.Kind> kinds() {
        return raised.stream().map(Deviation::kind).toList();
    }
}
