package dev.tally.streams.http;

import dev.tally.keys.Subject;
import dev.tally.streams.query.Changes;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CopyOnWriteArrayList;

/** Changes that a test gives notice of. */
public final class ChangesInMemory implements Changes {

    private final Map<Subject, List<Runnable>> watchers = new ConcurrentHashMap<>();

    @Override
    public Runnable watch(Subject subject, Runnable watcher) {
        List<Runnable> of = watchers.computeIfAbsent(subject, any -> new CopyOnWriteArrayList<>());
        of.add(watcher);
        return () -> of.remove(watcher);
    }

    /** Tells whoever watches a subject. */
    public void notice(Subject subject) {
        watchers.getOrDefault(subject, List.of()).forEach(Runnable::run);
    }

    /** How many watch a subject. */
    public int watchers(Subject subject) {
        return watchers.getOrDefault(subject, List.of()).size();
    }
}
