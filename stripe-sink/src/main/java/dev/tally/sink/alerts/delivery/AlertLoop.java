package dev.tally.sink.alerts.delivery;

import dev.tally.schemas.AlertLedgerEntry;
import dev.tally.schemas.serde.RegistryUnavailableException;
import dev.tally.sink.alerts.Routing;
import dev.tally.sink.delivery.Completions;
import dev.tally.sink.delivery.CrashPoints;
import dev.tally.sink.delivery.DeliveryStatus;
import dev.tally.sink.delivery.KafkaClients;
import dev.tally.sink.delivery.Lanes;
import dev.tally.sink.delivery.LedgerReader;
import dev.tally.sink.delivery.LifeRunner;
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
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.TopicDescription;
import org.apache.kafka.clients.consumer.CloseOptions;
import org.apache.kafka.clients.consumer.Consumer;
import org.apache.kafka.clients.consumer.ConsumerRebalanceListener;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.ConsumerRecords;
import org.apache.kafka.common.KafkaException;
import org.apache.kafka.common.KafkaFuture;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.errors.InterruptException;
import org.apache.kafka.common.errors.TimeoutException;
import org.apache.kafka.common.errors.UnknownTopicOrPartitionException;
import org.apache.kafka.common.errors.WakeupException;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * One life of alert delivery, from joining the group until it is stopped or fails; after a failure nothing of it is used again, and a new life
 * starts from what is committed.
 *
 * <p>All Kafka clients belong to the one thread that calls {@link #run}. It reads alerts, writes down who is to be told, hands that to the lanes and
 * writes outcomes. What waits is in the ledger, so an alert's offset is committed before anybody is told, and an endpoint that is away for days
 * holds up nobody else.
 */
final class AlertLoop implements LifeRunner.Life {
    private static final Logger log = LoggerFactory.getLogger(AlertLoop.class);
    private static final Duration BUSY_POLL = Duration.ofMillis(20);
    private static final Duration IDLE_POLL = Duration.ofMillis(250);
    private static final Duration LEDGER_POLL = Duration.ofMillis(100);
    private static final Duration PAUSE = Duration.ofSeconds(1);
    private static final Duration PATIENCE = Duration.ofSeconds(30);
    private static final Duration SWEEP = Duration.ofHours(1);
    /** Alerts expire by their append time, and settled ones are remembered for a day longer, for differences of clocks. */
    private static final Duration MEMORY = Routing.LIFE.plusDays(1);

    private final AlertSettings settings;
    private final AlertCollaborators with;
    private final Admin admin;
    private final Consumer<byte[], byte[]> consumer;
    private final AlertLedger ledger;
    private final LedgerReader<AlertLedgerEntry> ledgerReader;
    private final Directory directory;
    private final AlertSender sender;
    private final Lanes<AlertLane, Waiting> lanes;
    private final Completions<AlertSender.Completion> completions = new Completions<>();
    private final Map<TopicPartition, AlertPartition> partitions = new HashMap<>();
    private final Set<AlertPartition> unread = new HashSet<>();
    private final CountDownLatch stop = new CountDownLatch(1);
    private Instant sweptAt;
    private boolean joined;
    private boolean released;

    AlertLoop(AlertSettings settings, AlertCollaborators with) {
        this.settings = settings;
        this.with = with;
        KafkaClients clients = new KafkaClients(
                settings.kafka(), settings.group(), settings.transactionalId(), settings.groupInstanceId());
        this.admin = clients.admin();
        this.consumer = clients.groupConsumer();
        this.ledger = new AlertLedger(clients.producer(), settings.topics(), with.ledger());
        this.ledgerReader = new LedgerReader<>(
                clients.readingConsumer(), admin, settings.topics().ledger(), with.ledger());
        this.directory =
                new Directory(clients.readingConsumer(), settings.topics(), with.subscriptions(), with.memberships());
        this.sender = new AlertSender(settings, with, directory, completions);
        // What is interrupted waits in the ledger, and is sent again with the same id.
        this.lanes = new Lanes<>("alert-lane", lane -> sender.lane(lane.partition()), completions::fail);
        this.sweptAt = with.clock().instant();
    }

    @Override
    public void stop() {
        stop.countDown();
        consumer.wakeup();
    }

    private boolean isStopping() {
        return stop.getCount() == 0;
    }

    @Override
    public void run() throws InterruptedException {
        boolean clean = false;
        try {
            awaitTopics();
            if (!isStopping()) {
                start();
            }
            while (!isStopping()) {
                turn();
            }
            giveUp(List.copyOf(partitions.keySet()));
            clean = true;
        } finally {
            release(clean);
        }
    }

    private void start() {
        with.status().notReady("is reading the catalogue");
        ledger.open();
        directory.load(this::isStopping);
        if (!settings.webhooksOn() && directory.withWebhooks() > 0) {
            log.atWarn()
                    .addKeyValue("subscriptions", directory.withWebhooks())
                    .log(
                            "Webhooks are configured but alerts.webhook.secrets is not set: their alerts wait, for 3 days each");
        }
        consumer.subscribe(List.of(settings.topics().alerts()), new Rebalances());
    }

    /** The facts' delivery needs none of these topics, so it does not wait for them. */
    private void awaitTopics() throws InterruptedException {
        String said = "";
        while (!isStopping()) {
            List<String> missing = missingTopics();
            if (missing.isEmpty()) {
                return;
            }
            String reason = "waiting: topics " + missing + " are missing; `tally topics apply` creates them";
            with.status().notReady(reason);
            if (!said.equals(reason)) {
                said = reason;
                log.atWarn().addKeyValue("reason", reason).log("Alerts are not delivered yet");
            }
            var unused = stop.await(PAUSE.toMillis(), TimeUnit.MILLISECONDS);
        }
    }

    private List<String> missingTopics() throws InterruptedException {
        List<String> missing = new ArrayList<>();
        Map<String, Integer> counts = new HashMap<>();
        var described = admin.describeTopics(settings.topics().all()).topicNameValues();
        for (Map.Entry<String, KafkaFuture<TopicDescription>> topic : described.entrySet()) {
            try {
                counts.put(
                        topic.getKey(),
                        topic.getValue()
                                .get(PATIENCE.toMillis(), TimeUnit.MILLISECONDS)
                                .partitions()
                                .size());
            } catch (ExecutionException failure) {
                if (!(failure.getCause() instanceof UnknownTopicOrPartitionException)) {
                    throw new KafkaException("the topics are unknown", failure.getCause());
                }
                missing.add(topic.getKey());
            } catch (java.util.concurrent.TimeoutException silent) {
                throw new TimeoutException("Kafka does not answer", silent);
            }
        }
        Integer alerts = counts.get(settings.topics().alerts());
        Integer entries = counts.get(settings.topics().ledger());
        if (alerts != null && entries != null && !alerts.equals(entries)) {
            throw new IllegalStateException(settings.topics().alerts() + " has " + alerts + " partitions and "
                    + settings.topics().ledger() + " has " + entries + "; they must be equal");
        }
        return missing;
    }

    private void turn() throws InterruptedException {
        directory.follow();
        intake(poll());
        readLedgers();
        collect();
        pauseOrResume();
        report();
    }

    private ConsumerRecords<byte[], byte[]> poll() {
        boolean busy = ledgerReader.isReading() || !unread.isEmpty() || sender.inFlight() > 0 || !completions.isEmpty();
        try {
            return consumer.poll(busy ? BUSY_POLL : IDLE_POLL);
        } catch (WakeupException stopped) {
            return ConsumerRecords.empty();
        }
    }

    private void intake(ConsumerRecords<byte[], byte[]> records) {
        if (records.isEmpty()) {
            return;
        }
        AlertIntake intake = AlertIntake.empty();
        Instant now = with.clock().instant();
        for (TopicPartition partition : records.partitions()) {
            AlertPartition of = partitions.get(partition);
            if (of == null || !of.isReady()) {
                throw new IllegalStateException("alerts arrived for " + partition + ", whose ledger is not read");
            }
            intake(of, records.records(partition), intake, now);
        }
        if (intake.offsets().isEmpty()) {
            return;
        }
        if (!ledger.writeIntake(intake, consumer.groupMetadata(), now)) {
            undo(records, intake);
            return;
        }
        with.crashPoints().reached(CrashPoints.Point.INTENTS_COMMITTED);
        intake.fresh().forEach(this::submit);
        intake.skips().forEach(with.listener()::skipped);
        intake.settled()
                .forEach(settled ->
                        with.listener().settled(settled.waiting().recipient().channel(), settled.outcome()));
        intake.unreadable().forEach(bad -> with.listener().unreadable(bad.reason()));
    }

    private void intake(
            AlertPartition of, List<ConsumerRecord<byte[], byte[]>> records, AlertIntake into, Instant now) {
        for (ConsumerRecord<byte[], byte[]> record : records) {
            try {
                if (!into.take(of, record, with.alerts(), directory, settings, with.listener(), now)) {
                    consumer.seek(of.partition(), record.offset());
                    of.blockUntil(now.plus(LEDGER_POLL));
                    return;
                }
            } catch (RegistryUnavailableException away) {
                consumer.seek(of.partition(), record.offset());
                of.blockUntil(now.plus(PAUSE));
                log.atWarn()
                        .addKeyValue("partition", record.partition())
                        .addKeyValue("offset", record.offset())
                        .addKeyValue("reason", away.getMessage())
                        .log("Schema registry does not answer; the alert is read again in a second");
                return;
            }
        }
    }

    /** The group is changing: whoever has the partitions after that reads these alerts. What is being sent goes on. */
    private void undo(ConsumerRecords<byte[], byte[]> records, AlertIntake intake) {
        intake.fresh().forEach(this::forget);
        intake.settled().forEach(settled -> forget(settled.waiting()));
        for (TopicPartition partition : records.partitions()) {
            consumer.seek(partition, records.records(partition).getFirst().offset());
        }
    }

    private void forget(Waiting one) {
        partitionOf(one).ifPresent(of -> of.memory().forget(one));
    }

    private void submit(Waiting one) {
        partitionOf(one).ifPresent(of -> lanes.submit(new AlertLane(of, one.recipient()), one));
    }

    private Optional<AlertPartition> partitionOf(Waiting one) {
        return Optional.ofNullable(partitions.get(
                new TopicPartition(one.origin().topic(), one.origin().partition())));
    }

    private void readLedgers() throws InterruptedException {
        for (AlertPartition of : List.copyOf(unread)) {
            if (positionIsKnown(of)) {
                // From its beginning: what waits may be as old as the sink was stopped.
                ledgerReader.start(of, Instant.EPOCH);
                unread.remove(of);
            }
        }
        if (ledgerReader.isReading()) {
            ledgerReader.step(LEDGER_POLL);
        }
        for (AlertPartition of : partitions.values()) {
            if (of.resume()) {
                of.memory().inOrder().forEach(this::submit);
            }
        }
    }

    /** The position is known once no transaction of a former owner holds an undecided offset. */
    private boolean positionIsKnown(AlertPartition of) {
        try {
            consumer.position(of.partition(), LEDGER_POLL);
            return true;
        } catch (TimeoutException | WakeupException notYet) {
            return false;
        }
    }

    /** Writes down what came to its outcome since the last time. */
    private void collect() {
        List<SettledAlert> outcomes = new ArrayList<>();
        for (AlertSender.Completion completion : completions.take()) {
            AlertPartition source = completion.source();
            if (partitions.get(source.partition()) == source) {
                Waiting one = completion.settled().waiting();
                source.memory().settle(one.ledgerKey(), one.origin().appendedAt());
                outcomes.add(completion.settled());
            }
        }
        if (outcomes.isEmpty()) {
            return;
        }
        with.crashPoints().reached(CrashPoints.Point.ANSWERED);
        ledger.writeOutcomes(outcomes, with.clock().instant(), with.crashPoints());
        with.crashPoints().reached(CrashPoints.Point.OUTCOMES_COMMITTED);
        outcomes.forEach(
                settled -> with.listener().settled(settled.waiting().recipient().channel(), settled.outcome()));
    }

    private void pauseOrResume() {
        Instant now = with.clock().instant();
        boolean full = waitingCount() >= settings.maxWaitingInAll();
        Set<TopicPartition> paused = consumer.paused();
        for (AlertPartition of : partitions.values()) {
            boolean pause = full || !of.isReady() || of.isBlocked(now);
            if (pause != paused.contains(of.partition())) {
                if (pause) {
                    consumer.pause(List.of(of.partition()));
                } else {
                    consumer.resume(List.of(of.partition()));
                }
            }
        }
        if (!now.isBefore(sweptAt.plus(SWEEP))) {
            partitions.values().forEach(of -> of.memory().dropSettledBefore(now.minus(MEMORY)));
            sweptAt = now;
        }
    }

    private int waitingCount() {
        return partitions.values().stream()
                .mapToInt(of -> of.memory().waitingCount())
                .sum();
    }

    private void report() {
        Optional<String> notReady = !joined
                ? Optional.of("has not joined its consumer group yet")
                : partitions.values().stream().allMatch(AlertPartition::isReady)
                        ? Optional.empty()
                        : Optional.of("is reading the ledger of its partitions");
        with.status()
                .update(new DeliveryStatus.Snapshot(
                        notReady,
                        waitingCount(),
                        0,
                        sender.inFlight(),
                        partitions.values().stream()
                                .mapToInt(of -> of.memory().size())
                                .sum(),
                        partitions.values().stream()
                                .flatMap(of -> of.memory().oldestWaiting().stream())
                                .min(Instant::compareTo),
                        false));
    }

    /** Stops sending, waits a moment for running attempts, writes down what they came to. */
    private void giveUp(Collection<TopicPartition> leaving) throws InterruptedException {
        leaving.stream()
                .flatMap(partition -> Optional.ofNullable(partitions.get(partition)).stream())
                .forEach(of -> of.ownership().giveUp());
        Instant end = with.clock().instant().plus(settings.revokeWait());
        for (TopicPartition partition : leaving) {
            AlertPartition of = partitions.get(partition);
            Duration left = Duration.between(with.clock().instant(), end);
            if (of != null && !of.ownership().awaitQuiet(left)) {
                log.atWarn()
                        .addKeyValue("partition", partition.partition())
                        .log(
                                "Attempts are still running for a partition that is given up; its next owner repeats them");
            }
        }
        collect();
        forget(leaving);
    }

    private void forget(Collection<TopicPartition> leaving) {
        for (TopicPartition partition : leaving) {
            AlertPartition of = partitions.remove(partition);
            if (of != null) {
                of.ownership().giveUp();
                if (!unread.remove(of) && !of.isReady()) {
                    ledgerReader.abandon(of);
                }
            }
        }
    }

    private void release(boolean clean) {
        partitions.values().forEach(of -> of.ownership().giveUp());
        partitions.clear();
        unread.clear();
        released = true;
        lanes.close();
        if (clean) {
            ledger.close();
        } else {
            ledger.drop();
        }
        ledgerReader.close();
        directory.close();
        consumer.close(CloseOptions.timeout(Duration.ofSeconds(5)));
        admin.close(Duration.ofSeconds(5));
    }

    private final class Rebalances implements ConsumerRebalanceListener {
        @Override
        public void onPartitionsAssigned(Collection<TopicPartition> assigned) {
            joined = true;
            Instant forgetBefore = with.clock().instant().minus(MEMORY);
            for (TopicPartition partition : assigned) {
                AlertPartition of = new AlertPartition(partition, new AlertMemory(partition, forgetBefore));
                partitions.put(partition, of);
                unread.add(of);
            }
            consumer.pause(assigned);
            log.atInfo()
                    .addKeyValue("partitions", assigned)
                    .log("Partitions of alerts assigned; their ledger is read first");
        }

        @Override
        public void onPartitionsRevoked(Collection<TopicPartition> revoked) {
            if (released) {
                return;
            }
            log.atInfo().addKeyValue("partitions", revoked).log("Partitions of alerts revoked");
            try {
                giveUp(revoked);
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
                    .log("Partitions of alerts lost; their next owner sends what waits");
            forget(lost);
        }
    }
}
