package dev.tally.streams.export;

import dev.tally.schemas.MetersApplied;
import dev.tally.streams.metering.MeterSet;
import dev.tally.streams.state.AppliedMeters;
import java.time.Instant;
import java.util.HashMap;
import java.util.Map;
import java.util.TreeMap;

/** By which meters each action was counted, as the intake has noted. */
final class NotedMeters {

    /** @param home the intake partition that counted */
    private record Part(int partition, int home) {}

    private final Map<Part, TreeMap<Long, MeterSet>> byPart = new HashMap<>();
    private Instant notedSince = Instant.EPOCH;

    void add(MetersApplied note) {
        if (note.getFrom() != AppliedMeters.FROM_NOWHERE) {
            byPart.computeIfAbsent(new Part(note.getPartition(), note.getHome()), part -> new TreeMap<>())
                    .put(note.getFrom(), AppliedMeters.toSet(note.getMeters()));
        }
        if (note.getNotedSince().isAfter(notedSince)) {
            notedSince = note.getNotedSince();
        }
    }

    /** Since when every intake partition has taken notes. */
    Instant notedSince() {
        return notedSince;
    }

    /**
     * The meters of an action that was counted.
     *
     * @throws IllegalStateException where none were noted, which is said of every action that was counted
     */
    MeterSet of(Place place, int home) {
        TreeMap<Long, MeterSet> noted = byPart.get(new Part(place.partition(), home));
        Map.Entry<Long, MeterSet> found = noted == null ? null : noted.floorEntry(place.offset());
        if (found == null) {
            throw new IllegalStateException("no note tells by which meters actions-" + place.partition() + "@"
                    + place.offset() + " was counted");
        }
        return found.getValue();
    }
}
