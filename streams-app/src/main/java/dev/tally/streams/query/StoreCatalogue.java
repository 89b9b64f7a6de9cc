package dev.tally.streams.query;

import dev.tally.keys.Subject;
import dev.tally.schemas.Meter;
import dev.tally.schemas.Plan;
import dev.tally.schemas.Subscription;
import dev.tally.schemas.catalogue.Catalogue;
import dev.tally.schemas.topics.Topics;
import dev.tally.streams.metering.MeterSet;
import dev.tally.streams.metering.Payers;
import dev.tally.streams.state.AccountCatalogue;
import dev.tally.streams.state.CatalogueKind;
import dev.tally.streams.state.CatalogueView;
import java.time.InstantSource;
import java.util.List;
import java.util.Optional;
import java.util.function.Supplier;
import org.apache.avro.specific.SpecificRecord;
import org.apache.kafka.streams.KafkaStreams;
import org.jspecify.annotations.Nullable;

/** The catalogue in force: as the intake of this instance goes by it, and as the accounts stage has it, wherever a subject is. */
public final class StoreCatalogue implements AdmissionTerms, CatalogueInForce {

    private final LocalStores stores;
    private final RoutedQueries routed;
    private final CatalogueView intake;
    private final AccountCatalogue.CatalogueSerdes serdes;
    private final InstantSource clock;

    /** The catalogue of a running topology. */
    public StoreCatalogue(
            KafkaStreams streams,
            Topics topics,
            StoreUsageQueries.Topology topology,
            RoutedQueries routed,
            InstantSource clock) {
        this.stores = new LocalStores(streams, topics, topology.freshness(), clock);
        this.routed = routed;
        this.intake = topology.catalogue();
        this.serdes = topology.catalogueSerdes();
        this.clock = clock;
    }

    @Override
    public Answer<MeterSet> meters() {
        return ofIntake(intake::meters);
    }

    @Override
    public Answer<Subject> payer(String userId, @Nullable String orgId) {
        return ofIntake(() -> orgId != null && orgPays(Subject.org(orgId)) ? Subject.org(orgId) : Subject.user(userId));
    }

    private boolean orgPays(Subject org) {
        return Payers.orgPays(intake.subscription(org).orElse(null), clock.instant(), intake);
    }

    @Override
    public Answer<Catalogue> around(Subject subject) {
        return ofIntake(() -> new Catalogue(
                all(CatalogueKind.METER, Meter.class),
                all(CatalogueKind.PLAN, Plan.class),
                intake.record(CatalogueKind.SUBSCRIPTION, subject.text()).stream()
                        .map(Subscription.class::cast)
                        .toList(),
                List.of(),
                List.of()));
    }

    private <T> List<T> all(CatalogueKind kind, Class<T> type) {
        return intake.records(kind).stream().map(type::cast).toList();
    }

    private <T> Answer<T> ofIntake(Supplier<T> value) {
        return intake.isComplete()
                ? stores.answer(() -> new Answer.Found<>(value.get(), false))
                : new Answer.NotReady<>("the catalogue is being read", LocalStores.RETRY_AFTER);
    }

    @Override
    public Answer<Optional<SpecificRecord>> ofIntake(CatalogueKind kind, String key) {
        return ofIntake(() -> intake.record(kind, key));
    }

    @Override
    public Answer<Optional<SpecificRecord>> ofAccounts(Subject subject, CatalogueKind kind, String key) {
        return routed.catalogueRecord(subject, kind, key, stored -> serdes.read(kind, stored));
    }
}
