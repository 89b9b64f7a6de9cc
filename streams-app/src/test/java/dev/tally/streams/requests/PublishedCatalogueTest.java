package dev.tally.streams.requests;

import static org.assertj.core.api.Assertions.assertThat;

import dev.tally.keys.Subject;
import dev.tally.schemas.Grant;
import dev.tally.schemas.Phase;
import dev.tally.schemas.Subscription;
import dev.tally.schemas.SubscriptionStatus;
import dev.tally.schemas.catalogue.Catalogue;
import dev.tally.schemas.serde.RecordSerdes;
import dev.tally.schemas.testing.RegistryFake;
import dev.tally.schemas.topics.Topics;
import dev.tally.streams.query.Answer;
import dev.tally.streams.query.CatalogueInForce;
import dev.tally.streams.requests.CatalogueWrites.Written;
import dev.tally.streams.state.CatalogueKind;
import dev.tally.streams.state.CatalogueRecords;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CountDownLatch;
import org.apache.avro.specific.SpecificRecord;
import org.apache.kafka.clients.producer.MockProducer;
import org.apache.kafka.common.errors.TimeoutException;
import org.apache.kafka.common.serialization.ByteArraySerializer;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

class PublishedCatalogueTest {

    private static final Instant ANCHOR = Instant.parse("2026-11-01T00:00:00Z");
    private static final Subject ORG = Subject.org("o1");
    private static final Answer<Written> IN_FORCE = new Answer.Found<>(Written.IN_FORCE, false);
    private static final Answer<Written> PUBLISHED = new Answer.Found<>(Written.PUBLISHED, false);

    private final RegistryFake registry = RegistryFake.start();
    private final RecordSerdes serdes =
            new RecordSerdes(Map.of("schema.registry.url", registry.url(), "auto.register.schemas", true));
    private final MockProducer<byte[], byte[]> producer =
            new MockProducer<>(true, null, new ByteArraySerializer(), new ByteArraySerializer());
    private final Stores stores = new Stores();
    private final PublishedCatalogue catalogue = catalogue(Duration.ofMillis(50));

    @AfterEach
    void close() {
        serdes.close();
        registry.close();
    }

    @Test
    void shouldAnswerWhatIsInForce() {
        // Given
        stores.put(subscription(1L));

        // When
        Answer<Written> written = catalogue.publish(subscription(1L));

        // Then
        assertThat(written).isEqualTo(IN_FORCE);
        assertThat(producer.history()).hasSize(1);
    }

    @Test
    void shouldPublishWhatIsInForceOverWhatIsNotYet() {
        // Given
        stores.put(subscription(1L));
        Answer<Written> other = catalogue.publish(subscription(2L));

        // When
        Answer<Written> back = catalogue.publish(subscription(1L));

        // Then nothing is claimed to be in force that another record is still to replace
        assertThat(other).isEqualTo(PUBLISHED);
        assertThat(back).isEqualTo(PUBLISHED);
        assertThat(producer.history()).hasSize(2);

        // When both have come
        stores.put(subscription(2L));
        Optional<Subscription> inBetween = subscription();
        stores.put(subscription(1L));

        // Then
        assertThat(inBetween).hasValue(subscription(1L));
        assertThat(catalogue.publish(subscription(1L))).isEqualTo(IN_FORCE);
    }

    @Test
    void shouldGoByWhatIsPublishedAndNotYetInForce() {
        // Given
        stores.put(subscription(1L));
        catalogue.publish(subscription(2L));

        // When
        Optional<Subscription> pending = subscription();
        catalogue.publish(subscription(3L));
        stores.put(subscription(2L));
        Optional<Subscription> half = subscription();
        stores.put(subscription(3L));
        Optional<Subscription> whole = subscription();
        stores.put(subscription(4L));
        Optional<Subscription> others = subscription();

        // Then
        assertThat(pending).hasValue(subscription(2L));
        assertThat(half).hasValue(subscription(3L));
        assertThat(whole).hasValue(subscription(3L));
        assertThat(others).hasValue(subscription(4L));
    }

    @Test
    void shouldGoByWhatOthersHaveWrittenMeanwhile() {
        // Given
        catalogue.publish(subscription(1L));

        // When
        stores.put(subscription(9L));
        Optional<Subscription> others = subscription();
        stores.remove(subscription(9L));

        // Then
        assertThat(others).hasValue(subscription(9L));
        assertThat(subscription()).isEmpty();
    }

