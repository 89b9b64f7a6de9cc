package dev.tally.streams.http.live;

import dev.tally.keys.Subject;
import dev.tally.streams.query.Changes;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.Supplier;

/** What other instances watch here: each has one stream, on which the subjects that have changed are named. */
public final class ChangeStreams implements AutoCloseable {

    /** Where other instances watch; an id of their choice follows. Nobody else is to come here. */
    public static final String PATH = "/internal/v1/changes/";

    /** A stream with nothing to say says so this often. */
    static final Duration BEAT = Duration.ofSeconds(5);

    private final Supplier<Optional<Changes>> here;
    private final Map<String, ChangeStream> open = new ConcurrentHashMap<>();
    private volatile boolean closed;

    /** @param here the changes that this instance makes; empty until the topology has started */
    public ChangeStreams(Supplier<Optional<Changes>> here) {
        this.here = here;
    }

    /** Begins a stream; empty while there is nothing to watch, and where the id is taken. */
    public Optional<ChangeStream> open(String id) {
        return here.get().filter(changes -> !closed).flatMap(changes -> {
            ChangeStream stream =
                    new ChangeStream(changes, () -> changes.equals(here.get().orElse(null)), () -> open.remove(id));
            return open.putIfAbsent(id, stream) == null ? Optional.of(stream) : Optional.empty();
        });
    }

    /**
     * Changes what a stream is about.
     *
     * @param lines each a subject after {@code +} or {@code -}
     * @return false where there is no such stream
     * @throws IllegalArgumentException naming what is wrong with the lines; none is of effect
     */
    public boolean change(String id, String lines) {
        List<Subject> more = new ArrayList<>();
        List<Subject> fewer = new ArrayList<>();
        for (String line : lines.lines().toList()) {
            switch (line.isEmpty() ? ' ' : line.charAt(0)) {
                case '+' -> more.add(Subject.parse(line.substring(1)));
                case '-' -> fewer.add(Subject.parse(line.substring(1)));
                default -> throw new IllegalArgumentException("a line is + or - and a subject");
            }
        }
        ChangeStream stream = open.get(id);
        if (stream == null) {
            return false;
        }
        more.forEach(stream::watch);
        fewer.forEach(stream::unwatch);
        return true;
    }

    /** Ends all streams; none can be opened any more. */
    @Override
    public void close() {
        closed = true;
        open.values().forEach(ChangeStream::close);
    }
}
