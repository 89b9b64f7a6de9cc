package dev.tally.sink.seats;

import dev.tally.schemas.SeatLedgerEntry;
import dev.tally.schemas.serde.RegistryUnavailableException;
import dev.tally.sink.delivery.DeliveryStatus;
import dev.tally.sink.delivery.FactRecord;
import dev.tally.sink.delivery.KafkaClients;
import dev.tally.sink.delivery.LedgerReader;
import dev.tally.sink.delivery.LifeRunner;
import dev.tally.sink.seats.SeatCalls.Completed;
import dev.tally.sink.seats.SeatLedgerWriter.DeadLetter;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
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
 * One life of the seats, from joining the group until it is stopped or fails; after a failure nothing of it is used again, and a new life
 * starts from what is committed.
 *
 * <p>All Kafka clients belong to the one thread that calls {@link #run}. It takes changes into the state of their org, which is in the
 * ledger with the offsets; so no change waits in the topic for another org's. What is then due is read from and sent to Stripe by
 * {@link SeatCalls}, at most one call for an org at a time, and an intent is committed before it is sent: whoever takes a partition over
 * finishes the intent under its own key before anything later is sent, so what the former owner may still send changes nothing.
 */
final class SeatsLoop implements LifeRunner.Life {
    private static final Logger log = LoggerFactory.getLogger(SeatsLoop.class);
    private static final Duration BUSY_POLL = Duration.ofMillis(20);
    private static final Duration IDLE_POLL = Duration.ofMillis(250);
    private static final Duration LEDGER_POLL = Duration.ofMillis(100);
    private static final Duration REGISTRY_PAUSE = Duration.ofSeconds(1);

    private final SeatsSettings settings;
    private final SeatsCollaborators with;
    private final Consumer<byte[], byte[]> consumer;
    private final Admin admin;
    private final SeatLedgerWriter writer;
    private final LedgerReader<SeatLedgerEntry> ledgerReader;
    private final SubscribedItems items;
    private final SeatChangeReader reader;
    private final SeatCalls calls;
    private final SeatWork work;
    private final Map<TopicPartition, PartitionSeats> partitions = new HashMap<>();
    private final Set<PartitionSeats> unread = new HashSet<>();
    private boolean joined;
    private boolean released;
    private volatile boolean stopping;

    SeatsLoop(SeatsSettings settings, SeatsCollaborators with) {
        this.settings = settings;
        this.with = with;
        KafkaClients clients = new KafkaClients(
                settings.kafka(), settings.group(), settings.transactionalId(), settings.groupInstanceId());
        this.admin = clients.admin();
        this.consumer = clients.groupConsumer();
        this.writer = new SeatLedgerWriter(clients.producer(), settings.topics(), with.ledger(), with.changes());
        this.ledgerReader = new LedgerReader<>(
                clients.readingConsumer(), admin, settings.topics().ledger(), with.ledger());
        this.items = new SubscribedItems(
                clients.readingConsumer(),
                with.subscriptions(),
                settings.topics().subscriptions());
        this.reader = new SeatChangeReader(with.changes());
        this.calls =
                new SeatCalls(with.stripe(), settings, with.status(), with.listener(), with.clock(), with.random());
        this.work = new SeatWork(settings, with, items, calls, writer);
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
            items.open();
            consumer.subscribe(List.of(settings.topics().changes()), new Rebalances());
            while (!stopping) {
                turn();
            }
            giveUp(List.copyOf(partitions.keySet()));
            clean = true;
        } finally {
            release(clean);
        }
    }

    private void turn() throws InterruptedException {
        followItems();
        intake(poll());
        readLedgers();
        begin();
        collect();
        Instant now = with.clock().instant();
        partitions.values().forEach(partition -> work.act(partition, now));
        commit();
        work.check(partitions.values(), now);
        pauseOrResume();
        report();
    }

    private void followItems() {
        for (String org : items.step(with.clock().instant())) {
            for (PartitionSeats partition : partitions.values()) {
                OrgWork found = partition.find(org);
                if (found != null && partition.hasBegun()) {
                    work.plan(found, with.clock().instant());
                }
            }
        }
    }

    private ConsumerRecords<byte[], byte[]> poll() {
        Instant soon = with.clock().instant().plus(IDLE_POLL);
        boolean busy = ledgerReader.isReading()
                || !items.isLoaded()
                || !unread.isEmpty()
                || !calls.completions().isEmpty()
                || partitions.values().stream().anyMatch(partition -> partition.isBusy(soon));
        try {
            return consumer.poll(busy ? BUSY_POLL : IDLE_POLL);
        } catch (WakeupException stop) {
            return ConsumerRecords.empty();
        }
    }

    private void intake(ConsumerRecords<byte[], byte[]> records) {
        Instant now = with.clock().instant();
        for (TopicPartition partition : records.partitions()) {
            PartitionSeats seats = partitions.get(partition);
            if (seats == null || !seats.hasBegun()) {
                throw new IllegalStateException("changes arrived for " + partition + ", whose ledger is not read");
            }
            for (ConsumerRecord<byte[], byte[]> record : records.records(partition)) {
                if (!take(seats, record, now)) {
                    break;
                }
            }
        }
    }

    private boolean take(PartitionSeats seats, ConsumerRecord<byte[], byte[]> record, Instant now) {
        try {
            switch (reader.read(record)) {
                case SeatChangeReader.Result.Read(var org, var change) -> work.take(seats, org, change, now);
                case SeatChangeReader.Result.Refused(String reason, String detail) ->
                    work.unreadable(seats, new DeadLetter(FactRecord.of(record), reason, detail));
            }
            seats.movedTo(record.offset() + 1);
            return true;
        } catch (RegistryUnavailableException away) {
            consumer.seek(seats.partition(), record.offset());
            seats.blockUntil(now.plus(REGISTRY_PAUSE));
            log.atWarn()
                    .addKeyValue("partition", record.partition())
                    .addKeyValue("offset", record.offset())
                    .addKeyValue("reason", away.getMessage())
                    .log("Schema registry does not answer; the seat change is read again in a second");
            return false;
        }
    }

    private void readLedgers() throws InterruptedException {
        for (PartitionSeats partition : List.copyOf(unread)) {
            if (positionIsKnown(partition)) {
                ledgerReader.start(partition, Instant.EPOCH);
                unread.remove(partition);
            }
        }
        if (ledgerReader.isReading()) {
            ledgerReader.step(LEDGER_POLL);
        }
    }

    /** The position is known once no transaction of a former owner holds an undecided offset. */
    private boolean positionIsKnown(PartitionSeats partition) {
        try {
            partition.position(consumer.position(partition.partition(), LEDGER_POLL));
            return true;
        } catch (TimeoutException undecided) {
            return false;
        } catch (WakeupException stop) {
            return false;
        }
    }

    private void begin() {
        for (PartitionSeats partition : partitions.values()) {
            if (!partition.hasBegun() && partition.isLoaded() && items.isLoaded()) {
                partition.begin();
                work.begin(partition, with.clock().instant());
            }
        }
    }

    private void collect() {
        for (Completed completed : calls.completions().take()) {
            PartitionSeats source = completed.work().source();
            if (partitions.get(source.partition()) == source) {
                work.completed(completed, with.clock().instant());
            }
        }
    }

    /** The position of a partition goes with whatever is written for it: it tells the broker who writes. */
    private void commit() {
        SeatBatch batch = work.takeBatch();
        Map<TopicPartition, OffsetAndMetadata> offsets = new HashMap<>();
        for (PartitionSeats partition : partitions.values()) {
            if (partition.takeMoved() || batch.works().stream().anyMatch(one -> one.source() == partition)) {
                offsets.put(partition.partition(), new OffsetAndMetadata(partition.position()));
            }
        }
        if (batch.isEmpty() && offsets.isEmpty()) {
            return;
        }
        writer.write(
                batch.works(),
                batch.deadLetters(),
                offsets,
                consumer.groupMetadata(),
                () -> batch.kinds().forEach(kind -> with.crashPoints().reached(kind.written())));
        batch.kinds().forEach(kind -> with.crashPoints().reached(kind.committed()));
        work.committed(batch, with.clock().instant());
    }

    private void pauseOrResume() {
        Instant now = with.clock().instant();
        Set<TopicPartition> paused = consumer.paused();
        for (PartitionSeats partition : partitions.values()) {
            boolean pause = !partition.hasBegun() || partition.isBlocked(now);
            if (pause != paused.contains(partition.partition())) {
                if (pause) {
                    consumer.pause(List.of(partition.partition()));
                } else {
                    consumer.resume(List.of(partition.partition()));
                }
            }
        }
    }

    private void report() {
        with.status()
                .update(new DeliveryStatus.Snapshot(
                        notReady(),
                        partitions.values().stream()
                                .mapToInt(PartitionSeats::openCount)
                                .sum(),
                        0,
                        calls.inFlight(),
                        partitions.values().stream()
                                .mapToInt(partition -> partition.orgs().size())
                                .sum(),
                        partitions.values().stream()
                                .flatMap(partition -> partition.open().stream())
                                .flatMap(one -> one.seats().open().stream())
                                .map(change -> change.appendedAt())
                                .min(Instant::compareTo),
                        false));
    }

    private Optional<String> notReady() {
        if (!joined) {
            return Optional.of("has not joined the consumer group of the seats yet");
        }
        return partitions.values().stream().allMatch(PartitionSeats::hasBegun)
                ? Optional.empty()
                : Optional.of("is reading subscriptions and the ledger of seats");
    }

    /** Stops sending, waits a moment for running calls, commits what is done. */
    private void giveUp(Collection<TopicPartition> given) throws InterruptedException {
        List<PartitionSeats> leaving = new ArrayList<>();
        for (TopicPartition partition : given) {
            PartitionSeats seats = partitions.get(partition);
            if (seats != null) {
                seats.ownership().giveUp();
                leaving.add(seats);
            }
        }
        Instant end = with.clock().instant().plus(settings.revokeWait());
        for (PartitionSeats seats : leaving) {
            if (!seats.ownership().awaitQuiet(Duration.between(with.clock().instant(), end))) {
                log.atWarn()
                        .addKeyValue("partition", seats.partition().partition())
                        .log("Calls are still running for a partition that is given up; its next owner settles them");
            }
        }
        collect();
        commit();
        forget(given);
    }

    private void forget(Collection<TopicPartition> given) {
        for (TopicPartition partition : given) {
            PartitionSeats seats = partitions.remove(partition);
            if (seats != null) {
                seats.ownership().giveUp();
                if (!unread.remove(seats) && !seats.isLoaded()) {
                    ledgerReader.abandon(seats);
                }
            }
        }
    }

    private void release(boolean clean) {
        partitions.values().forEach(seats -> seats.ownership().giveUp());
        partitions.clear();
        unread.clear();
        released = true;
        calls.close();
        if (clean) {
            writer.close();
        } else {
            writer.drop();
        }
        ledgerReader.close();
        items.close();
        consumer.close(CloseOptions.timeout(Duration.ofSeconds(5)));
        admin.close(Duration.ofSeconds(5));
    }

    private final class Rebalances implements ConsumerRebalanceListener {
        @Override
        public void onPartitionsAssigned(Collection<TopicPartition> assigned) {
            joined = true;
            for (TopicPartition partition : assigned) {
                PartitionSeats seats = new PartitionSeats(partition);
                partitions.put(partition, seats);
                unread.add(seats);
            }
            consumer.pause(assigned);
            log.atInfo()
                    .addKeyValue("partitions", assigned)
                    .log("Partitions of seats assigned; their ledger is read first");
        }

        @Override
        public void onPartitionsRevoked(Collection<TopicPartition> revoked) {
            if (released) {
                return;
            }
            log.atInfo().addKeyValue("partitions", revoked).log("Partitions of seats revoked");
            try {
                giveUp(revoked);
            } catch (InterruptedException interrupted) {
                Thread.currentThread().interrupt();
                throw new org.apache.kafka.common.errors.InterruptException(interrupted);
            }
        }

        @Override
        public void onPartitionsLost(Collection<TopicPartition> lost) {
            if (released) {
                return;
            }
            log.atWarn().addKeyValue("partitions", lost).log("Partitions of seats lost; their open work is dropped");
            Set<TopicPartition> gone = Set.copyOf(lost);
            work.drop(seats -> gone.contains(seats.partition()));
            forget(lost);
        }
    }
}
