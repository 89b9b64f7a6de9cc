package dev.tally.streams.requests;

import dev.tally.keys.Keys;
import dev.tally.keys.Subject;
import dev.tally.schemas.Grant;
import dev.tally.schemas.Membership;
import dev.tally.schemas.Subscription;
import dev.tally.schemas.catalogue.Catalogue;
import dev.tally.schemas.serde.RecordSerde;
import dev.tally.schemas.serde.RecordSerdes;
import dev.tally.schemas.topics.Topics;
import dev.tally.streams.query.Answer;
import dev.tally.streams.query.CatalogueInForce;
import dev.tally.streams.state.CatalogueKind;
import dev.tally.streams.state.CatalogueRecords;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.Lock;
import java.util.concurrent.locks.LockSupport;
import java.util.concurrent.locks.ReentrantLock;
import java.util.stream.Stream;
import org.apache.avro.specific.SpecificRecord;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.KafkaException;
import org.jspecify.annotations.Nullable;

/** Writes to the catalogue topics, and looks in the stores when what was written is in force. */
public final class PublishedCatalogue implements CatalogueWrites {

    private static final Duration RETRY_AFTER = Duration.ofSeconds(1);
    private static final Duration LOOK_EVERY = Duration.ofMillis(20);
    private static final int LOCKS = 64;

    private final RecordSender sender;
    private final RecordSerdes serdes;
    private final Topics topics;
    private final CatalogueInForce inForce;
    private final Duration inForceWithin;
    private final Unconfirmed unconfirmed = new Unconfirmed(System::nanoTime);
    private final List<Lock> locks =
            Stream.<Lock>generate(ReentrantLock::new).limit(LOCKS).toList();

    /** @param inForceWithin how long to wait for what was written to be in force, and for other changes of a subject to be made */
    public PublishedCatalogue(
            RecordSender sender, RecordSerdes serdes, Topics topics, CatalogueInForce inForce, Duration inForceWithin) {
        this.sender = sender;
        this.serdes = serdes;
        this.topics = topics;
        this.inForce = inForce;
        this.inForceWithin = inForceWithin;
    }

    @Override
    public Answer<Catalogue> around(Subject subject) {
        return inForce.around(subject)
                .map(found -> new Catalogue(
                        found.meters(),
                        found.plans(),
                        unconfirmed
                                .newest(
                                        CatalogueKind.SUBSCRIPTION,
                                        subject.text(),
                                        found.subscriptions().stream()
                                                .map(SpecificRecord.class::cast)
                                                .findFirst())
                                .stream()
                                .map(Subscription.class::cast)
                                .toList(),
                        found.grants(),
                        found.memberships()));
    }

    @Override
    public Answer<Optional<Grant>> grant(Subject subject, String grantId) {
        String key = Keys.grant(subject, grantId);
        Answer<Optional<SpecificRecord>> known = inForce.ofAccounts(subject, CatalogueKind.GRANT, key);
        if (known instanceof Answer.Found<Optional<SpecificRecord>>(Optional<SpecificRecord> ignored, boolean stale)
                && stale) {
            // A grant that came meanwhile would be overwritten.
            return new Answer.NotReady<>("what is known of this subject may be behind", RETRY_AFTER);
        }
        return known.map(
                found -> unconfirmed.newest(CatalogueKind.GRANT, key, found).map(Grant.class::cast));
    }

    @Override
    public boolean alone(Subject subject, Runnable change) {
        Lock lock = locks.get(Math.floorMod(subject.text().hashCode(), LOCKS));
        if (!isMine(lock)) {
            return false;
        }
        try {
            change.run();
            return true;
        } finally {
            lock.unlock();
        }
    }

    private boolean isMine(Lock lock) {
        try {
            return lock.tryLock(inForceWithin.toNanos(), TimeUnit.NANOSECONDS);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            return false;
        }
    }

