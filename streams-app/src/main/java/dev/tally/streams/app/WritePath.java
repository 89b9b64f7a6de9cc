package dev.tally.streams.app;

import dev.tally.keys.Subject;
import dev.tally.schemas.Subscription;
import dev.tally.schemas.serde.RecordSerdes;
import dev.tally.schemas.topics.Topics;
import dev.tally.streams.alerts.LoggedAlerts;
import dev.tally.streams.facts.LoggedFacts;
import dev.tally.streams.query.AdmissionStates;
import dev.tally.streams.query.Answer;
import dev.tally.streams.query.StoreCatalogue;
import dev.tally.streams.requests.CommittedDecisions;
import dev.tally.streams.requests.LoggedAdmissions;
import dev.tally.streams.requests.PublishedCatalogue;
import dev.tally.streams.requests.RecordSender;
import dev.tally.streams.requests.Requests;
import dev.tally.streams.requests.SubjectLog;
import dev.tally.streams.state.CatalogueKind;
import dev.tally.streams.topology.MeteringTopology;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.Map;
import java.util.Optional;
import java.util.function.Function;

/** What takes callers' requests to a topology and brings back what came of them. */
final class WritePath implements AutoCloseable {

    private static final Duration DECISION_WITHIN = Duration.ofSeconds(5);
    private static final Duration IN_FORCE_WITHIN = Duration.ofSeconds(10);

    private final RecordSender sender;
    private final CommittedDecisions decisions;
    private final Requests requests;

    private WritePath(RecordSender sender, CommittedDecisions decisions, Requests requests) {
        this.sender = sender;
        this.decisions = decisions;
        this.requests = requests;
    }

    /** Opens the way to a topology's input and outputs. */
    static WritePath open(
            Map<String, Object> client,
            MeteringTopology topology,
            RecordSerdes serdes,
            Topics topics,
            Stores stores,
            InstantSource clock) {
        RecordSender sender = RecordSender.open(client);
        return new WritePath(
                sender,
                new CommittedDecisions(client, topics, serdes, topology.decisions()),
                new Requests(
                        new LoggedAdmissions(
                                new SubjectLog(sender, topology::subjectLogRecord),
                                topology.decisions(),
                                stores.admissions(),
                                stores.anywhere(),
                                stores.catalogue(),
                                clock,
                                DECISION_WITHIN),
                        new PublishedCatalogue(sender, serdes, topics, stores.catalogue(), IN_FORCE_WITHIN),
                        new LoggedFacts(
                                client, topics, serdes, anchors(stores.catalogue()), LoggedFacts.Bounds.USUAL, clock),
                        new LoggedAlerts(client, topics, serdes, LoggedAlerts.Bounds.USUAL)));
    }

    private static Function<Subject, Answer<Optional<Instant>>> anchors(StoreCatalogue catalogue) {
        return payer -> catalogue
                .ofIntake(CatalogueKind.SUBSCRIPTION, payer.text())
                .map(known -> known.map(record -> ((Subscription) record).getAnchor()));
    }

    /**
     * What of the state is looked at.
     *
     * @param admissions those that are kept here
     * @param anywhere all of them
     */
    record Stores(StoreCatalogue catalogue, AdmissionStates admissions, AdmissionStates anywhere) {}

    /** Begins to learn what other instances decide. */
    void start() {
        decisions.start();
    }

    Requests requests() {
        return requests;
    }

    @Override
    public void close() {
        decisions.close();
        sender.close();
    }
}
