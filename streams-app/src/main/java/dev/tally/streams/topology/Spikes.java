package dev.tally.streams.topology;

import dev.tally.keys.Subject;
import dev.tally.schemas.AlertKind;
import dev.tally.schemas.QuotaAlert;
import dev.tally.schemas.Scope;
import dev.tally.schemas.Severity;
import dev.tally.schemas.Tick;
import dev.tally.schemas.UsagePart;
import dev.tally.schemas.UsageSum;
import dev.tally.streams.metering.Activity;
import dev.tally.streams.metering.ActivityWatch;
import dev.tally.streams.metering.Course;
import dev.tally.streams.metering.Deviation;
import dev.tally.streams.metering.FactIdentifier;
import dev.tally.streams.metering.Habits;
import dev.tally.streams.metering.Observation;
import dev.tally.streams.state.Courses;
import dev.tally.streams.state.CoursesCodec;
import dev.tally.streams.state.HabitsByMeter;
import dev.tally.streams.state.HabitsCodec;
import dev.tally.streams.state.HeapCells;
import dev.tally.streams.state.HeapCells.Cell;
import dev.tally.streams.state.HeapCells.Layout;
import dev.tally.streams.state.StoreKey;
import dev.tally.streams.state.WriteBackStore;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.function.BiConsumer;
import java.util.function.Function;
import org.apache.kafka.common.utils.Bytes;
import org.apache.kafka.streams.state.KeyValueIterator;

/**
 * Watches the course of each subject's usage, meter by meter, and raises {@code ANOMALY} and {@code SILENCE}. Its store also holds when to
 * look at which course again, in order of time.
 */
final class Spikes {

    /** What caused an alert that no action caused: that none came. */
    static final String NO_ACTION = "(none)";

    private static final int COURSES = 1;
    private static final int WAKE = 2;
    private static final int HABITS = 3;
    private static final int KEEP = 50_000;
    private static final int PER_TICK = 2_000;
    private static final byte[] PRESENT = {};

    private final WriteBackStore store;
    private final HeapCells<Courses> courses;
    private final HeapCells<HabitsByMeter> habits;
    private final AccountClock clock;
    private final BiConsumer<String, Message> out;

    Spikes(WriteBackStore store, AccountClock clock, BiConsumer<String, Message> out) {
        this.store = store;
        this.courses = new HeapCells<>(
                store, new Layout<>(CoursesCodec::toBytes, CoursesCodec::fromBytes, Courses.NONE), KEEP);
        this.habits = new HeapCells<>(
                store, new Layout<>(HabitsCodec::toBytes, HabitsCodec::fromBytes, HabitsByMeter.NONE), KEEP);
        this.clock = clock;
        this.out = out;
    }

    /** What stands for all actions of the installation, where a subject does elsewhere. */
    static final String INTAKE = "intake";

    /** What stands for a meter there: each action that is counted. */
    static final String EVENTS = "(events)";

    /**
     * What a course belongs to.
     *
     * @param subject its text; {@link #INTAKE} for all there are
     */
    private record Watched(String subject, String meter) {
        Bytes wakeKey(Instant at) {
            return StoreKey.key()
                    .tag(WAKE)
                    .number(at.toEpochMilli())
                    .text(subject)
                    .text(meter)
                    .bytes();
        }
    }

    private Cell<Courses> coursesOf(String subject) {
        return courses.cell(StoreKey.key().tag(COURSES).text(subject).bytes());
    }

    private Cell<HabitsByMeter> habitsOf(String subject) {
        return habits.cell(StoreKey.key().tag(HABITS).text(subject).bytes());
    }

    /** Usage has arrived. */
    void apply(UsageSum sum) {
        Cell<Courses> cell = coursesOf(sum.getSubject());
        for (int meter = 0; meter < sum.getMeters().size(); meter++) {
            Watched watched = new Watched(sum.getSubject(), sum.getMeters().get(meter));
            for (UsagePart part : inOrder(sum.getParts(), meter)) {
                long amount = part.getAmounts().get(meter);
                Instant newest = Instant.ofEpochMilli(part.getNewest().get(meter));
                observe(
                        watched,
                        cell,
                        sum.getLastEventId(),
                        before -> ActivityWatch.observe(before, amount, newest, clock.logTime()));
            }
        }
    }

