package dev.tally.bench.measure;

import java.util.Arrays;
import java.util.List;
import java.util.function.LongConsumer;

/** Somebody whose usage is followed by one stream: when each action of theirs was sent, and how many of these the stream has shown. */
final class FollowedSubject {

    private static final int FEW = 16;

    private final String path;
    private long[] sentAt = new long[FEW];
    private int sent;
    private int shown;
    private int falls;
    private String day = "";

    /** @param path of the subject's routes */
    FollowedSubject(String path) {
        this.path = path;
    }

    String path() {
        return path;
    }

    /** An action is about to be sent. */
    synchronized void sent() {
        if (sent == sentAt.length) {
            sentAt = Arrays.copyOf(sentAt, 2 * sent);
        }
        sentAt[sent++] = System.nanoTime();
    }

    /**
     * The stream shows so many actions of a day.
     *
     * @param nanos takes of each that is seen for the first time how long that took
     */
    synchronized void shows(String ofDay, int used, LongConsumer nanos) {
        long now = System.nanoTime();
        if (ofDay.equals(day) && used < shown) {
            falls++;
        }
        day = ofDay;
        for (; shown < Math.min(used, sent); shown++) {
            nanos.accept(now - sentAt[shown]);
        }
    }

    /** Actions that were sent and not shown yet. */
    synchronized int missing() {
        return sent - shown;
    }

    /** The same of several. */
    static int missing(List<FollowedSubject> subjects) {
        return subjects.stream().mapToInt(FollowedSubject::missing).sum();
    }

    /** How often the stream has shown less than before. */
    synchronized int falls() {
        return falls;
    }
}
