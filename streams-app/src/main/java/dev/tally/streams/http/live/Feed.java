package dev.tally.streams.http.live;

import dev.tally.streams.query.Changes;
import java.util.LinkedHashSet;
import java.util.Set;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.random.RandomGenerator;
import org.jspecify.annotations.Nullable;

/** One subject and meter, followed by at least one stream. All but {@link #isNews} and some of {@link Asking} belongs to the hub's thread. */
final class Feed {

    final Followed followed;
    final Told told;
    final Set<LiveStream> streams = new LinkedHashSet<>();
    final Asking asking;
    private final AtomicBoolean noticed = new AtomicBoolean();

    /** Nobody follows it any more. */
    boolean ended;

    private @Nullable Frame frame;
    private @Nullable Changes watched;
    private Runnable unwatch = () -> {};

    Feed(Followed followed, LiveTimes times, RandomGenerator random) {
        this.followed = followed;
        this.told = new Told(times.disbelief());
        this.asking = new Asking(times, random);
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