    @Override
    public Answer<Written> publish(SpecificRecord record) {
        CatalogueKind kind = CatalogueKind.of(record);
        String key = CatalogueRecords.keyOf(record);
        try {
            // Also what is in force is published: another record of its key may be on its way, through this instance or
            // another.
            ProducerRecord<byte[], byte[]> published = new ProducerRecord<>(
                    kind.topic(topics), key.getBytes(StandardCharsets.UTF_8), bytes(kind.topic(topics), record));
            if (shown(kind, record) instanceof Answer.Found<Optional<SpecificRecord>> shown) {
                unconfirmed.publishing(kind, key, shown.value(), record);
            }
            var unused = sender.send(published).get();
            return new Answer.Found<>(awaitInForce(kind, record), false);
        } catch (ExecutionException | KafkaException e) {
            return new Answer.NotReady<>(
                    "Kafka or the schema registry cannot be reached; it may have been written, writing it again is safe",
                    RETRY_AFTER);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            return new Answer.NotReady<>("this instance is stopping", RETRY_AFTER);
        }
    }

    @SuppressWarnings("unchecked")
    private <T extends SpecificRecord> byte @Nullable [] bytes(String topic, T record) {
        RecordSerde<T> serde = serdes.of((Class<T>) record.getClass());
        return serde.serializer().serialize(topic, record);
    }

    private Written awaitInForce(CatalogueKind kind, SpecificRecord record) {
        long until = System.nanoTime() + inForceWithin.toNanos();
        while (System.nanoTime() < until && !Thread.currentThread().isInterrupted()) {
            switch (standing(kind, record)) {
                case IN_FORCE -> {
                    return Written.IN_FORCE;
                }
                case CANNOT_TELL -> {
                    return Written.PUBLISHED;
                }
                case NOT_YET -> LockSupport.parkNanos(LOOK_EVERY.toNanos());
            }
        }
        return Written.PUBLISHED;
    }

    private enum Standing {
        IN_FORCE,
        NOT_YET,
        CANNOT_TELL
    }

    /** What is in force under a record's key, as changes go by it: of what the intake needs, as the intake has it. */
    private Answer<Optional<SpecificRecord>> shown(CatalogueKind kind, SpecificRecord record) {
        String key = CatalogueRecords.keyOf(record);
        return kind.isNeededByIntake() ? inForce.ofIntake(kind, key) : inForce.ofAccounts(subject(record), kind, key);
    }

    private Standing standing(CatalogueKind kind, SpecificRecord record) {
        String key = CatalogueRecords.keyOf(record);
        Optional<SpecificRecord> wanted = Optional.of(record);
        // It may be in force from before, while what was published in between is still to come.
        if (shown(kind, record) instanceof Answer.Found<Optional<SpecificRecord>> shown
                && (!shown.value().equals(wanted) || unconfirmed.isPending(kind, key, shown.value()))) {
            return Standing.NOT_YET;
        }
        return switch (inForce.ofAccounts(subject(record), kind, key)) {
            case Answer.Found<Optional<SpecificRecord>>(Optional<SpecificRecord> held, boolean ignored) ->
                held.equals(wanted) ? Standing.IN_FORCE : Standing.NOT_YET;
            case Answer.FromStandby<Optional<SpecificRecord>> ignored -> Standing.CANNOT_TELL;
            case Answer.NotReady<Optional<SpecificRecord>> ignored -> Standing.CANNOT_TELL;
            case Answer.Absent<Optional<SpecificRecord>> ignored -> Standing.CANNOT_TELL;
            case Answer.OutOfRetention<Optional<SpecificRecord>> ignored -> Standing.CANNOT_TELL;
        };
    }

    /** In whose log a record comes to the accounts stage. */
    private static Subject subject(SpecificRecord record) {
        return switch (record) {
            case Subscription subscription -> Subject.parse(subscription.getSubject());
            case Grant grant -> Subject.parse(grant.getSubject());
            case Membership membership -> Subject.org(membership.getOrgId());
            default ->
                throw new IllegalArgumentException(record.getSchema().getFullName() + " concerns no single subject");
        };
    }
}
