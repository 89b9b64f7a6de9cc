package dev.tally.sink.delivery;

import dev.tally.schemas.serde.RegistryUnavailableException;
import dev.tally.sink.delivery.AssignedPartition.Stage;
import dev.tally.sink.delivery.CrashPoints.Point;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.Collection;
import java.util.Collections;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.apache.avro.specific.SpecificRecord;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.consumer.CloseOptions;
import org.apache.kafka.clients.consumer.Consumer;
import org.apache.kafka.clients.consumer.ConsumerRebalanceListener;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.ConsumerRecords;
import org.apache.kafka.clients.consumer.OffsetAndMetadata;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.errors.InterruptException;
import org.apache.kafka.common.errors.TimeoutException;
import org.apache.kafka.common.errors.WakeupException;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * One life of a part of the sink: it reads a topic, calls others for its records, and keeps a ledger of what became of each. It lasts from
 * joining the group until it is stopped or fails; after a failure nothing of it is used again, and a new life starts from what is committed.
 *
 * <p>All Kafka clients belong to the one thread that calls {@link #run}, which also calls all methods below but those of {@link LifeRunner.Life};
 * calls are made by other threads. It keeps polling while those take long, with full partitions paused. Whoever gets a partition reads its
 * ledger before its records. Whoever loses one makes no more calls for it, waits a moment for those that are running, and commits what they came
 * to; if it lost it unawares, the broker refuses the commit ({@link LedgerProducer#commit}), and the next poll tells.
 *
 * @param <E> entries of the ledger
 * @param <P> what a subclass keeps of a partition
 */
public abstract class LedgerLoop<E extends SpecificRecord, P extends AssignedPartition<E>> implements LifeRunner.Life {
    private static final Logger log = LoggerFactory.getLogger(LedgerLoop.class);
    private static final Duration BUSY_POLL = Duration.ofMillis(20);
    private static final Duration LEDGER_POLL = Duration.ofMillis(100);
    private static final Duration READ_AGAIN_PAUSE = Duration.ofMillis(100);
    private static final Duration REGISTRY_PAUSE = Duration.ofSeconds(1);
    private static final Duration SWEEP = Duration.ofHours(1);

    /** The longest time from one {@link #act} to the next while {@link #isBusy} says no. */
    protected static final Duration IDLE_POLL = Duration.ofMillis(250);

    private final KafkaClients clients;
    private final String input;
    private final LedgerTopic<E> ledger;
    private final Duration revokeWait;
    private final DeliveryStatus status;
    private final CrashPoints crashPoints;
    private final InstantSource clock;
    private final Admin admin;
    private final Consumer<byte[], byte[]> consumer;
    private final LedgerProducer producer;
    private final LedgerReader<E> ledgerReader;
    private final Map<TopicPartition, P> partitions = new HashMap<>();
    private final CountDownLatch stop = new CountDownLatch(1);
    private Instant sweptAt;
    private boolean joined;
    private boolean released;

    /** What a commit does for records, in the order they pass it. */
    public enum Step {
        /** Records are taken into the ledger. */
        TAKEN(Point.TAKEN_WRITTEN, Point.TAKEN_COMMITTED),
        /** The ledger says what is about to be sent. */
        INTENT(Point.INTENTS_WRITTEN, Point.INTENTS_COMMITTED),
        /** The ledger says what became of it. */
        OUTCOME(Point.OUTCOMES_WRITTEN, Point.OUTCOMES_COMMITTED);

        private final Point written;
        private final Point committed;

        Step(Point written, Point committed) {
            this.written = written;
            this.committed = committed;
        }
    }

    /**
     * Opens the Kafka clients.
     *
     * @param input topic
     * @param revokeWait how long the running calls of a partition that is given up are waited for
     */
    protected LedgerLoop(
            KafkaClients clients,
            String input,
            LedgerTopic<E> ledger,
            Duration revokeWait,
            DeliveryStatus status,
            CrashPoints crashPoints,
            InstantSource clock) {
        this.clients = clients;
        this.input = input;
        this.ledger = ledger;
        this.revokeWait = revokeWait;
        this.status = status;
        this.crashPoints = crashPoints;
        this.clock = clock;
        this.admin = clients.admin();
        this.consumer = clients.groupConsumer();
        this.producer = new LedgerProducer(clients.producer());
        this.ledgerReader = new LedgerReader<>(clients.readingConsumer(), admin, ledger);
        this.sweptAt = clock.instant();
    }

    /** Waits for, and reads, what has to be there before the group is joined; returns early where {@link #isStopping}. */
    protected void prepare() throws InterruptedException {}

    /** Follows what other topics say; called after each poll, before its records are taken in. */
    protected void follow() {}

    /** A partition as it begins. */
    protected abstract P assigned(TopicPartition partition);

    /** Entries that were written before this are not needed. */
    protected abstract Instant ledgerFrom(Instant now);

    /** Takes up work on a partition whose ledger was read; false where that has to wait, and is asked again. */
    protected abstract boolean begin(P partition, Instant now);

    /**
     * Takes a record in. Throws RegistryUnavailableException, or returns false, where it is to be read again a moment later; nothing may have
     * been changed then.
     */
    protected abstract boolean take(P partition, ConsumerRecord<byte[], byte[]> record, Instant now);

    /** Takes in what calls came to that were made for partitions that {@link #isAssigned} still. */
    protected abstract void collect(Instant now);

    /** Does what is due: submits calls, commits what is to be committed now. */
    protected abstract void act(Instant now);

    /**
     * Commits all that is done, also what {@link #act} would have let wait; called before partitions are given up.
     *
     * @return as {@link #commit}
     */
    protected abstract boolean commitDone();

    /** Forgets what was not committed of a partition: that is its next owner's to find out. */
    protected abstract void drop(P partition);

    /** Whether no more records of a partition are to be read at the moment. */
    protected abstract boolean isFull(P partition);

    /** Whether something is to be done soon, other than taking records in. */
    protected abstract boolean isBusy(Instant now);

    /** Drops from memory what has grown too old; called once an hour. */
    protected void sweep(Instant now) {}

    /**
     * What is being done right now.
     *
     * @param notReady to be passed on
     */
    protected abstract DeliveryStatus.Snapshot snapshot(Optional<String> notReady);

    /** Interrupts running calls, and closes what was opened. */
    protected abstract void close();

    /** Opens further Kafka clients, which a subclass closes. */
    protected final KafkaClients clients() {
        return clients;
    }

    /** All that are assigned, ready or not. */
    protected final Collection<P> partitions() {
        return Collections.unmodifiableCollection(partitions.values());
    }

    /** Whether this is what is kept of its partition now. */
    protected final boolean isAssigned(P partition) {
        return partition.equals(partitions.get(partition.partition()));
    }

    /** Whether {@link #stop} was called. */
    protected final boolean isStopping() {
        return stop.getCount() == 0;
    }

    /** Waits, unless it is to stop. */
    protected final void pause(Duration longest) throws InterruptedException {
        var unused = stop.await(longest.toNanos(), TimeUnit.NANOSECONDS);
    }

    /** The partitions of whose positions the group does not know yet. */
    protected final Map<TopicPartition, OffsetAndMetadata> moved() {
        Map<TopicPartition, OffsetAndMetadata> moved = new HashMap<>();
        for (P partition : partitions.values()) {
            if (partition.hasMoved()) {
                moved.put(partition.partition(), partition.position());
            }
        }
        return moved;
    }

    /**
     * Commits records and offsets in one transaction, if there are any. No entry goes without the offset of its partition, even where that
     * stays: so the group refuses it from who has lost the partition unawares.
     *
     * @param steps what the records are
     * @param records entries of the ledger and dead letters
     * @param offsets where partitions stand once the records are written; {@link AssignedPartition#position} for those without
     * @return false, with nothing changed, where the group is changing; after the next poll it can be committed, or was given to {@link #drop}
     */
    protected final boolean commit(
            Set<Step> steps,
            List<ProducerRecord<byte[], byte[]>> records,
            Map<TopicPartition, OffsetAndMetadata> offsets) {
        if (records.isEmpty() && offsets.isEmpty()) {
            return true;
        }
        Map<TopicPartition, OffsetAndMetadata> all = new HashMap<>(offsets);
        for (ProducerRecord<byte[], byte[]> record : records) {
            if (record.topic().equals(ledger.name())) {
                all.computeIfAbsent(new TopicPartition(input, record.partition()), of -> find(of).position());
            }
        }
        if (steps.contains(Step.OUTCOME)) {
            crashPoints.reached(Point.ANSWERED);
        }
        boolean done = producer.commit(
                records, all, consumer.groupMetadata(), () -> steps.forEach(step -> crashPoints.reached(step.written)));
        if (!done) {
            log.atInfo()
                    .addKeyValue("partitions", all.keySet())
                    .log("The group changes while something is committed; that is done after it");
            return false;
        }
        all.forEach((partition, offset) -> find(partition).committed(offset.offset()));
        steps.forEach(step -> crashPoints.reached(step.committed));
        return true;
    }

    private P find(TopicPartition partition) {
        return Objects.requireNonNull(partitions.get(partition), "something is committed for a partition of another");
    }

    @Override
    public final void stop() {
        stop.countDown();
        consumer.wakeup();
    }

    @Override
    public final void run() throws InterruptedException {
        boolean clean = false;
        try {
            prepare();
            if (!isStopping()) {
                ledger.prepare();
                producer.open();
                consumer.subscribe(List.of(input), new Rebalances());
            }
            while (!isStopping()) {
                turn();
            }
            leave();
            clean = true;
        } finally {
            release(clean);
        }
    }

    private void turn() throws InterruptedException {
        ConsumerRecords<byte[], byte[]> records = poll();
        follow();
        intake(records);
        readLedgers();
        collect(clock.instant());
        act(clock.instant());
        pauseOrResume();
        sweepIfDue();
        status.update(snapshot(notReady()));
    }

    private ConsumerRecords<byte[], byte[]> poll() {
        // Partitions come with a poll, but their ledgers can be read only after it.
        boolean busy = !joined || !areReady() || isBusy(clock.instant());
        try {
            return consumer.poll(busy ? BUSY_POLL : IDLE_POLL);
        } catch (WakeupException stopped) {
            return ConsumerRecords.empty();
        }
    }

    private boolean areReady() {
        return partitions.values().stream().allMatch(AssignedPartition::isReady);
    }

    private void intake(ConsumerRecords<byte[], byte[]> records) {
        Instant now = clock.instant();
        for (TopicPartition of : records.partitions()) {
            P partition = partitions.get(of);
            if (partition == null || !partition.isReady()) {
                throw new IllegalStateException("records arrived of " + of + ", whose ledger is not read");
            }
            for (ConsumerRecord<byte[], byte[]> record : records.records(of)) {
                if (!isTaken(partition, record, now)) {
                    break;
                }
            }
        }
    }

    private boolean isTaken(P partition, ConsumerRecord<byte[], byte[]> record, Instant now) {
        Duration wait = READ_AGAIN_PAUSE;
        try {
            if (take(partition, record, now)) {
                return true;
            }
        } catch (RegistryUnavailableException away) {
            wait = REGISTRY_PAUSE;
            log.atWarn()
                    .addKeyValue("topic", record.topic())
                    .addKeyValue("partition", record.partition())
                    .addKeyValue("offset", record.offset())
                    .addKeyValue("reason", away.getMessage())
                    .log("Schema registry does not answer; the record is read again in a second");
        }
        consumer.seek(partition.partition(), record.offset());
        partition.blockUntil(now.plus(wait));
        return false;
    }

    private void readLedgers() throws InterruptedException {
        for (P partition : partitions.values()) {
            if (partition.stage() == Stage.ASSIGNED && isPositionKnown(partition)) {
                ledgerReader.start(partition, ledgerFrom(clock.instant()));
                partition.reached(Stage.READING);
            }
        }
        if (ledgerReader.isReading()) {
            ledgerReader.step(LEDGER_POLL);
        }
        for (P partition : partitions.values()) {
            if (partition.stage() == Stage.LOADED && begin(partition, clock.instant())) {
                partition.reached(Stage.READY);
            }
        }
    }

    /** The position is known once no transaction of a former owner holds an undecided offset. */
    private boolean isPositionKnown(P partition) {
        try {
            long position = consumer.position(partition.partition(), LEDGER_POLL);
            partition.movedTo(position);
            partition.committed(position);
            return true;
        } catch (TimeoutException | WakeupException notYet) {
            return false;
        }
    }

    private void pauseOrResume() {
        Instant now = clock.instant();
        Set<TopicPartition> paused = consumer.paused();
        for (P partition : partitions.values()) {
            boolean pause = !partition.isReady() || partition.isBlocked(now) || isFull(partition);
            if (pause != paused.contains(partition.partition())) {
                if (pause) {
                    consumer.pause(List.of(partition.partition()));
                } else {
                    consumer.resume(List.of(partition.partition()));
                }
            }
        }
    }

    private void sweepIfDue() {
        Instant now = clock.instant();
        if (!now.isBefore(sweptAt.plus(SWEEP))) {
            sweep(now);
            sweptAt = now;
        }
    }

    private Optional<String> notReady() {
        if (!joined) {
            return Optional.of("has not joined its consumer group yet");
        }
        return areReady() ? Optional.empty() : Optional.of("is reading the ledger of its partitions");
    }

    /** Gives up all; unlike in a rebalance there is time to wait for a group that changes, so that nothing done is done again. */
    private void leave() throws InterruptedException {
        stopSending(List.copyOf(partitions.values()));
        Instant end = clock.instant().plus(revokeWait);
        while (!commitDone() && clock.instant().isBefore(end)) {
            consumer.pause(consumer.assignment());
            poll();
        }
        List.copyOf(partitions.values()).forEach(this::forget);
    }

    /** What the group does not take any more then is the next owner's to find out. */
    private void giveUp(List<P> leaving) throws InterruptedException {
        stopSending(leaving);
        commitDone();
        leaving.forEach(this::forget);
    }

    /** Waits a moment for running calls, and takes in what they came to. */
    private void stopSending(List<P> leaving) throws InterruptedException {
        leaving.forEach(partition -> partition.ownership().giveUp());
        Instant end = clock.instant().plus(revokeWait);
        for (P partition : leaving) {
            if (!partition.ownership().awaitQuiet(Duration.between(clock.instant(), end))) {
                log.atWarn()
                        .addKeyValue("partition", partition.partition())
                        .log("Calls are still running for a partition that is given up; its next owner settles them");
            }
        }
        collect(clock.instant());
    }

    private void forget(P partition) {
        partition.ownership().giveUp();
        partitions.remove(partition.partition());
        if (partition.stage() == Stage.READING) {
            ledgerReader.abandon(partition);
        }
        drop(partition);
    }

    private void release(boolean clean) {
        released = true;
        partitions.values().forEach(partition -> partition.ownership().giveUp());
        try {
            close();
        } finally {
            if (clean) {
                producer.close();
            } else {
                producer.drop();
            }
            ledgerReader.close();
            consumer.close(CloseOptions.timeout(Duration.ofSeconds(5)));
            admin.close(Duration.ofSeconds(5));
        }
    }

    private final class Rebalances implements ConsumerRebalanceListener {
        @Override
        public void onPartitionsAssigned(Collection<TopicPartition> given) {
            joined = true;
            given.forEach(partition -> partitions.put(partition, assigned(partition)));
            consumer.pause(given);
            log.atInfo().addKeyValue("partitions", given).log("Partitions assigned; their ledger is read first");
        }

        @Override
        public void onPartitionsRevoked(Collection<TopicPartition> revoked) {
            if (released) {
                return;
            }
            log.atInfo().addKeyValue("partitions", revoked).log("Partitions revoked");
            try {
                giveUp(known(revoked));
            } catch (InterruptedException interrupted) {
                Thread.currentThread().interrupt();
                throw new InterruptException(interrupted);
            }
        }

        @Override
        public void onPartitionsLost(Collection<TopicPartition> lost) {
            if (released) {
                return;
            }
            log.atWarn()
                    .addKeyValue("partitions", lost)
                    .log("Partitions lost; what is not committed of them is their next owner's");
            known(lost).forEach(LedgerLoop.this::forget);
        }

        private List<P> known(Collection<TopicPartition> all) {
            return all.stream()
                    .flatMap(partition -> Optional.ofNullable(partitions.get(partition)).stream())
                    .toList();
        }
    }
}
