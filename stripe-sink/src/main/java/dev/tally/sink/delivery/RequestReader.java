package dev.tally.sink.delivery;

import dev.tally.schemas.BillableFact;
import dev.tally.schemas.LedgerEntry;
import dev.tally.schemas.serde.Decoded;
import dev.tally.schemas.serde.RecordSerde;
import dev.tally.schemas.serde.RegistryUnavailableException;
import dev.tally.sink.delivery.FactReader.Intake;
import dev.tally.sink.reporting.Fact;
import dev.tally.sink.reporting.Known;
import dev.tally.sink.reporting.Outcome;
import dev.tally.sink.reporting.ReplayRules;
import dev.tally.sink.reporting.ReplayStep;
import java.time.Duration;
import java.time.Instant;
import java.util.Collection;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import org.apache.kafka.clients.consumer.CloseOptions;
import org.apache.kafka.clients.consumer.Consumer;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.ConsumerRecords;
import org.apache.kafka.clients.consumer.OffsetAndTimestamp;
import org.apache.kafka.common.TopicPartition;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Reads the requests about facts of the partitions that this instance owns: to replay what has ended, and to confirm what was taken into
 * Stripe's stream. No position is kept: who takes over a partition reads all of its requests that can matter, and the ledger tells which were
 * granted, and which of those are not done yet. So only the owner of a fact's ledger ever grants one, and none twice or against what it has
 * written meanwhile.
 */
final class RequestReader implements AutoCloseable {
    private static final Logger log = LoggerFactory.getLogger(RequestReader.class);
    private static final Duration REGISTRY_PAUSE = Duration.ofSeconds(1);

    private final Consumer<byte[], byte[]> consumer;
    private final String topic;
    private final RecordSerde<BillableFact> facts;
    private final RecordSerde<LedgerEntry> entries;
    private final DeliveryListener listener;
    private final int maxPending;
    private final Map<TopicPartition, PartitionWork> followed = new HashMap<>();

    /** What was refused before this was told by an earlier owner, or by this instance. */
    private final Map<TopicPartition, Instant> followedSince = new HashMap<>();

    /** Reads with the consumer given, which it closes. */
    RequestReader(
            Consumer<byte[], byte[]> consumer,
            String topic,
            RecordSerde<BillableFact> facts,
            RecordSerde<LedgerEntry> entries,
            DeliveryListener listener,
            int maxPending) {
        this.consumer = consumer;
        this.topic = topic;
        this.facts = facts;
        this.entries = entries;
        this.listener = listener;
        this.maxPending = maxPending;
    }

    /**
     * Takes what has arrived for the partitions given, without waiting.
     *
     * @param works all that are owned
     * @param oldest before which no request is looked at that was not before
     */
    void read(Collection<PartitionWork> works, Instant oldest, Instant now, Intake into) {
        follow(works, oldest, now);
        if (followed.isEmpty()) {
            return;
        }
        followed.forEach((requests, work) -> {
            if (work.openCount() >= maxPending || work.isBlocked(now)) {
                consumer.pause(List.of(requests));
            } else {
                consumer.resume(List.of(requests));
            }
        });
        ConsumerRecords<byte[], byte[]> records = consumer.poll(Duration.ZERO);
        for (TopicPartition requests : records.partitions()) {
            take(Objects.requireNonNull(followed.get(requests)), records.records(requests), now, into);
        }
    }

    private void follow(Collection<PartitionWork> works, Instant oldest, Instant now) {
        Map<TopicPartition, PartitionWork> loaded = new HashMap<>();
        for (PartitionWork work : works) {
            if (work.isReady()) {
                loaded.put(new TopicPartition(topic, work.partition().partition()), work);
            }
        }
        if (loaded.equals(followed)) {
            return;
        }
        Set<TopicPartition> gained = new HashSet<>(loaded.keySet());
        gained.removeIf(requests -> followed.get(requests) == loaded.get(requests));
        followed.clear();
        followed.putAll(loaded);
        consumer.assign(loaded.keySet());
        followedSince.keySet().retainAll(loaded.keySet());
        gained.forEach(requests -> followedSince.put(requests, now));
        for (TopicPartition requests : gained) {
            OffsetAndTimestamp begin = consumer.offsetsForTimes(Map.of(requests, oldest.toEpochMilli()))
                    .get(requests);
            if (begin == null) {
                consumer.seekToBeginning(List.of(requests));
            } else {
                consumer.seek(requests, begin.offset());
            }
        }
    }

