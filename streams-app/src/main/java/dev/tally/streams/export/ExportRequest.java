package dev.tally.streams.export;

import dev.tally.keys.Subject;
import java.time.Instant;
import java.time.LocalDate;
import java.time.ZoneOffset;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * Which actions are asked for. Exports go through the partitions in turn, each by offset.
 *
 * @param subject whose actions
 * @param from first day of event time
 * @param to last day, itself included
 * @param after the export goes on behind this record: with the rest of its partition and the partitions after it; null: from the beginning
 * @param since of each partition named, only what lies behind this offset
 * @param until of each partition, nothing behind this offset, and nothing of partitions that are not named; null: all that is decided
 */
public record ExportRequest(
        Subject subject,
        LocalDate from,
        LocalDate to,
        @Nullable Place after,
        Map<Integer, Long> since,
        @Nullable Map<Integer, Long> until) {

    public ExportRequest {
        since = Map.copyOf(since);
        until = until == null ? null : Map.copyOf(until);
    }

    /** A partition it names that a topic of so many does not have; -1 where there is none. */
    int unknownPartition(int partitions) {
        int highest = after == null ? -1 : after.partition();
        for (int named : since.keySet()) {
            highest = Math.max(highest, named);
        }
        if (until != null) {
            for (int named : until.keySet()) {
                highest = Math.max(highest, named);
            }
        }
        return highest < partitions ? -1 : highest;
    }

    /** The same of other days. */
    public ExportRequest from(LocalDate other) {
        return new ExportRequest(subject, other, to, after, since, until);
    }

    /** Where the days begin. */
    Instant start() {
        return from.atStartOfDay(ZoneOffset.UTC).toInstant();
    }

    /** Where they have ended. */
    Instant end() {
        return to.plusDays(1).atStartOfDay(ZoneOffset.UTC).toInstant();
    }

    /** The offset at which a partition begins. */
    long firstOffset(int partition) {
        long first = since.containsKey(partition) ? since.getOrDefault(partition, 0L) + 1 : 0;
        if (after == null || after.partition() < partition) {
            return first;
        }
        return after.partition() > partition ? Long.MAX_VALUE : Math.max(first, after.offset() + 1);
    }
}
