package dev.tally.sink.delivery;

import dev.tally.schemas.LedgerEntry;
import dev.tally.sink.delivery.AsyncErrors.AsyncError;
import dev.tally.sink.delivery.FactReader.Intake;
import dev.tally.sink.delivery.PartitionWork.Unreadable;
import dev.tally.sink.reporting.AccountRules;
import dev.tally.sink.reporting.DeliveryRules;
import dev.tally.sink.reporting.Known;
import dev.tally.sink.reporting.Outcome;
import dev.tally.sink.reporting.ReplayRules;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.OffsetAndMetadata;
import org.apache.kafka.common.TopicPartition;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * One life of the delivery of facts: it writes their intents, hands them to the lanes, and commits outcomes, dead letters and the offsets
 * before the first open fact in one transaction.
 */
final class DeliveryLoop extends LedgerLoop<LedgerEntry, PartitionWork> {
    private static final Logger log = LoggerFactory.getLogger(DeliveryLoop.class);

    private final DeliverySettings settings;
    private final Collaborators with;
    private final FactLedger ledger;
    private final FactReader factReader;
    private final FactFinder factFinder;
    private final RequestReader requestReader;
    private final FactSender sender;
    private final Lanes<FactLane, Delivery> lanes;
    private final Completions<Completion> completions = new Completions<>();
    private final Presence presence;
    private final Intake pending = Intake.empty();
    private Instant committedAt;

    DeliveryLoop(DeliverySettings settings, Collaborators with) {
        this(settings, with, new LedgerTopic<>(settings.topics().ledger(), with.ledger()));
    }

    private DeliveryLoop(DeliverySettings settings, Collaborators with, LedgerTopic<LedgerEntry> topic) {
        super(
                new KafkaClients(
                        settings.kafka(), settings.group(), settings.transactionalId(), settings.groupInstanceId()),
                settings.topics().facts(),
                topic,
                settings.revokeWait(),
                with.status(),
                with.crashPoints(),
                with.clock());
        this.settings = settings;
        this.with = with;
        this.ledger = new FactLedger(topic, settings.topics().deadLetters());
        this.factReader = new FactReader(with.facts(), with.meters(), with.listener());
        this.factFinder = new FactFinder(clients()::readingConsumer, with.facts());
        this.presence = new Presence(with.clock());
        this.requestReader = new RequestReader(
                clients().readingConsumer(),
                settings.topics().requests(),
                with.facts(),
                with.ledger(),
                with.listener(),
                settings.maxPending());
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
    }

    @Override
    protected void follow() {
        presence.polled();
    }

    @Override
    protected PartitionWork assigned(TopicPartition partition) {
        return new PartitionWork(partition);
    }

    @Override
    protected Instant ledgerFrom(Instant now) {
        return now.minus(settings.ledgerMemory());
    }

    @Override
    protected boolean begin(PartitionWork work, Instant now) {
        return true;
    }

    @Override
    protected boolean take(PartitionWork work, ConsumerRecord<byte[], byte[]> record, Instant now) {
        factReader.take(work, record, now, pending);
        return true;
    }

    @Override
    protected void collect(Instant now) {
        for (Completion completion : completions.take()) {
            PartitionWork work = completion.source();
            if (!isAssigned(work)) {
                continue;
            }
            Settled settled = completion.settled();
            work.settle(settled.fact().identifier());
            work.memory().apply(LedgerEntries.outcome(settled, now));
            pending.settled().add(settled);
            AsyncError early = with.asyncErrors().find(settled.fact().identifier());
            if (early != null) {
                endReported(work, List.of(early));
            }
        }
    }

    @Override
    protected void act(Instant now) {
        partitions().forEach(work -> factReader.release(work, now, pending));
        requestReader.read(partitions(), ledgerFrom(now), now, pending);
        send(now);
        endWhatStripeReported();
        commitIfDue(now);
        reportUnconfirmed();
    }

    /** All wait for the intents of some, so that a lane keeps the order of the records. */
    private void send(Instant now) {
        if (commit(Set.of(Step.INTENT), ledger.intents(pending.fresh(), now), Map.of())) {
            pending.deliveries().forEach(delivery -> lanes.submit(FactLane.of(delivery.fact()), delivery));
            pending.deliveries().clear();
            pending.fresh().clear();
        }
    }

