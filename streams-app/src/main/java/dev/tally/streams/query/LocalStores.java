package dev.tally.streams.query;

import dev.tally.keys.Subject;
import dev.tally.schemas.topics.Topics;
import dev.tally.streams.metering.BillingCalendar;
import dev.tally.streams.state.CounterKeys;
import dev.tally.streams.state.Freshness;
import dev.tally.streams.state.Freshness.Stage;
import dev.tally.streams.state.Numbers;
import dev.tally.streams.state.StoreNames;
import dev.tally.streams.state.Totals;
import dev.tally.streams.state.WindowKeys;
import dev.tally.streams.state.WindowKeys.Length;
import dev.tally.streams.state.WindowTotals;
import java.lang.ref.WeakReference;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.Collection;
import java.util.HashSet;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.Supplier;
import org.apache.kafka.common.utils.Bytes;
import org.apache.kafka.streams.KafkaStreams;
import org.apache.kafka.streams.StoreQueryParameters;
import org.apache.kafka.streams.ThreadMetadata;
import org.apache.kafka.streams.errors.InvalidStateStoreException;
import org.apache.kafka.streams.processor.StateStore;
import org.apache.kafka.streams.state.ReadOnlyKeyValueStore;
import org.jspecify.annotations.Nullable;

/** The partitions of state stores that are on this instance: those it works on, or also those that it keeps copies of. */
final class LocalStores {

    /** Worth while trying again after this. */
    static final Duration RETRY_AFTER = Duration.ofSeconds(1);

    private final KafkaStreams streams;
    private final Topics topics;
    private final Freshness freshness;
    private final InstantSource clock;
    private final boolean copies;
    private final Map<Part, OfTask> ofTasks = new ConcurrentHashMap<>();

    /** Those that this instance works on. */
    LocalStores(KafkaStreams streams, Topics topics, Freshness freshness, InstantSource clock) {
        this(streams, topics, freshness, clock, false);
    }

    private LocalStores(KafkaStreams streams, Topics topics, Freshness freshness, InstantSource clock, boolean copies) {
        this.streams = streams;
        this.topics = topics;
        this.freshness = freshness;
        this.clock = clock;
        this.copies = copies;
    }

    /** The same, with the copies that this instance keeps of what others work on, however far behind. */
    LocalStores withCopies() {
        return new LocalStores(streams, topics, freshness, clock, true);
    }

    /** An answer from stores; not ready while one of them is not here or not open. */
    <T> Answer<T> answer(Supplier<Answer<T>> from) {
        try {
            return from.get();
        } catch (InvalidStateStoreException notOpen) {
            return new Answer.NotReady<>("the partition of this key is not open on this instance", RETRY_AFTER);
        }
    }

    /** A value that the accounts stage's stores of a subject gave. */
    <T> Answer<T> ofAccount(Subject subject, T value) {
        return found(value, Part.ofAccount(subject, topics));
    }

    /** What the accounts stage's stores of a subject do not hold; not ready where it may have come to be meanwhile, unseen from here. */
    <T> Answer<T> absentOfAccount(Subject subject, String what) {
        return isCurrent(Part.ofAccount(subject, topics))
                ? new Answer.Absent<>(what)
                : new Answer.NotReady<>("the partition of this key is behind on this instance", RETRY_AFTER);
    }

    /** What is nowhere, said by who works on the part that it would belong to. */
    <T> Answer<T> absentWhereKept(Part part, String what) {
        requireAtWork(part);
        return new Answer.Absent<>(what);
    }

    /** A value that the intake's stores of a user gave. */
    <T> Answer<T> ofIntake(Subject user, T value) {
        return found(value, Part.ofUserDays(user, topics));
    }

    private <T> Answer<T> found(T value, Part part) {
        requireAtWork(part);
        return new Answer.Found<>(value, freshness.isStale(part.stage(), part.partition(), clock.instant()));
    }

    private boolean isCurrent(Part part) {
        return freshness.isCurrent(part.stage(), part.partition(), clock.instant());
    }

    /** What was read of one whose task has been closed meanwhile may be what its successor has restored so far. */
    private void requireAtWork(Part part) {
        if (!copies && !freshness.isAtWork(part.stage(), part.partition())) {
            throw notHere(part);
        }
    }

    /**
     * Checks that an intake partition is worked on here and now: sums over partitions cannot tell that one of them is behind.
     *
     * @throws InvalidStateStoreException when it is not
     */
    void requireMoving(int intakePartition) {
        if (!freshness.isMoving(Stage.INTAKE, intakePartition, clock.instant())) {
            throw notHere(new Part(Stage.INTAKE, intakePartition));
        }
    }

    private static InvalidStateStoreException notHere(Part part) {
        return new InvalidStateStoreException("nothing works on " + part + " here");
    }

    /**
     * A store of the accounts stage, the partition where a subject is.
     *
     * @throws InvalidStateStoreException when it is not here, or not open at the moment
     */
    ReadOnlyKeyValueStore<Bytes, byte[]> account(Subject subject, String store) {
        return partition(store, Part.ofAccount(subject, topics));
    }

    /**
     * The day counts of the intake, the partition where a user is.
     *
     * @throws InvalidStateStoreException when it is not here, or not open at the moment
     */
    ReadOnlyKeyValueStore<Bytes, byte[]> userDays(Subject user) {
        return partition(StoreNames.USER_DAYS, Part.ofUserDays(user, topics));
    }

