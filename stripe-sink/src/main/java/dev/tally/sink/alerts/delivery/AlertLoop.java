package dev.tally.sink.alerts.delivery;

import dev.tally.schemas.AlertLedgerEntry;
import dev.tally.sink.alerts.Routing;
import dev.tally.sink.delivery.Completions;
import dev.tally.sink.delivery.DeliveryStatus;
import dev.tally.sink.delivery.KafkaClients;
import dev.tally.sink.delivery.Lanes;
import dev.tally.sink.delivery.LedgerLoop;
import dev.tally.sink.delivery.LedgerTopic;
import dev.tally.sink.delivery.PartitionCounts;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.EnumSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.TopicPartition;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * One life of alert delivery. It reads alerts, writes down who is to be told, hands that to the lanes and writes outcomes. What waits is in the
 * ledger, so an alert's offset is committed before anybody is told, and an endpoint that is away for days holds up nobody else.
 */
final class AlertLoop extends LedgerLoop<AlertLedgerEntry, AlertPartition> {
    private static final Logger log = LoggerFactory.getLogger(AlertLoop.class);
    private static final Duration PAUSE = Duration.ofSeconds(1);
    private static final Duration PATIENCE = Duration.ofSeconds(30);
    /** Alerts expire by their append time, and settled ones are remembered for a day longer, for differences of clocks. */
    private static final Duration MEMORY = Routing.LIFE.plusDays(1);

    private final AlertSettings settings;
    private final AlertCollaborators with;
    private final AlertLedger ledger;
    private final Directory directory;
    private final AlertReader reader;
    private final AlertSender sender;
    private final Lanes<AlertLane, Waiting> lanes;
    private final Completions<AlertSender.Completion> completions = new Completions<>();

    AlertLoop(AlertSettings settings, AlertCollaborators with) {
        this(settings, with, new LedgerTopic<>(settings.topics().ledger(), with.ledger()));
    }

    private AlertLoop(AlertSettings settings, AlertCollaborators with, LedgerTopic<AlertLedgerEntry> topic) {
        super(
                new KafkaClients(
                        settings.kafka(), settings.group(), settings.transactionalId(), settings.groupInstanceId()),
                settings.topics().alerts(),
                topic,
                settings.revokeWait(),
                with.status(),
                with.crashPoints(),
                with.clock());
        this.settings = settings;
        this.with = with;
        this.ledger = new AlertLedger(topic, settings.topics().deadLetters());
        this.directory =
                new Directory(clients().readingConsumer(), settings.topics(), with.subscriptions(), with.memberships());
        this.reader = new AlertReader(with.alerts(), directory, settings, with.listener());
        this.sender = new AlertSender(settings, with, directory, completions);
        // What is interrupted waits in the ledger, and is sent again with the same id.
        this.lanes = new Lanes<>("alert-lane", lane -> sender.lane(lane.partition()), completions::fail);
    }

    @Override
    protected void prepare() throws InterruptedException {
        awaitTopics();
        if (isStopping()) {
            return;
        }
        with.status().notReady("is reading the catalogue");
        directory.load(this::isStopping);
        if (!settings.webhooksOn() && directory.withWebhooks() > 0) {
            log.atWarn()
                    .addKeyValue("subscriptions", directory.withWebhooks())
                    .log(
                            "Webhooks are configured but alerts.webhook.secrets is not set: their alerts wait, for 3 days each");
        }
    }

    /** The facts' delivery needs none of these topics, so it does not wait for them. */
    private void awaitTopics() throws InterruptedException {
        AlertTopics topics = settings.topics();
        try (Admin admin = clients().admin()) {
            String said = "";
            while (!isStopping()) {
                PartitionCounts counts = PartitionCounts.of(admin, topics.all(), PATIENCE);
                counts.inequality(topics.alerts(), topics.ledger()).ifPresent(AlertLoop::fail);
                List<String> missing = counts.missing();
                if (missing.isEmpty()) {
                    return;
                }
                String reason = "waiting: topics " + missing + " are missing; `tally topics apply` creates them";
                with.status().notReady(reason);
                if (!said.equals(reason)) {
                    said = reason;
                    log.atWarn().addKeyValue("reason", reason).log("Alerts are not delivered yet");
                }
                pause(PAUSE);
            }
        }
    }

