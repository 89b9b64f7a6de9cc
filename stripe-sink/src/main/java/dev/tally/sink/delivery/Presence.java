package dev.tally.sink.delivery;

import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Whether this process still lives in the present. One that was suspended for hours may wake up in the middle of work that its group has
 * given to another instance meanwhile, and that Stripe has forgotten the identifiers of. So senders ask before each call whether the
 * delivery's own thread has polled lately; after a long silence they also wait until its heartbeats must have been answered.
 */
final class Presence {
    private static final Logger log = LoggerFactory.getLogger(Presence.class);

    /** Twice the time after which a consumer that does not poll is out of its group (max.poll.interval.ms, 5 min by default). */
    static final Duration LONGEST_SILENCE = Duration.ofMinutes(10);

    /** More than three heartbeats (heartbeat.interval.ms, 3 s by default). */
    static final Duration SETTLING = Duration.ofSeconds(10);

    private final InstantSource clock;
    private Instant polledAt;
    private Instant certainFrom;

    Presence(InstantSource clock) {
        this.clock = clock;
        this.polledAt = clock.instant();
        this.certainFrom = polledAt;
    }

    /** The delivery's thread has polled: what it was told of its partitions is in force. */
    synchronized void polled() {
        Instant now = clock.instant();
        if (isSilentFor(now)) {
            certainFrom = now.plus(SETTLING);
            log.atWarn()
                    .addKeyValue("since", polledAt)
                    .log("The delivery stood still; nothing is sent until it must have heard from its group");
        }
        polledAt = now;
    }

    /** Whether the partitions are still this instance's at {@code now}, as far as can be known. */
    synchronized boolean isCertain(Instant now) {
        return !isSilentFor(now) && !now.isBefore(certainFrom);
    }

    private boolean isSilentFor(Instant now) {
        return now.isAfter(polledAt.plus(LONGEST_SILENCE));
    }
}