    /** An intake partition has counted actions, whoever's they were. Only one partition of the log is to be told. */
    void apply(Tick tick) {
        if (tick.getCounted() > 0) {
            // As they came: how the installation is doing goes by when its producers publish.
            observe(
                    new Watched(INTAKE, EVENTS),
                    coursesOf(INTAKE),
                    "intake partition " + tick.getIntakePartition(),
                    before -> ActivityWatch.observe(before, tick.getCounted(), clock.logTime(), clock.logTime()));
        }
    }

    /** The parts that have anything of a meter, the oldest first: what is much older than the newest no longer counts. */
    private static List<UsagePart> inOrder(List<UsagePart> parts, int meter) {
        List<UsagePart> some = new ArrayList<>(parts.size());
        for (UsagePart part : parts) {
            if (part.getAmounts().get(meter) > 0) {
                some.add(part);
            }
        }
        if (some.size() > 1) {
            some.sort(Comparator.comparing(part -> part.getNewest().get(meter)));
        }
        return some;
    }

    /** Time has passed: up to the low watermark all usage has arrived, so what has not is missing. */
    void tick() {
        clock.lowWatermark().ifPresent(now -> {
            for (Bytes key : due(now)) {
                store.put(key, null);
                StoreKey.Reader reader = new StoreKey.Reader(key);
                reader.tag();
                reader.number();
                Watched watched = new Watched(reader.text(), reader.text());
                observe(watched, coursesOf(watched.subject()), NO_ACTION, before -> ActivityWatch.look(before, now));
            }
        });
    }

    private List<Bytes> due(Instant now) {
        List<Bytes> due = new ArrayList<>();
        try (KeyValueIterator<Bytes, byte[]> wakes = store.storedRange(
                StoreKey.key().tag(WAKE).number(Long.MIN_VALUE).bytes(),
                StoreKey.key().tag(WAKE).number(now.toEpochMilli() + 1).bytes())) {
            while (wakes.hasNext() && due.size() < PER_TICK) {
                due.add(wakes.next().key);
            }
        }
        return due;
    }

    private void observe(Watched watched, Cell<Courses> cell, String cause, Function<Activity, Observation> how) {
        Course before = cell.value().of(watched.meter());
        Habits usual =
                cell.value().hasHabits() ? habitsOf(watched.subject()).value().of(watched.meter()) : Habits.NONE;
        Observation seen = how.apply(new Activity(before, usual));
        Activity after = seen.activity();
        if (!after.course().equals(before)) {
            courses.set(cell, cell.value().with(watched.meter(), after.course()));
        }
        if (!after.habits().equals(usual)) {
            Cell<HabitsByMeter> known = habitsOf(watched.subject());
            habits.set(known, known.value().with(watched.meter(), after.habits()));
            // Where the last course was forgotten, so were its habits.
            if (!cell.value().hasHabits() && !cell.value().meters().isEmpty()) {
                courses.set(cell, cell.value().withHabits());
            }
        }
        if (seen.wakeAt() != null) {
            store.put(watched.wakeKey(seen.wakeAt()), PRESENT);
        }
        if (seen.raised() != null) {
            out.accept(watched.subject(), new Message.Alert(alert(watched, seen.raised(), cause, clock.logTime())));
        }
    }

    void writeBack() {
        courses.writeBack((cell, before) -> {});
        habits.writeBack((cell, before) -> {});
    }

    private static QuotaAlert alert(Watched watched, Deviation deviation, String cause, Instant now) {
        AlertKind kind = AlertKind.valueOf(deviation.kind().name());
        boolean ofIntake = watched.subject().equals(INTAKE);
        Scope scope = ofIntake
                ? Scope.UNKNOWN
                : Scope.valueOf(Subject.parse(watched.subject()).kind().name());
        String scopeId = ofIntake ? INTAKE : Subject.parse(watched.subject()).id();
        return new QuotaAlert(
                FactIdentifier.ofAlert(
                        kind.name(),
                        watched.subject(),
                        scope.name(),
                        scopeId,
                        watched.meter(),
                        deviation.start(),
                        deviation.end(),
                        0,
                        0),
                kind,
                Severity.WARNING,
                watched.subject(),
                scope,
                scopeId,
                watched.meter(),
                deviation.start(),
                deviation.end(),
                null,
                0,
                deviation.baseline(),
                deviation.observed(),
                null,
                null,
                cause,
                false,
                now);
    }
}
