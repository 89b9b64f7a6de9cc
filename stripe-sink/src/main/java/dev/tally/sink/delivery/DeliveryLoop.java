package dev.tally.sink.delivery;

import dev.tally.schemas.LedgerEntry;
import dev.tally.schemas.serde.RegistryUnavailableException;
import dev.tally.sink.delivery.AsyncErrors.AsyncError;
import dev.tally.sink.delivery.FactReader.Intake;
import dev.tally.sink.delivery.PartitionWork.Unreadable;
import dev.tally.sink.reporting.AccountRules;
import dev.tally.sink.reporting.DeliveryRules;
import dev.tally.sink.reporting.Known;
import dev.tally.sink.reporting.Outcome;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.consumer.CloseOptions;
import org.apache.kafka.clients.consumer.Consumer;
import org.apache.kafka.clients.consumer.ConsumerRebalanceListener;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.ConsumerRecords;
import org.apache.kafka.clients.consumer.OffsetAndMetadata;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.errors.TimeoutException;
import org.apache.kafka.common.errors.WakeupException;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * One life of the delivery, from joining the group until it is stopped or fails; after a failure nothing of it is used
 * again, and a new life starts from what is committed.
 *
 * <p>All Kafka clients belong to the one thread that calls {@link #run}. It reads facts, writes their intents, hands
 * them to the lanes and collects outcomes; it commits outcomes, dead letters and the offsets before the first open fact
 * in one transaction. It keeps polling while Stripe is slow or away, with full partitions paused.
 */
final class DeliveryLoop implements LifeRunner.Life {
    private static final Logger log = LoggerFactory.getLogger(DeliveryLoop.class);
    private static final Duration BUSY_POLL = Duration.ofMillis(20);
    private static final Duration IDLE_POLL = Duration.ofMillis(250);
    private static final Duration LEDGER_POLL = Duration.ofMillis(100);
    private static final Duration REGISTRY_PAUSE = Duration.ofSeconds(1);
    private static final Duration LEDGER_SWEEP = Duration.ofHours(1);

    /** Begins the reasons of facts that Stripe took and does not count; Stripe's code follows. */
    private static final String ASYNC = "async_";

    private final DeliverySettings settings;
    private final Collaborators with;
    private final Consumer<byte[], byte[]> consumer;
    private final LedgerWriter writer;
    private final LedgerReader<LedgerEntry> ledgerReader;
    private final Admin admin;
    private final FactReader factReader;
    private final FactFinder factFinder;
    private final FactSender sender;
    private final Lanes<FactLane, Delivery> lanes;
    private final Completions<Completion> completions = new Completions<>();
    private final Presence presence;
    private final Map<TopicPartition, PartitionWork> works = new HashMap<>();
    private final Set<PartitionWork> unread = new HashSet<>();
    private final List<Settled> unwritten = new ArrayList<>();
    private Instant committedAt;
    private Instant sweptAt;
    private boolean joined;
    private boolean released;
    private volatile boolean stopping;

    DeliveryLoop(DeliverySettings settings, Collaborators with) {
        this.settings = settings;
        this.with = with;
        KafkaClients clients = new KafkaClients(
                settings.kafka(), settings.group(), settings.transactionalId(), settings.groupInstanceId());
        this.admin = clients.admin();
        this.consumer = clients.groupConsumer();
        this.writer = new LedgerWriter(clients.producer(), settings.topics(), with.ledger());
        this.ledgerReader = new LedgerReader<>(
                clients.readingConsumer(), admin, settings.topics().ledger(), with.ledger());
        this.factReader = new FactReader(with.facts(), with.meters(), with.listener());
        this.presence = new Presence(with.clock());
        this.factFinder = new FactFinder(clients::readingConsumer, with.facts());
        this.sender = new FactSender(
                with.stripe(),
                with.sums(),
                new DeliveryRules(settings.retryRule(), settings.sumsDelay()),
                with.meters(),
                new Pacing(with.callsPerSecond(), with.clock()),
                new StripeGate(with.clock(), with.status(), settings.retryRule(), with.random()),
                presence,
                settings.maxInFlight(),
                completions,
                with.listener(),
                with.clock(),
                with.random());
        // Outcomes of what is interrupted are asked for again under the same identifier.
        this.lanes = new Lanes<>("lane", key -> sender::deliver, completions::fail);
        this.committedAt = with.clock().instant();
        this.sweptAt = committedAt;
    }

    @Override
    public void stop() {
        stopping = true;
        consumer.wakeup();
    }

    @Override
    public void run() throws InterruptedException {
        boolean clean = false;
        try {
            writer.open();
            consumer.subscribe(List.of(settings.topics().facts()), new Rebalances());
            while (!stopping) {
                turn();
            }
            giveUp(List.copyOf(works.keySet()));
            clean = true;
        } finally {
            release(clean);
        }
    }

    private void turn() throws InterruptedException {
        ConsumerRecords<byte[], byte[]> records = poll();
        presence.polled();
        intake(records);
        readLedgers();
        collect();
        endWhatStripeReported();
        commitIfDue();
        pauseOrResume();
        report();
    }

    private ConsumerRecords<byte[], byte[]> poll() {
        // Partitions come with a poll, but their ledgers can be read only after it.
        boolean busy =
                !joined || ledgerReader.isReading() || !unread.isEmpty() || openCount() > 0 || !completions.isEmpty();
        try {
            return consumer.poll(busy ? BUSY_POLL : IDLE_POLL);
        } catch (WakeupException stop) {
            return ConsumerRecords.empty();
        }
    }

    private void intake(ConsumerRecords<byte[], byte[]> records) {
        Intake intake = Intake.empty();
        Instant now = with.clock().instant();
        works.values().forEach(work -> factReader.release(work, now, intake));
        for (TopicPartition partition : records.partitions()) {
            PartitionWork work = works.get(partition);
            if (work == null || !work.isLoaded()) {
                throw new IllegalStateException("facts arrived for " + partition + ", whose ledger is not read");
            }
            intake(work, records.records(partition), intake);
        }
        if (!intake.fresh().isEmpty()) {
            writer.writeIntents(intake.fresh(), intake.positions(), consumer.groupMetadata());
            with.crashPoints().reached(CrashPoints.Point.INTENTS_COMMITTED);
        }
        unwritten.addAll(intake.settled());
        intake.deliveries().forEach(delivery -> lanes.submit(FactLane.of(delivery.fact()), delivery));
    }

    private void intake(PartitionWork work, List<ConsumerRecord<byte[], byte[]>> records, Intake into) {
        Instant now = with.clock().instant();
        for (ConsumerRecord<byte[], byte[]> record : records) {
            try {
                factReader.take(work, record, now, into);
            } catch (RegistryUnavailableException away) {
                consumer.seek(work.partition(), record.offset());
                work.blockUntil(now.plus(REGISTRY_PAUSE));
                log.atWarn()
                        .addKeyValue("partition", record.partition())
                        .addKeyValue("offset", record.offset())
                        .addKeyValue("reason", away.getMessage())
                        .log("Schema registry does not answer; the fact is read again in a second");
                return;
            }
        }
    }

    private void readLedgers() throws InterruptedException {
        for (PartitionWork work : List.copyOf(unread)) {
            if (positionIsKnown(work)) {
                ledgerReader.start(work, with.clock().instant().minus(settings.ledgerMemory()));
                unread.remove(work);
            }
        }
        if (ledgerReader.isReading()) {
            ledgerReader.step(LEDGER_POLL);
        }
    }

    /** The position is known once no transaction of a former owner holds an undecided offset. */
    private boolean positionIsKnown(PartitionWork work) {
        try {
            work.startAt(consumer.position(work.partition(), LEDGER_POLL));
            return true;
        } catch (TimeoutException undecided) {
            return false;
        } catch (WakeupException stop) {
            return false;
        }
    }

    private void collect() {
        Instant now = with.clock().instant();
        for (Completion completion : completions.take()) {
            PartitionWork work = completion.source();
            if (works.get(work.partition()) != work) {
                continue;
            }
            Settled settled = completion.settled();
            work.settle(settled.fact().identifier());
            work.memory().apply(LedgerEntries.outcome(settled, now));
            unwritten.add(settled);
            AsyncError early = with.asyncErrors().find(settled.fact().identifier());
            if (early != null) {
                endReported(work, List.of(early));
            }
        }
    }

    /** What the ledger says Stripe took, and Stripe says it does not count, is dead. */
    private void endWhatStripeReported() {
        int version = with.asyncErrors().version();
        for (PartitionWork work : works.values()) {
            if (work.isLoaded() && work.sees(version)) {
                endReported(work, with.asyncErrors().all());
            }
        }
    }

    private void endReported(PartitionWork work, List<AsyncError> errors) {
        Map<String, AsyncError> wrong = new HashMap<>();
        Map<String, Known> wanted = new HashMap<>();
        for (AsyncError error : errors) {
            Known known = work.memory().find(error.identifier());
            if (known != null && isAbout(error, known)) {
                wrong.put(error.identifier(), error);
                wanted.put(error.identifier(), known);
            }
        }
        if (wanted.isEmpty()) {
            return;
        }
        Instant now = with.clock().instant();
        for (FactFinder.Found found : factFinder.find(work.partition(), wanted)) {
            AsyncError error = Objects.requireNonNull(wrong.remove(found.fact().getIdentifier()));
            Known known = Objects.requireNonNull(wanted.get(error.identifier()));
            Settled dead = new Settled(
                    found.origin(),
                    Facts.of(found.fact()),
                    new Outcome.Dead(ASYNC + error.code(), error.message()),
                    known.firstAttemptAt(),
                    known.keyNumber(),
                    null);
            work.memory().apply(LedgerEntries.outcome(dead, now));
            unwritten.add(dead);
        }
        if (!wrong.isEmpty()) {
            log.atError()
                    .addKeyValue("partition", work.partition().partition())
                    .addKeyValue("identifiers", wrong.keySet())
                    .log("Stripe does not count facts that are no longer in their topic, or were not found in time");
        }
    }

    /** A report that is older than the first attempt is about an earlier life of the identifier. */
    private static boolean isAbout(AsyncError error, Known known) {
        return known.state() == Known.State.TAKEN
                && !error.created().isBefore(known.firstAttemptAt().minus(AccountRules.LARGEST_SKEW));
    }

    private void commitIfDue() {
        boolean something = !unwritten.isEmpty() || works.values().stream().anyMatch(PartitionWork::hasPrefix);
        Instant now = with.clock().instant();
        if (something && (openCount() == 0 || !now.isBefore(committedAt.plus(settings.commitInterval())))) {
            commit();
        }
    }

    private void commit() {
        List<Unreadable> unreadable = new ArrayList<>();
        Map<TopicPartition, OffsetAndMetadata> offsets = new HashMap<>();
        Map<PartitionWork, PartitionWork.Prefix> prefixes = new HashMap<>();
        for (PartitionWork work : works.values()) {
            PartitionWork.Prefix prefix = work.prefix();
            prefixes.put(work, prefix);
            prefix.nextOffset().ifPresent(next -> offsets.put(work.partition(), new OffsetAndMetadata(next)));
            unreadable.addAll(prefix.unreadable());
        }
        for (Settled settled : unwritten) {
            // Outcomes never go without offsets, even where those stay: the group refuses them from who lost the
            // partition unawares.
            offsets.computeIfAbsent(
                    partitionOf(settled),
                    owned -> Objects.requireNonNull(works.get(owned)).position());
        }
        LedgerWriter.Batch batch = new LedgerWriter.Batch(List.copyOf(unwritten), unreadable, offsets);
        if (batch.isEmpty()) {
            return;
        }
        if (!batch.settled().isEmpty()) {
            with.crashPoints().reached(CrashPoints.Point.ANSWERED);
        }
        Instant now = with.clock().instant();
        if (!writer.writeOutcomes(batch, consumer.groupMetadata(), now, with.crashPoints())) {
            log.atInfo().log("The group changes while outcomes are committed; they are committed after it");
            return;
        }
        prefixes.forEach(PartitionWork::committed);
        with.crashPoints().reached(CrashPoints.Point.OUTCOMES_COMMITTED);
        unwritten.clear();
        committedAt = now;
        batch.settled().forEach(settled -> with.listener().settled(settled.outcome()));
        unreadable.forEach(refused -> with.listener().unreadable(refused.reason()));
    }

    private void pauseOrResume() {
        Instant now = with.clock().instant();
        Set<TopicPartition> paused = consumer.paused();
        for (PartitionWork work : works.values()) {
            boolean pause = !work.isLoaded() || work.isFull(settings.maxPending()) || work.isBlocked(now);
            if (pause != paused.contains(work.partition())) {
                if (pause) {
                    consumer.pause(List.of(work.partition()));
                } else {
                    consumer.resume(List.of(work.partition()));
                }
            }
        }
        if (!now.isBefore(sweptAt.plus(LEDGER_SWEEP))) {
            works.values().forEach(work -> work.memory().dropBefore(now.minus(settings.ledgerMemory())));
            sweptAt = now;
        }
    }

    private void report() {
        Optional<String> notReady = !joined
                ? Optional.of("has not joined its consumer group yet")
                : works.values().stream().allMatch(PartitionWork::isLoaded)
                        ? Optional.empty()
                        : Optional.of("is reading the ledger of its partitions");
        with.status()
                .update(new DeliveryStatus.Snapshot(
                        notReady,
                        works.values().stream().mapToInt(PartitionWork::pending).sum(),
                        works.values().stream()
                                .mapToInt(PartitionWork::heldCount)
                                .sum(),
                        sender.inFlight(),
                        works.values().stream()
                                .mapToInt(work -> work.memory().size())
                                .sum(),
                        works.values().stream()
                                .flatMap(work -> work.oldestOpen().stream())
                                .min(Instant::compareTo),
                        works.keySet().stream().anyMatch(partition -> partition.partition() == 0)));
    }

    private int openCount() {
        return works.values().stream().mapToInt(PartitionWork::openCount).sum();
    }

    /** Stops sending, waits a moment for running calls, commits what is done. */
    private void giveUp(Collection<TopicPartition> partitions) throws InterruptedException {
        List<PartitionWork> leaving = new ArrayList<>();
        for (TopicPartition partition : partitions) {
            PartitionWork work = works.get(partition);
            if (work != null) {
                work.ownership().giveUp();
                leaving.add(work);
            }
        }
        Instant end = with.clock().instant().plus(settings.revokeWait());
        for (PartitionWork work : leaving) {
            Duration left = Duration.between(with.clock().instant(), end);
            if (!work.ownership().awaitQuiet(left)) {
                log.atWarn()
                        .addKeyValue("partition", work.partition().partition())
                        .log("Calls are still running for a partition that is given up; its next owner settles them");
            }
        }
        collect();
        commit();
        drop(partitions);
    }

    /** What was not committed of these partitions is their next owner's to find out. */
    private void drop(Collection<TopicPartition> partitions) {
        Set<TopicPartition> dropped = Set.copyOf(partitions);
        unwritten.removeIf(settled -> dropped.contains(partitionOf(settled)));
        forget(partitions);
    }

    private static TopicPartition partitionOf(Settled settled) {
        return new TopicPartition(settled.origin().topic(), settled.origin().partition());
    }

    private void forget(Collection<TopicPartition> partitions) {
        for (TopicPartition partition : partitions) {
            PartitionWork work = works.remove(partition);
            if (work != null) {
                work.ownership().giveUp();
                if (!unread.remove(work) && !work.isLoaded()) {
                    ledgerReader.abandon(work);
                }
            }
        }
    }

    private void release(boolean clean) {
        works.values().forEach(work -> work.ownership().giveUp());
        works.clear();
        unread.clear();
        unwritten.clear();
        released = true;
        lanes.close();
        if (clean) {
            writer.close();
        } else {
            writer.drop();
        }
        ledgerReader.close();
        factFinder.close();
        consumer.close(CloseOptions.timeout(Duration.ofSeconds(5)));
        admin.close(Duration.ofSeconds(5));
    }

    private final class Rebalances implements ConsumerRebalanceListener {
        @Override
        public void onPartitionsAssigned(Collection<TopicPartition> partitions) {
            joined = true;
            for (TopicPartition partition : partitions) {
                PartitionWork work = new PartitionWork(partition);
                works.put(partition, work);
                unread.add(work);
            }
            consumer.pause(partitions);
            log.atInfo().addKeyValue("partitions", partitions).log("Partitions assigned; their ledger is read first");
        }

        @Override
        public void onPartitionsRevoked(Collection<TopicPartition> partitions) {
            if (released) {
                return;
            }
            log.atInfo().addKeyValue("partitions", partitions).log("Partitions revoked");
            try {
                giveUp(partitions);
            } catch (InterruptedException interrupted) {
                Thread.currentThread().interrupt();
                throw new org.apache.kafka.common.errors.InterruptException(interrupted);
            }
        }

        @Override
        public void onPartitionsLost(Collection<TopicPartition> partitions) {
            if (released) {
                return;
            }
            log.atWarn().addKeyValue("partitions", partitions).log("Partitions lost; their open work is dropped");
            drop(partitions);
        }
    }
}
