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
import dev.tally.streams.metering.Deviation;
import dev.tally.streams.metering.FactIdentifier;
import dev.tally.streams.metering.Observation;
import dev.tally.streams.state.ActivityCodec;
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
import org.apache.kafka.common.utils.Bytes;
import org.apache.kafka.streams.state.KeyValueIterator;

/**
 * Watches the course of each subject's usage, meter by meter, and raises {@code ANOMALY} and {@code SILENCE}. Its store also holds when to
 * look at which course again, in order of time.
 */
final class Spikes {

    /** What caused an alert that no action caused: that none came. */
    static final String NO_ACTION = "(none)";

    private static final int COURSE = 1;
    private static final int WAKE = 2;
    private static final int KEEP = 50_000;
    private static final int PER_TICK = 2_000;
    private static final byte[] PRESENT = {};

    private final WriteBackStore store;
    private final HeapCells<Activity> courses;
    private final AccountClock clock;
    private final BiConsumer<String, Message> out;

    Spikes(WriteBackStore store, AccountClock clock, BiConsumer<String, Message> out) {
        this.store = store;
        this.courses = new HeapCells<>(
                store, new Layout<>(ActivityCodec::toBytes, ActivityCodec::fromBytes, Activity.NONE), KEEP);
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
    private record Course(String subject, String meter) {
        Bytes key() {
            return StoreKey.key().tag(COURSE).text(subject).text(meter).bytes();
        }

        Bytes wakeKey(Instant at) {
            return StoreKey.key()
                    .tag(WAKE)
                    .number(at.toEpochMilli())
                    .text(subject)
                    .text(meter)
                    .bytes();
        }
    }

    /** Usage has arrived. */
    void apply(UsageSum sum) {
        for (int meter = 0; meter < sum.getMeters().size(); meter++) {
            Course course = new Course(sum.getSubject(), sum.getMeters().get(meter));
            for (UsagePart part : inOrder(sum.getParts(), meter)) {
                Cell<Activity> cell = courses.cell(course.key());
                Instant newest = Instant.ofEpochMilli(part.getNewest().get(meter));
                Observation seen =
                        ActivityWatch.observe(cell.value(), part.getAmounts().get(meter), newest, clock.logTime());
                take(course, cell, seen, sum.getLastEventId());
            }
        }
    }

    /** An intake partition has counted actions, whoever's they were. Only one partition of the log is to be told. */
    void apply(Tick tick) {
        if (tick.getCounted() > 0) {
            Course course = new Course(INTAKE, EVENTS);
            Cell<Activity> cell = courses.cell(course.key());
            // As they came: how the installation is doing goes by when its producers publish.
            Observation seen = ActivityWatch.observe(cell.value(), tick.getCounted(), clock.logTime(), clock.logTime());
            take(course, cell, seen, "intake partition " + tick.getIntakePartition());
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
                look(new Course(reader.text(), reader.text()), now);
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

    private void look(Course course, Instant now) {
        Cell<Activity> cell = courses.cell(course.key());
        Observation seen = ActivityWatch.look(cell.value(), now);
        if (seen.activity().equals(Activity.NONE)) {
            courses.remove(cell.key());
        } else {
            take(course, cell, seen, NO_ACTION);
        }
    }

    private void take(Course course, Cell<Activity> cell, Observation seen, String cause) {
        if (!seen.activity().equals(cell.value())) {
            courses.set(cell, seen.activity());
        }
        if (seen.wakeAt() != null) {
            store.put(course.wakeKey(seen.wakeAt()), PRESENT);
        }
        if (seen.raised() != null) {
            out.accept(course.subject(), new Message.Alert(alert(course, seen.raised(), cause, clock.logTime())));
        }
    }

    void writeBack() {
        courses.writeBack((cell, before) -> {});
    }

    private static QuotaAlert alert(Course course, Deviation deviation, String cause, Instant now) {
        AlertKind kind = AlertKind.valueOf(deviation.kind().name());
        boolean ofIntake = course.subject().equals(INTAKE);
        Scope scope = ofIntake
                ? Scope.UNKNOWN
                : Scope.valueOf(Subject.parse(course.subject()).kind().name());
        String scopeId = ofIntake ? INTAKE : Subject.parse(course.subject()).id();
        return new QuotaAlert(
                FactIdentifier.ofAlert(
                        kind.name(), course.subject(), scope.name(), scopeId, course.meter(), deviation.start(), 0, 0),
                kind,
                Severity.WARNING,
                course.subject(),
                scope,
                scopeId,
                course.meter(),
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
