package dev.tally.streams.http;

import dev.tally.keys.Subject;
import dev.tally.schemas.Aggregation;
import dev.tally.schemas.Beyond;
import dev.tally.schemas.Grant;
import dev.tally.schemas.Limit;
import dev.tally.schemas.LimitWindow;
import dev.tally.schemas.Meter;
import dev.tally.schemas.PayerKind;
import dev.tally.schemas.Plan;
import dev.tally.schemas.Report;
import dev.tally.schemas.Scope;
import dev.tally.schemas.Subscription;
import dev.tally.schemas.catalogue.Catalogue;
import dev.tally.streams.query.Answer;
import dev.tally.streams.requests.CatalogueWrites;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CopyOnWriteArrayList;
import org.apache.avro.specific.SpecificRecord;
import org.jspecify.annotations.Nullable;

/** A catalogue in which what is published is in force at once. It has the meter {@code credits} and the plans {@code pro} and {@code team}. */
final class CatalogueInMemory implements CatalogueWrites {

    private static final Limit POOL =
            new Limit(Scope.ORG, "credits", LimitWindow.PERIOD, null, Beyond.REJECT, List.of());

    final List<SpecificRecord> published = new CopyOnWriteArrayList<>();
    private final Map<String, Subscription> subscriptions = new ConcurrentHashMap<>();
    private final Map<String, Grant> grants = new ConcurrentHashMap<>();
    private Written written = Written.IN_FORCE;
    private @Nullable String away;
    private boolean busy;

    /** From now on subjects are on another instance. */
    void moveElsewhere() {
        written = Written.PUBLISHED;
    }

    /** From now on another change is being made. */
    void beBusy() {
        busy = true;
    }

    /** From now on nothing can be read or written. */
    void goAway(String reason) {
        away = reason;
    }

    @Override
    public Answer<Catalogue> around(Subject subject) {
        return unlessAway(new Catalogue(
                List.of(new Meter("credits", Aggregation.SUM, List.of("credits"), null, List.of(), null)),
                List.of(
                        new Plan("pro", 1, PayerKind.USER, List.of(), List.of(), null, Report.OVERAGE),
                        new Plan("team", 1, PayerKind.ORG, List.of(POOL), List.of(), null, Report.OVERAGE)),
                Optional.ofNullable(subscriptions.get(subject.text())).stream().toList(),
                List.of(),
                List.of()));
    }

    @Override
    public Answer<Optional<Grant>> grant(Subject subject, String grantId) {
        return unlessAway(Optional.ofNullable(grants.get(subject.text() + "/" + grantId)));
    }

    @Override
    public synchronized boolean alone(Subject subject, Runnable change) {
        if (!busy) {
            change.run();
        }
        return !busy;
    }

    @Override
    public Answer<Written> publish(SpecificRecord record) {
        if (away == null) {
            published.add(record);
            if (record instanceof Subscription subscription) {
                subscriptions.put(subscription.getSubject(), subscription);
            } else if (record instanceof Grant grant) {
                grants.put(grant.getSubject() + "/" + grant.getGrantId(), grant);
            }
        }
        return unlessAway(written);
    }

    private <T> Answer<T> unlessAway(T value) {
        return away == null ? new Answer.Found<>(value, false) : new Answer.NotReady<>(away, Duration.ofSeconds(1));
    }
}
