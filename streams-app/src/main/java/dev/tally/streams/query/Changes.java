package dev.tally.streams.query;

import dev.tally.keys.Subject;

/**
 * Says that the answer to {@link UsageQueries#usage} about a subject may be another one now. It may say so without need, and may miss what
 * a crash has undone or what a standby shows: whoever must not miss anything asks again from time to time.
 */
@FunctionalInterface
public interface Changes {

    /**
     * Watches a subject.
     *
     * @param watcher told after a change can be asked for, by any thread, perhaps by several at once: it must neither block nor take long
     * @return ends it
     */
    Runnable watch(Subject subject, Runnable watcher);
}
