package dev.tally.streams.http.live;

import dev.tally.streams.query.Changes;
import java.time.Duration;
import java.util.LinkedHashSet;
import java.util.Set;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import org.jspecify.annotations.Nullable;

/** One subject and meter, followed by at least one stream. All but {@link #isNews} and some of {@link Asking} belongs to the hub's thread. */
final class Feed {

    final Followed followed;
    final Told told;
    final Set<LiveStream> streams = new LinkedHashSet<>();
    final Asking asking = new Asking();
    private final AtomicBoolean noticed = new AtomicBoolean();

    /** Nobody follows it any more. */
    boolean ended;

    private @Nullable Frame frame;
    private @Nullable Changes watched;
    private Runnable unwatch = () -> {};

    Feed(Followed followed, Duration disbelief) {
        this.followed = followed;
        this.told = new Told(disbelief);
    }

    /** When it was asked, and when it is to be asked again; in nanoseconds. Belongs to the hub's thread, where nothing else is said. */
    static final class Asking {
        static final long NOT_BEGUN = Long.MIN_VALUE;

        /** How often it was asked: an answer to another question than the last is of no account. */
        private final AtomicInteger number = new AtomicInteger();

        long at;
        boolean underway;

        /** How many answers in a row had nothing to tell. */
        int inVain;

        /** When an answer last had something to tell. */
        long toldAt;

        /** Whether it ever had. */
        boolean hasTold;

        /** When the question that is under way came to be asked, after waiting for its turn. Set by who asks it. */
        volatile long begun = NOT_BEGUN;

        /** What part of the usual time passes before it is asked again without a notice: not the same for all, else all are asked at once. */
        double patience = 1;

        /** A change was noticed while a question was under way that may not have seen it. */
        boolean again;

        /** It is to be asked at {@link #dueAt}. */
        boolean due;

        long dueAt;

        /** The number of the question that is to be asked now. */
        int next() {
            begun = NOT_BEGUN;
            return number.incrementAndGet();
        }

        /** Whether it has never been asked. */
        boolean isFirst() {
            return number.get() == 0;
        }

        /** Whether the answer to a question is still wanted. By any thread. */
        boolean isAt(int question) {
            return number.get() == question;
        }

        /** No answer is wanted any more. */
        void forget() {
            number.incrementAndGet();
        }
    }

    /** Whether a change that was noticed is news: once noticed, further ones are not until it is asked. By any thread. */
    boolean isNews() {
        return !noticed.get() && noticed.compareAndSet(false, true);
    }

    /** From here on a change is news again; to be called before it is asked. */
    void asks() {
        noticed.set(false);
    }

    /** Watches with what there is to watch with now, which is another one after the topology was built anew. */
    @SuppressWarnings("ReferenceEquality") // the same object or another one
    void watch(Changes with, Runnable watcher) {
        if (with != watched) {
            unwatch.run();
            unwatch = with.watch(followed.subject(), watcher);
            watched = with;
        }
    }

    void unwatch() {
        unwatch.run();
        unwatch = () -> {};
        watched = null;
    }

    @Nullable
    Frame frame() {
        return frame;
    }

    void frame(Frame newest) {
        frame = newest;
    }
}
