package dev.tally.streams.http.live;

import dev.tally.streams.query.Usage;
import java.time.DateTimeException;
import java.time.Instant;
import java.util.Optional;

/**
 * How far a listener has seen: the {@code id} of a {@code usage} event, and what comes back as {@code Last-Event-ID}. It means the same on
 * every instance, so whoever answers after a reconnect knows whether it is behind.
 *
 * @param windowStart of the day window
 * @param used in it
 */
public record Seen(Instant windowStart, long used) {

    static Seen of(Usage usage) {
        return new Seen(usage.windowStart(), usage.used());
    }

    /** Reads an id of ours; empty where it is none, which is then of no account: the newest usage is sent in any case. */
    public static Optional<Seen> parse(String id) {
        int slash = id.indexOf('/');
        if (slash < 0) {
            return Optional.empty();
        }
        try {
            Instant windowStart = Instant.parse(id.substring(0, slash));
            long used = Long.parseLong(id.substring(slash + 1));
            return used < 0 ? Optional.empty() : Optional.of(new Seen(windowStart, used));
        } catch (DateTimeException | NumberFormatException notOurs) {
            return Optional.empty();
        }
    }

    /** Whether less is known here than there: an earlier window, or less used in the same one. */
    boolean isBehind(Seen other) {
        return windowStart.isBefore(other.windowStart) || (windowStart.equals(other.windowStart) && used < other.used);
    }

    /** The id. */
    String text() {
        return windowStart + "/" + used;
    }
}
