package dev.tally.sink.seats;

import dev.tally.schemas.SeatLedgerEntry;
import dev.tally.sink.delivery.DeliveryStatus;
import dev.tally.sink.delivery.FactRecord;
import dev.tally.sink.delivery.KafkaClients;
import dev.tally.sink.delivery.LedgerLoop;
import dev.tally.sink.delivery.LedgerTopic;
import dev.tally.sink.seats.SeatCalls.Completed;
import dev.tally.sink.seats.SeatLedger.DeadLetter;
import java.time.Instant;
import java.util.Optional;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.common.TopicPartition;

/**
 * One life of the seats. It takes changes into the state of their org, which is in the ledger with the offsets; so no change waits in the
 * topic for another org's. What is then due is read from and sent to Stripe by {@link SeatCalls}, at most one call for an org at a time, and
 * an intent is committed before it is sent: whoever takes a partition over finishes the intent under its own key before anything later is
 * sent, so what the former owner may still send changes nothing.
 */
final class SeatsLoop extends LedgerLoop<SeatLedgerEntry, PartitionSeats> {
    private final SeatsSettings settings;
    private final SeatsCollaborators with;
    private final SeatLedger ledger;
    private final SubscribedItems items;
    private final SeatChangeReader reader;
    private final SeatCalls calls;
    private final SeatWork work;

    SeatsLoop(SeatsSettings settings, SeatsCollaborators with) {
        this(settings, with, new LedgerTopic<>(settings.topics().ledger(), with.ledger()));
    }

    private SeatsLoop(SeatsSettings settings, SeatsCollaborators with, LedgerTopic<SeatLedgerEntry> topic) {
        super(
                new KafkaClients(
                        settings.kafka(), settings.group(), settings.transactionalId(), settings.groupInstanceId()),
                settings.topics().changes(),
                topic,
                settings.revokeWait(),
                with.status(),
                with.crashPoints(),
                with.clock());
        this.settings = settings;
        this.with = with;
        this.ledger = new SeatLedger(settings.topics(), topic, with.changes());
        this.items = new SubscribedItems(
                clients().readingConsumer(),
                with.subscriptions(),
                settings.topics().subscriptions());
        this.reader = new SeatChangeReader(with.changes());
        this.calls =
                new SeatCalls(with.stripe(), settings, with.status(), with.listener(), with.clock(), with.random());
        this.work = new SeatWork(settings, with, items, calls, ledger);
    }

    @Override
    protected void prepare() {
        with.changes().prepare(settings.topics().changes());
        items.open();
    }

    @Override
    protected void follow() {
        for (String org : items.step(with.clock().instant())) {
            for (PartitionSeats partition : partitions()) {
                OrgWork found = partition.find(org);
                if (found != null && partition.isReady()) {
                    work.plan(found, with.clock().instant());
                }
            }
        }
    }

    @Override
    protected PartitionSeats assigned(TopicPartition partition) {
        return new PartitionSeats(partition);
    }

    @Override
    protected Instant ledgerFrom(Instant now) {
        return Instant.EPOCH;
    }

    @Override
    protected boolean begin(PartitionSeats partition, Instant now) {
        if (!items.isLoaded()) {
            return false;
        }
        work.begin(partition, now);
        return true;
    }

    @Override
    protected boolean take(PartitionSeats partition, ConsumerRecord<byte[], byte[]> record, Instant now) {
        switch (reader.read(record)) {
            case SeatChangeReader.Result.Read(var org, var change) -> work.take(partition, org, change, now);
            case SeatChangeReader.Result.Refused(String reason, String detail) ->
                work.unreadable(partition, new DeadLetter(FactRecord.of(record), reason, detail));
        }
        partition.movedTo(record.offset() + 1);
        return true;
    }

    @Override
    protected void collect(Instant now) {
        for (Completed completed : calls.completions().take()) {
            if (isAssigned(completed.work().source())) {
                work.completed(completed, now);
            }
        }
    }

    @Override
    protected void act(Instant now) {
        partitions().forEach(partition -> work.act(partition, now));
        commitDone();
        work.check(partitions(), now);
    }

    @Override
    protected boolean commitDone() {
        SeatBatch batch = work.batch();
        if (!commit(batch.steps(), ledger.records(batch), moved())) {
            return false;
        }
        work.committed();
        return true;
    }

    @Override
    protected void drop(PartitionSeats partition) {
        work.batch().drop(partition);
    }

    @Override
    protected boolean isFull(PartitionSeats partition) {
        return false;
    }

    @Override
    protected boolean isBusy(Instant now) {
        Instant soon = now.plus(IDLE_POLL);
        return !items.isLoaded()
                || !calls.completions().isEmpty()
                || partitions().stream().anyMatch(partition -> partition.isBusy(soon));
    }

    @Override
    protected DeliveryStatus.Snapshot snapshot(Optional<String> notReady) {
        return new DeliveryStatus.Snapshot(
                notReady,
                partitions().stream().mapToInt(PartitionSeats::openCount).sum(),
                0,
                calls.inFlight(),
                partitions().stream()
                        .mapToInt(partition -> partition.orgs().size())
                        .sum(),
                partitions().stream()
                        .flatMap(partition -> partition.open().stream())
                        .flatMap(one -> one.seats().open().stream())
                        .map(change -> change.appendedAt())
                        .min(Instant::compareTo),
                false);
    }

    @Override
    protected void close() {
        calls.close();
        items.close();
    }
}
