package dev.tally.streams.http.live;

import dev.tally.keys.Subject;
import dev.tally.streams.metering.LimitState;
import dev.tally.streams.query.Answer;
import dev.tally.streams.query.Usage;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.time.Instant;
import java.time.LocalDate;
import java.time.ZoneOffset;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/** A hub whose time a test moves, over figures that it sets. Questions wait until the test lets them be asked. */
final class VirtualHub {

    static final Instant START = Instant.parse("2026-11-21T12:00:00Z");
    static final int MOST = 1_000;

    final LiveHub hub;
    final List<Runnable> questions = new ArrayList<>();

    /** How often each question was asked. */
    final Map<Followed, Integer> asked = new HashMap<>();

    private final Map<Subject, List<Runnable>> watchers = new HashMap<>();
    private final Map<Subject, Map<LocalDate, Long>> used = new HashMap<>();
    private @Nullable Long limit;
    private boolean stale;
    private boolean away;
    private boolean meterIsGone;
    private boolean answersAreLost;
    private long nanos = 1_000_000_000_000L;
    private final long startNanos = nanos;

    VirtualHub() {
        hub = new LiveHub(
                new LiveHub.Sources(
                        () -> Optional.of(this::usage),
                        () -> Optional.of(this::watch),
                        (usage, isStale) -> "{\"used\":" + usage.used() + ",\"limit\":" + usage.limit() + ",\"stale\":"
                                + isStale + "}",
                        this::now,
                        () -> nanos,
                        questions::add),
                LiveTimes.USUAL,
                MOST);
    }

    private Answer<Usage> usage(Subject subject, String meter, LocalDate day) {
        asked.merge(new Followed(subject, meter), 1, Integer::sum);
        if (answersAreLost) {
            throw new AssertionError("an answer that never comes");
        }
        if (meterIsGone) {
            return new Answer.Absent<>("meter " + meter);
        }
        if (away) {
            return new Answer.NotReady<>("moving", Duration.ofSeconds(1));
        }
        Instant start = day.atStartOfDay(ZoneOffset.UTC).toInstant();
        long amount = used(subject, day);
        Usage found = new Usage(
                subject,
                meter,
                start,
                start.plus(Duration.ofDays(1)),
                amount,
                amount,
                limit,
                LimitState.OK,
                null,
                amount == 0 ? null : start);
        return new Answer.Found<>(found, stale);
    }

    private Runnable watch(Subject subject, Runnable watcher) {
        List<Runnable> of = watchers.computeIfAbsent(subject, any -> new ArrayList<>());
        of.add(watcher);
        return () -> of.remove(watcher);
    }

    int watchers(Subject subject) {
        return watchers.getOrDefault(subject, List.of()).size();
    }

    Instant now() {
        return START.plusNanos(nanos - startNanos);
    }

    LocalDate today() {
        return now().atZone(ZoneOffset.UTC).toLocalDate();
    }

    long nanos() {
        return nanos;
    }

    long used(Subject subject, LocalDate day) {
        return used.getOrDefault(subject, Map.of()).getOrDefault(day, 0L);
    }

    /** Sets a figure without a word, as an aborted transaction does. */
    void set(Subject subject, LocalDate day, long amount) {
        used.computeIfAbsent(subject, any -> new HashMap<>()).put(day, amount);
    }

    void notice(Subject subject) {
        List.copyOf(watchers.getOrDefault(subject, List.of())).forEach(Runnable::run);
    }

    /** Counts an action of today, as a stream thread does. */
    void count(Subject subject) {
        set(subject, today(), used(subject, today()) + 1);
        notice(subject);
    }

    void limit(long amount) {
        limit = amount;
    }

    void stale(boolean is) {
        stale = is;
    }

    void away(boolean is) {
        away = is;
    }

    /** From now on who asks a question fails, or no more. */
    void loseAnswers(boolean is) {
        answersAreLost = is;
    }

    void removeMeter() {
        meterIsGone = true;
    }

    /** Lets everything happen that is due at this instant. */
    void settle() {
        do {
            hub.step();
            List<Runnable> waiting = List.copyOf(questions);
            questions.clear();
            waiting.forEach(Runnable::run);
            hub.step();
        } while (!questions.isEmpty());
    }

    /** Lets time pass in steps, with everything that happens meanwhile. */
    void pass(Duration time, Duration step) {
        Instant end = now().plus(time);
        while (now().isBefore(end)) {
            advance(step);
            settle();
        }
    }

    void pass(Duration time) {
        pass(time, Duration.ofMillis(10));
    }

    void advance(Duration by) {
        nanos += by.toNanos();
    }

    /** A stream that has been welcomed. */
    Listener listen(Followed to) {
        return listen(to, null, () -> {});
    }

    Listener listen(Followed to, @Nullable Seen seen, Runnable abort) {
        LiveStream stream = Objects.requireNonNull(hub.join(to, seen, abort), "room for one more");
        settle();
        return new Listener(stream);
    }

    /** What is at the other end of a stream. */
    static final class Listener {
        final LiveStream stream;
        final List<Event> events = new ArrayList<>();
        int beats;

        Listener(LiveStream stream) {
            this.stream = stream;
        }

        /** Reads what there is; the new events. */
        List<Event> read() {
            List<Event> read = new ArrayList<>();
            String text = new String(take(), StandardCharsets.UTF_8);
            for (String frame : text.split("\n\n", -1)) {
                if (frame.startsWith(":")) {
                    beats++;
                } else if (!frame.isEmpty()) {
                    read.add(Event.of(frame));
                }
            }
            // Written at once: the stream is not left as if it were being written to.
            if (!text.isEmpty()) {
                take();
            }
            events.addAll(read);
            return read;
        }

        /** Takes what there is to be written; does not wait for it, as no thread does that has been interrupted. */
        byte[] take() {
            Thread.currentThread().interrupt();
            try {
                return stream.next();
            } finally {
                boolean unused = Thread.interrupted();
            }
        }

        List<String> data() {
            return read().stream().map(Event::data).toList();
        }
    }

    record Event(String id, String name, String data) {
        static Event of(String frame) {
            Map<String, String> fields = new HashMap<>();
            for (String line : frame.split("\n", -1)) {
                String[] field = line.split(": ", 2);
                fields.put(field[0], field[1]);
            }
            return new Event(
                    fields.getOrDefault("id", ""),
                    Objects.requireNonNull(fields.get("event")),
                    Objects.requireNonNull(fields.get("data")));
        }

        long used() {
            return Long.parseLong(data.replaceAll(".*\"used\":(\\d+),.*", "$1"));
        }
    }
}
