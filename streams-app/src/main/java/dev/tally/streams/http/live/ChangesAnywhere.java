package dev.tally.streams.http.live;

import dev.tally.keys.Subject;
import dev.tally.streams.query.Changes;
import dev.tally.streams.query.InstanceClient.Calls;
import dev.tally.streams.query.Owners.Owner;
import java.time.Duration;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.locks.LockSupport;
import java.util.function.Function;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Changes wherever they are made: those of this instance, and over one connection to each other instance those that it makes. Where a subject
 * is kept is looked up again every second, so that a watch goes where its partitions go. What may have been missed, because a watch had not
 * arrived yet or a connection was broken, counts as changed once the watch stands.
 */
public final class ChangesAnywhere implements Changes, AutoCloseable {

    private static final Logger log = LoggerFactory.getLogger(ChangesAnywhere.class);
    private static final long LOOK_NANOS = Duration.ofSeconds(1).toNanos();
    private static final long LOOK_AT_MOST_NANOS = Duration.ofMillis(50).toNanos();

    private final Changes here;
    private final Function<Subject, Set<Owner.At>> elsewhere;
    private final Calls calls;
    private final Map<Subject, List<Runnable>> watched = new ConcurrentHashMap<>();
    private final Thread thread = Thread.ofVirtual().name("changes-elsewhere").unstarted(this::run);
    private volatile boolean closed;
    private volatile boolean more;

    /**
     * Changes of this instance and of others; to be started.
     *
     * @param elsewhere the other instances that keep something of a subject, as far as is known now
     */
    public ChangesAnywhere(Changes here, Function<Subject, Set<Owner.At>> elsewhere, Calls calls) {
        this.here = here;
        this.elsewhere = elsewhere;
        this.calls = calls;
    }

    /** Begins to watch elsewhere. */
    public void start() {
        thread.start();
    }

    @Override
    public Runnable watch(Subject subject, Runnable watcher) {
        Runnable unwatchHere = here.watch(subject, watcher);
        watched.merge(
                subject,
                List.of(watcher),
                (some, one) -> Stream.concat(some.stream(), one.stream()).toList());
        more = true;
        LockSupport.unpark(thread);
        return () -> {
            unwatchHere.run();
            watched.computeIfPresent(subject, (any, some) -> without(some, watcher));
        };
    }

    @SuppressWarnings("ReferenceEquality") // a watcher is the object that was given
    private static @Nullable List<Runnable> without(List<Runnable> some, Runnable watcher) {
        List<Runnable> rest = some.stream().filter(other -> other != watcher).toList();
        return rest.isEmpty() ? null : rest;
    }

    /** Tells whoever watches a subject here. */
    private void tell(Subject subject) {
        watched.getOrDefault(subject, List.of()).forEach(Runnable::run);
    }

    private void run() {
        Map<Owner.At, ChangesLink> links = new HashMap<>();
        while (!closed) {
            more = false;
            try {
                look(links);
            } catch (RuntimeException e) {
                log.atError().setCause(e).log("Changes elsewhere cannot be watched");
            }
            Pace.awaitTime(this, System.nanoTime() + LOOK_AT_MOST_NANOS, () -> closed);
            if (!more && !closed) {
                LockSupport.parkNanos(this, LOOK_NANOS);
            }
        }
        links.values().forEach(ChangesLink::close);
    }

    private void look(Map<Owner.At, ChangesLink> links) {
        Map<Owner.At, Set<Subject>> wanted = new HashMap<>();
        links.keySet().forEach(instance -> wanted.put(instance, new HashSet<>()));
        for (Subject subject : watched.keySet()) {
            for (Owner.At instance : elsewhere.apply(subject)) {
                wanted.computeIfAbsent(instance, any -> new HashSet<>()).add(subject);
            }
        }
        wanted.forEach((instance, subjects) -> {
            if (subjects.isEmpty()) {
                ChangesLink link = links.remove(instance);
                if (link != null) {
                    link.close();
                }
            } else {
                links.computeIfAbsent(instance, any -> ChangesLink.open(instance, calls, this::tell))
                        .want(subjects);
            }
        });
    }

    @Override
    public void close() {
        closed = true;
        LockSupport.unpark(thread);
    }
}