    private void take(PartitionWork work, List<ConsumerRecord<byte[], byte[]>> records, Instant now, Intake into) {
        for (ConsumerRecord<byte[], byte[]> record : records) {
            try {
                take(work, record, now, into);
            } catch (RegistryUnavailableException away) {
                consumer.seek(new TopicPartition(record.topic(), record.partition()), record.offset());
                work.blockUntil(now.plus(REGISTRY_PAUSE));
                return;
            }
        }
    }

    private void take(PartitionWork work, ConsumerRecord<byte[], byte[]> record, Instant now, Intake into) {
        if (ConfirmRequests.isOne(record)) {
            confirm(work, record, now, into);
        } else {
            replay(work, record, now, into);
        }
    }

    /** What is in Stripe's sums is accepted, unless the ledger knows better by now. */
    private void confirm(PartitionWork work, ConsumerRecord<byte[], byte[]> record, Instant now, Intake into) {
        if (!(entries.decode(topic, record.headers(), record.value())
                instanceof Decoded.Read<LedgerEntry>(LedgerEntry found))) {
            refused(record.offset(), record.partition(), "it cannot be read");
            return;
        }
        Known known = work.memory().find(found.getIdentifier());
        if (known != null && ConfirmRequests.isAbout(found, known)) {
            Settled confirmed = new Settled(
                    new FactRecord(
                            work.partition().topic(), record.partition(), record.offset(), now, record.key(), null),
                    ConfirmRequests.fact(found, known),
                    new Outcome.Confirmed(),
                    known.firstAttemptAt(),
                    known.keyNumber(),
                    null,
                    known.replay());
            work.memory().apply(LedgerEntries.outcome(confirmed, now));
            into.settled().add(confirmed);
            listener.requested("confirmed");
        }
    }

    private void replay(PartitionWork work, ConsumerRecord<byte[], byte[]> record, Instant now, Intake into) {
        Optional<ReplayRequests.Asked> asked =
                ReplayRequests.read(record, work.partition().topic());
        if (asked.isPresent()
                && facts.decode(work.partition().topic(), record.headers(), record.value())
                        instanceof Decoded.Read<BillableFact>(BillableFact billable)) {
            take(work, asked.get(), Facts.of(billable), now, into);
        } else {
            refused(record.offset(), record.partition(), "it cannot be read");
        }
    }

    private void take(PartitionWork work, ReplayRequests.Asked asked, Fact fact, Instant now, Intake into) {
        FactRecord origin = asked.origin();
        switch (ReplayRules.judge(fact, work.memory().find(fact.identifier()), asked.request(), now)) {
            case ReplayStep.TakeUp(Fact sent, var attempts, Instant firstAttemptAt, var replay) -> {
                work.openAlone(fact.identifier());
                into.begin(new Delivery(work, origin, sent, attempts, firstAttemptAt, replay), now);
                listener.requested("taken_up");
                log.atInfo()
                        .addKeyValue("partition", origin.partition())
                        .addKeyValue("offset", origin.offset())
                        .addKeyValue("replay", replay.number())
                        .log("A fact that had ended is taken up again");
            }
            case ReplayStep.Resume(Fact sent, var attempts, Instant firstAttemptAt, var replay) -> {
                // Its record may have been read again before.
                if (!work.isOpen(fact.identifier())) {
                    work.openAlone(fact.identifier());
                    into.goOn(new Delivery(work, origin, sent, attempts, firstAttemptAt, replay));
                    listener.requested("resumed");
                }
            }
            case ReplayStep.Done() -> {}
            case ReplayStep.Refused(String why) -> {
                Instant since = followedSince.get(new TopicPartition(topic, origin.partition()));
                if (!asked.request().isOver(Objects.requireNonNull(since))) {
                    refused(origin.offset(), origin.partition(), why);
                }
            }
        }
    }

    private void refused(long offset, int partition, String why) {
        listener.requested("refused");
        log.atWarn()
                .addKeyValue("partition", partition)
                .addKeyValue("offset", offset)
                .addKeyValue("reason", why)
                .log("A request to replay a fact was refused; nothing is changed");
    }

    @Override
    public void close() {
        consumer.close(CloseOptions.timeout(Duration.ofSeconds(5)));
    }
}