    /**
     * The oldest day window of a user at the intake, of an org in the accounts stage, that has not expired; empty before any has.
     *
     * @throws InvalidStateStoreException when the subject's partition is not here, or not open at the moment
     */
    Optional<Instant> oldestDay(Subject subject) {
        byte[] millis = switch (subject.kind()) {
            case USER -> {
                Part home = Part.ofUserDays(subject, topics);
                yield partition(StoreNames.INTAKE_COUNTERS, home).get(CounterKeys.windowsFromKey(home.partition()));
            }
            case ORG -> oldestAccountDay(subject);
        };
        return instant(millis);
    }

    /**
     * Billing periods that begin earlier may have expired; empty before any has.
     *
     * @throws InvalidStateStoreException when the subject's partition is not here, or not open at the moment
     */
    Optional<Instant> oldestPeriod(Subject subject) {
        // A period goes once it began longer than the longest there is before the oldest time that days are kept of,
        // and that lies somewhere in the oldest day.
        return instant(oldestAccountDay(subject))
                .map(day -> BillingCalendar.day(day).end().minus(BillingCalendar.LONGEST_PERIOD));
    }

    private byte @Nullable [] oldestAccountDay(Subject subject) {
        return account(subject, StoreNames.ACCOUNT_CLOCK).get(CounterKeys.accountWindowsFromKey());
    }

    private static Optional<Instant> instant(byte @Nullable [] millis) {
        return Optional.ofNullable(millis).map(Numbers::fromBytes).map(Instant::ofEpochMilli);
    }

    /**
     * What a subject has used in a window, as the accounts stage has it.
     *
     * @throws InvalidStateStoreException when it is not here, or not open at the moment
     */
    Totals window(Subject subject, Length length, Instant start) {
        byte[] stored =
                account(subject, StoreNames.ACCOUNT_WINDOWS).get(WindowKeys.window(length, start, subject.text()));
        return stored == null ? Totals.NONE : WindowTotals.fromBytes(stored).totals();
    }

    /**
     * One partition of a store. Without copies: of what a task of this instance works on, which Kafka Streams itself cannot tell from what
     * it is restoring.
     *
     * @throws InvalidStateStoreException when it is not here, or not open at the moment
     */
    ReadOnlyKeyValueStore<Bytes, byte[]> partition(String store, Part part) {
        if (copies) {
            return find(store, part);
        }
        Freshness.Task task = freshness.task(part.stage(), part.partition()).orElseThrow(() -> notHere(part));
        OfTask known = ofTasks.get(part);
        if (known == null || known.task != task) {
            known = new OfTask(task);
            ofTasks.put(part, known);
        }
        return known.get(store, () -> ofTask(task, part, find(store, part)));
    }

    /** What was found while a task was closed may be its successor's, which is only being restored. */
    private <T> T ofTask(Freshness.Task task, Part part, T found) {
        if (freshness.task(part.stage(), part.partition()).orElse(null) != task) {
            throw notHere(part);
        }
        return found;
    }

    private ReadOnlyKeyValueStore<Bytes, byte[]> find(String store, Part part) {
        StoreQueryParameters<ReadOnlyKeyValueStore<Bytes, byte[]>> asked = StoreQueryParameters.fromNameAndType(
                        store, new OneStore())
                .withPartition(part.partition())
                // Else Kafka Streams hands out no store at all while any thread of this instance has anything to
                // restore.
                .enableStaleStores();
        return whileRunning(() -> streams.store(asked));
    }

    /** The stores of one task that were asked for. They are the task's to keep: with it they go. */
    private static final class OfTask {
        private final Freshness.Task task;
        private final Map<String, WeakReference<ReadOnlyKeyValueStore<Bytes, byte[]>>> stores =
                new ConcurrentHashMap<>();

        OfTask(Freshness.Task task) {
            this.task = task;
        }

        ReadOnlyKeyValueStore<Bytes, byte[]> get(String name, Supplier<ReadOnlyKeyValueStore<Bytes, byte[]>> find) {
            WeakReference<ReadOnlyKeyValueStore<Bytes, byte[]>> reference = stores.get(name);
            ReadOnlyKeyValueStore<Bytes, byte[]> known = reference == null ? null : reference.get();
            if (known == null || (known instanceof StateStore store && !store.isOpen())) {
                known = find.get();
                stores.put(name, new WeakReference<>(known));
            }
            return known;
        }
    }

    /** The partitions of the accounts stage that this instance works on. */
    Set<Integer> accountPartitions() {
        return partitionsOf(topics.subjectLog());
    }

    /**
     * The partitions of a topic that this instance works on.
     *
     * @throws InvalidStateStoreException while some may be missing, and when there are none: a sum over them would not be one
     */
    Set<Integer> partitionsOf(String topic) {
        if (streams.state() != KafkaStreams.State.RUNNING) {
            throw new InvalidStateStoreException("partitions are moving");
        }
        Set<Integer> partitions = new HashSet<>();
        whileRunning(streams::metadataForLocalThreads).stream()
                .map(ThreadMetadata::activeTasks)
                .flatMap(Collection::stream)
                .flatMap(task -> task.topicPartitions().stream())
                .filter(topicPartition -> topicPartition.topic().equals(topic))
                .forEach(topicPartition -> partitions.add(topicPartition.partition()));
        if (partitions.isEmpty()) {
            throw new InvalidStateStoreException("no partition of " + topic + " is on this instance");
        }
        return partitions;
    }

    /** Kafka Streams says with an IllegalStateException that it has not started or has stopped. */
    private static <T> T whileRunning(Supplier<T> question) {
        try {
            return question.get();
        } catch (IllegalStateException notRunning) {
            throw new InvalidStateStoreException("Kafka Streams is not running", notRunning);
        }
    }
}
