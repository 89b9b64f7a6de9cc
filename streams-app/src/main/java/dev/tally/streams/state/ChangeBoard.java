package dev.tally.streams.state;

import dev.tally.keys.Subject;
import java.util.Arrays;
import java.util.concurrent.ConcurrentHashMap;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Where stream threads say whose figures they have changed, once queries can see the change, to whoever watches the subject in this process.
 * Of what nobody watches it costs one look into a map. It says that something changed, never what: whoever is told asks.
 *
 * <p>A transaction that is aborted takes values back without a word. Whoever must know of that asks again from time to time.
 */
public final class ChangeBoard {

    private static final Logger log = LoggerFactory.getLogger(ChangeBoard.class);

    // The keys are what stream threads have at hand, so that looking costs them no new object.
    private final ConcurrentHashMap<String, Runnable[]> usersById = new ConcurrentHashMap<>();
    private final ConcurrentHashMap<String, Runnable[]> accountsByText = new ConcurrentHashMap<>();

    /** An action of a user was counted at the intake. Called by stream threads for each action. */
    public void userCounted(String userId) {
        tell(usersById.get(userId));
    }

    /** The accounts stage has changed what a subject has used, or what holds for it. Called by stream threads. */
    public void accountChanged(String subject) {
        tell(accountsByText.get(subject));
    }

    private static void tell(Runnable @Nullable [] watchers) {
        if (watchers == null) {
            return;
        }
        for (Runnable watcher : watchers) {
            try {
                watcher.run();
            } catch (RuntimeException e) {
                // No watcher is worth a stream thread.
                log.atError().setCause(e).log("A watcher of changes failed");
            }
        }
    }

    /**
     * Watches a subject.
     *
     * @param watcher told of each change by the thread that made it, perhaps by several at once: it must neither block nor take long
     * @return ends it
     */
    public Runnable watch(Subject subject, Runnable watcher) {
        String text = subject.text();
        add(accountsByText, text, watcher);
        boolean atIntake = subject.kind() == Subject.Kind.USER;
        if (atIntake) {
            add(usersById, subject.id(), watcher);
        }
        return () -> {
            remove(accountsByText, text, watcher);
            if (atIntake) {
                remove(usersById, subject.id(), watcher);
            }
        };
    }

    /** How many subjects are watched. */
    public int watched() {
        return accountsByText.size();
    }

    private static void add(ConcurrentHashMap<String, Runnable[]> to, String key, Runnable watcher) {
        to.compute(key, (any, before) -> {
            if (before == null) {
                return new Runnable[] {watcher};
            }
            Runnable[] more = Arrays.copyOf(before, before.length + 1);
            more[before.length] = watcher;
            return more;
        });
    }

    @SuppressWarnings("ReferenceEquality") // a watcher is the object that was given
    private static void remove(ConcurrentHashMap<String, Runnable[]> from, String key, Runnable watcher) {
        from.computeIfPresent(key, (any, before) -> {
            Runnable[] fewer =
                    Arrays.stream(before).filter(other -> other != watcher).toArray(Runnable[]::new);
            return fewer.length == 0 ? null : fewer;
        });
    }
}