    /** What the ledger says Stripe took, and Stripe says it does not count, is dead. */
    private void endWhatStripeReported() {
        int version = with.asyncErrors().version();
        for (PartitionWork work : partitions()) {
            if (work.isReady() && work.sees(version)) {
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
                    ReplayRules.asSent(Facts.of(found.fact()), known),
                    new Outcome.Dead(ReplayRules.ASYNC + error.code(), error.message()),
                    known.firstAttemptAt(),
                    known.keyNumber(),
                    null,
                    known.replay());
            work.memory().apply(LedgerEntries.outcome(dead, now));
            pending.settled().add(dead);
        }
        if (!wrong.isEmpty()) {
            log.atError()
                    .addKeyValue("partition", work.partition().partition())
                    .addKeyValue("identifiers", wrong.keySet())
                    .log("Stripe does not count facts that are no longer in their topic, or were not found in time");
        }
    }

    /** A report that is older than the first attempt, or the replay, is about an earlier life of the identifier. */
    private static boolean isAbout(AsyncError error, Known known) {
        return known.isTaken()
                && !error.created().isBefore(known.deliveredSince().minus(AccountRules.LARGEST_SKEW));
    }

    private void commitIfDue(Instant now) {
        boolean something =
                !pending.settled().isEmpty() || partitions().stream().anyMatch(PartitionWork::hasPrefix);
        if (something && (openCount() == 0 || !now.isBefore(committedAt.plus(settings.commitInterval())))) {
            commitDone();
        }
    }

    @Override
    protected boolean commitDone() {
        List<Unreadable> unreadable = new ArrayList<>();
        Map<TopicPartition, OffsetAndMetadata> offsets = new HashMap<>();
        Map<PartitionWork, PartitionWork.Prefix> prefixes = new HashMap<>();
        for (PartitionWork work : partitions()) {
            PartitionWork.Prefix prefix = work.prefix();
            prefixes.put(work, prefix);
            prefix.nextOffset().ifPresent(next -> offsets.put(work.partition(), new OffsetAndMetadata(next)));
            unreadable.addAll(prefix.unreadable());
        }
        List<Settled> settled = List.copyOf(pending.settled());
        Instant now = with.clock().instant();
        Set<Step> steps = settled.isEmpty() ? Set.of() : Set.of(Step.OUTCOME);
        if (!commit(steps, ledger.outcomes(settled, unreadable, now), offsets)) {
            return false;
        }
        prefixes.forEach(PartitionWork::committed);
        pending.settled().clear();
        committedAt = now;
        settled.forEach(one -> with.listener().settled(one.outcome()));
        unreadable.forEach(refused -> with.listener().unreadable(refused.reason()));
        return true;
    }

    @Override
    protected void drop(PartitionWork work) {
        pending.deliveries().removeIf(delivery -> delivery.source() == work);
        pending.fresh().removeIf(delivery -> delivery.source() == work);
        pending.settled()
                .removeIf(settled ->
                        settled.origin().partition() == work.partition().partition());
    }

    @Override
    protected boolean isFull(PartitionWork work) {
        return work.isFull(settings.maxPending());
    }

    @Override
    protected boolean isBusy(Instant now) {
        return openCount() > 0 || !completions.isEmpty();
    }

    /** Of a ledger that is still being read, entries that say more may follow. */
    private void reportUnconfirmed() {
        List<LedgerMemory> known = partitions().stream()
                .filter(PartitionWork::isReady)
                .map(PartitionWork::memory)
                .toList();
        with.status()
                .unconfirmed(new DeliveryStatus.Unconfirmed(
                        known.stream().mapToInt(LedgerMemory::unconfirmed).sum(),
                        known.stream()
                                .flatMap(memory -> memory.oldestUnconfirmed().stream())
                                .min(Instant::compareTo)));
    }

    private int openCount() {
        return partitions().stream().mapToInt(PartitionWork::openCount).sum();
    }

    @Override
    protected void sweep(Instant now) {
        partitions().forEach(work -> work.memory().dropBefore(now.minus(settings.ledgerMemory())));
    }

    @Override
    protected DeliveryStatus.Snapshot snapshot(Optional<String> notReady) {
        return new DeliveryStatus.Snapshot(
                notReady,
                partitions().stream().mapToInt(PartitionWork::pending).sum(),
                partitions().stream().mapToInt(PartitionWork::heldCount).sum(),
                sender.inFlight(),
                partitions().stream().mapToInt(work -> work.memory().size()).sum(),
                partitions().stream()
                        .flatMap(work -> work.oldestOpen().stream())
                        .min(Instant::compareTo),
                partitions().stream().anyMatch(work -> work.partition().partition() == 0));
    }

    @Override
    protected void close() {
        lanes.close();
        factFinder.close();
        requestReader.close();
    }
}