    @Test
    void shouldKnowAGrantThatIsNotYetInForce() {
        // Given
        Grant grant = new Grant(ORG.text(), "g1", "credits", 100L, ANCHOR, null);

        // When
        Answer<Written> written = catalogue.publish(grant);

        // Then
        assertThat(written).isEqualTo(PUBLISHED);
        assertThat(catalogue.grant(ORG, "g1")).isEqualTo(new Answer.Found<>(Optional.of(grant), false));
        assertThat(catalogue.grant(ORG, "g2")).isEqualTo(new Answer.Found<>(Optional.empty(), false));
    }

    @Test
    void shouldNotGoByGrantsThatMayBeBehind() {
        // Given
        stores.stale = true;

        // When / Then
        assertThat(catalogue.grant(ORG, "g1")).isInstanceOf(Answer.NotReady.class);
    }

    @Test
    void shouldGoByWhatMayHaveArrived() {
        // Given
        producer.sendException = new TimeoutException("no broker");

        // When
        Answer<Written> written = catalogue.publish(subscription(1L));

        // Then
        assertThat(written).isInstanceOf(Answer.NotReady.class);
        assertThat(subscription()).hasValue(subscription(1L));
    }

    @Test
    void shouldNotWaitWithoutALimitForOtherChanges() throws Exception {
        // Given
        CountDownLatch begun = new CountDownLatch(1);
        CountDownLatch end = new CountDownLatch(1);
        CompletableFuture<Boolean> other = CompletableFuture.supplyAsync(() -> catalogue.alone(ORG, () -> {
            begun.countDown();
            await(end);
        }));
        begun.await();

        // When
        boolean made = catalogue.alone(ORG, () -> {
            throw new AssertionError("not alone");
        });
        end.countDown();

        // Then
        assertThat(made).isFalse();
        assertThat(other.get()).isTrue();
        assertThat(catalogue.alone(ORG, () -> {})).isTrue();
    }

    private static void await(CountDownLatch latch) {
        try {
            latch.await();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    private PublishedCatalogue catalogue(Duration inForceWithin) {
        return new PublishedCatalogue(new RecordSender(producer), serdes, new Topics("", 1, 1), stores, inForceWithin);
    }

    private Optional<Subscription> subscription() {
        return catalogue.around(ORG) instanceof Answer.Found<Catalogue>(Catalogue found, boolean ignored)
                ? found.subscriptions().stream().findFirst()
                : Optional.empty();
    }

    private static Subscription subscription(long overageCap) {
        return new Subscription(
                ORG.text(),
                null,
                null,
                ANCHOR,
                SubscriptionStatus.ACTIVE,
                List.of(new Phase("team", 1, ANCHOR)),
                List.of(),
                null,
                null,
                overageCap,
                List.of(),
                List.of());
    }

    /** Stores that a test fills; intake and accounts stage have the same. */
    private static final class Stores implements CatalogueInForce {
        private final Map<String, SpecificRecord> records = new ConcurrentHashMap<>();
        private boolean stale;

        void put(SpecificRecord record) {
            records.put(key(CatalogueKind.of(record), CatalogueRecords.keyOf(record)), record);
        }

        void remove(SpecificRecord record) {
            records.remove(key(CatalogueKind.of(record), CatalogueRecords.keyOf(record)));
        }

        @Override
        public Answer<Catalogue> around(Subject subject) {
            return ofIntake(CatalogueKind.SUBSCRIPTION, subject.text())
                    .map(found -> new Catalogue(
                            List.of(),
                            List.of(),
                            found.stream().map(Subscription.class::cast).toList(),
                            List.of(),
                            List.of()));
        }

        @Override
        public Answer<Optional<SpecificRecord>> ofIntake(CatalogueKind kind, String key) {
            return new Answer.Found<>(Optional.ofNullable(records.get(key(kind, key))), false);
        }

        @Override
        public Answer<Optional<SpecificRecord>> ofAccounts(Subject subject, CatalogueKind kind, String key) {
            return new Answer.Found<>(Optional.ofNullable(records.get(key(kind, key))), stale);
        }

        private static String key(CatalogueKind kind, String key) {
            return kind + " " + key;
        }
    }
}
