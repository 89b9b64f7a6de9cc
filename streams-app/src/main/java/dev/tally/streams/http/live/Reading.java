package dev.tally.streams.http.live;

import dev.tally.streams.query.Usage;

/**
 * An answer as listeners are told of it.
 *
 * @param stale whether it may be behind
 */
record Reading(Usage usage, boolean stale) {

    Seen seen() {
        return Seen.of(usage);
    }

    /** The same, which is now known to be behind. */
    Reading asStale() {
        return new Reading(usage, true);
    }
}