    private static void fail(String reason) {
        throw new IllegalStateException(reason);
    }

    @Override
    protected void follow() {
        directory.follow();
    }

    @Override
    protected AlertPartition assigned(TopicPartition partition) {
        return new AlertPartition(
                partition, new AlertMemory(partition, with.clock().instant().minus(MEMORY)));
    }

    /** From its beginning: what waits may be as old as the sink was stopped. */
    @Override
    protected Instant ledgerFrom(Instant now) {
        return Instant.EPOCH;
    }

    @Override
    protected boolean begin(AlertPartition partition, Instant now) {
        partition.memory().inOrder().forEach(one -> submit(partition, one));
        return true;
    }

    private void submit(AlertPartition partition, Waiting one) {
        lanes.submit(new AlertLane(partition, one.recipient()), one);
    }

    @Override
    protected boolean take(AlertPartition partition, ConsumerRecord<byte[], byte[]> record, Instant now) {
        return reader.take(partition, record, now);
    }

    @Override
    protected void collect(Instant now) {
        for (AlertSender.Completion completion : completions.take()) {
            AlertPartition source = completion.source();
            if (isAssigned(source)) {
                Waiting one = completion.settled().waiting();
                source.memory().settle(one.ledgerKey(), one.origin().appendedAt());
                source.batch().settled().add(completion.settled());
            }
        }
    }

    @Override
    protected void act(Instant now) {
        commitDone();
    }

    @Override
    protected boolean commitDone() {
        Instant now = with.clock().instant();
        Set<Step> steps = EnumSet.noneOf(Step.class);
        List<ProducerRecord<byte[], byte[]>> records = new ArrayList<>();
        for (AlertPartition partition : partitions()) {
            AlertBatch batch = partition.batch();
            records.addAll(ledger.records(batch, now));
            if (!batch.fresh().isEmpty()) {
                steps.add(Step.INTENT);
            }
            if (!batch.settled().isEmpty()) {
                steps.add(Step.OUTCOME);
            }
        }
        if (!commit(steps, records, moved())) {
            return false;
        }
        partitions().forEach(partition -> committed(partition, partition.takeBatch()));
        return true;
    }

    private void committed(AlertPartition partition, AlertBatch batch) {
        batch.fresh().forEach(one -> submit(partition, one));
        batch.skips().forEach(with.listener()::skipped);
        batch.settled()
                .forEach(settled ->
                        with.listener().settled(settled.waiting().recipient().channel(), settled.outcome()));
        batch.unreadable().forEach(bad -> with.listener().unreadable(bad.reason()));
    }

    /** Its batch goes with it. */
    @Override
    protected void drop(AlertPartition partition) {}

    @Override
    protected boolean isFull(AlertPartition partition) {
        return waitingCount() >= settings.maxWaitingInAll();
    }

    @Override
    protected boolean isBusy(Instant now) {
        return sender.inFlight() > 0 || !completions.isEmpty();
    }

    private int waitingCount() {
        return partitions().stream()
                .mapToInt(partition -> partition.memory().waitingCount())
                .sum();
    }

    @Override
    protected void sweep(Instant now) {
        partitions().forEach(partition -> partition.memory().dropSettledBefore(now.minus(MEMORY)));
    }

    @Override
    protected DeliveryStatus.Snapshot snapshot(Optional<String> notReady) {
        return new DeliveryStatus.Snapshot(
                notReady,
                waitingCount(),
                0,
                sender.inFlight(),
                partitions().stream()
                        .mapToInt(partition -> partition.memory().size())
                        .sum(),
                partitions().stream()
                        .flatMap(partition -> partition.memory().oldestWaiting().stream())
                        .min(Instant::compareTo),
                false);
    }

    @Override
    protected void close() {
        lanes.close();
        directory.close();
    }
}
