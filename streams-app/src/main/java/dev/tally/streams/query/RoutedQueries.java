package dev.tally.streams.query;

import dev.tally.keys.Subject;
import dev.tally.schemas.AdmissionDecision;
import dev.tally.schemas.topics.Topics;
import dev.tally.streams.query.Owners.Owner;
import dev.tally.streams.state.AdmissionState;
import dev.tally.streams.state.CatalogueKind;
import dev.tally.streams.state.Freshness.Stage;
import dev.tally.streams.state.Totals.Total;
import java.time.Instant;
import java.time.InstantSource;
import java.time.LocalDate;
import java.time.ZoneOffset;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeSet;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/**
 * Answers about any subject, wherever it is kept. A user's counts and its limits may be on two instances; each is asked directly, the
 * intake first.
 */
public final class RoutedQueries implements UsageQueries, AdmissionStates {

    private final Router router;
    private final Router background;
    private final Owners owners;
    private final Topics topics;
    private final InstantSource clock;

    /**
     * Queries of one instance.
     *
     * @param here what this instance can answer by itself
     * @param others the way to the other instances
     * @param forwarded counts what others were asked for
     * @param clock for the current day
     */
    public RoutedQueries(
            Owners owners,
            Topics topics,
            LocalAnswers here,
            InstanceClient others,
            ForwardedReads forwarded,
            InstantSource clock) {
        this(
                owners,
                topics,
                new Router(owners, topics, here, others, forwarded),
                new Router(owners, topics, here, others.inBackground(), forwarded),
                clock);
    }

    RoutedQueries(Owners owners, Topics topics, Router router, Router background, InstantSource clock) {
        this.router = router;
        this.background = background;
        this.owners = owners;
        this.topics = topics;
        this.clock = clock;
    }

    @Override
    public Answer<Usage> usage(Subject subject, String meter, LocalDate day) {
        return switch (subject.kind()) {
            case USER ->
                router.ask(new Question.OfUserDay(subject, day))
                        .flatMap(totals -> router.ask(new Question.OfUsage(subject, meter, day, totals.get(meter))));
            case ORG -> router.ask(new Question.OfUsage(subject, meter, day, null));
        };
    }

    @Override
    public Answer<List<DayUsage>> history(Subject subject, String meter, LocalDate from, LocalDate to) {
        return router.ask(new Question.OfHistory(subject, meter, from, to));
    }

    @Override
    public Answer<Breakdown> breakdown(Subject org, Dimension by, String meter, LocalDate from, LocalDate to) {
        return router.ask(new Question.OfBreakdown(org, by, meter, from, to));
    }

    @Override
    public Answer<List<LimitRow>> limits(Subject subject) {
        Instant now = clock.instant();
        return switch (subject.kind()) {
            case USER ->
                router.ask(new Question.OfUserDay(subject, LocalDate.ofInstant(now, ZoneOffset.UTC)))
                        .flatMap(totals -> router.ask(new Question.OfLimits(subject, now, limitUsed(totals))));
            case ORG -> router.ask(new Question.OfLimits(subject, now, Map.of()));
        };
    }

    private static Map<String, Long> limitUsed(Map<String, Total> totals) {
        Map<String, Long> limitUsed = new HashMap<>();
        totals.forEach((meter, total) -> limitUsed.put(meter, total.limitUsed()));
        return limitUsed;
    }

    @Override
    public Answer<BillingPeriod> billing(Subject subject, @Nullable LocalDate in) {
        return router.ask(new Question.OfBilling(subject, in));
    }

    @Override
    public Answer<SubscriptionInForce> subscription(Subject subject) {
        return router.ask(new Question.OfSubscription(subject));
    }

    @Override
    public Answer<AdmissionDecision> find(Subject payer, String actionId) {
        return router.ask(new Question.OfAdmission(payer, actionId))
                .flatMap(stored -> decoded(stored, AdmissionState::fromBytes))
                .map(state -> state.orElseThrow().decision());
    }

    /** A record of the catalogue as the accounts stage of a subject goes by it; never a copy's, because changes go by it. */
    <T> Answer<Optional<T>> catalogueRecord(
            Subject subject, CatalogueKind kind, String key, Function<byte[], T> decoding) {
        return router.askOwner(new Question.OfCatalogueRecord(subject, kind, key))
                .flatMap(stored -> decoded(stored, decoding));
    }

    /** What another instance stores may be of a later version than this one reads. */
    private static <T> Answer<Optional<T>> decoded(Stored stored, Function<byte[], T> decoding) {
        try {
            return new Answer.Found<>(stored.bytes().map(decoding), false);
        } catch (IllegalStateException e) {
            return new Answer.NotReady<>(
                    "what the owner stores cannot be read here: " + e.getMessage(), LocalStores.RETRY_AFTER);
        }
    }

    @Override
    public Answer<List<PartitionWatermark>> watermarks() {
        return intake().map(IntakeFigures::watermarks);
    }

    @Override
    public Answer<List<Conservation>> conservation() {
        return intake().map(IntakeFigures::conservation);
    }

    /** Each partition is asked for once, of the instance that works on it: a sum without one of them, or with one twice, would be wrong. */
    private Answer<IntakeFigures> intake() {
        Map<Owner, TreeSet<Integer>> byOwner = new HashMap<>();
        for (int partition = 0; partition < topics.actionsPartitions(); partition++) {
            byOwner.computeIfAbsent(owners.of(new Part(Stage.INTAKE, partition)), any -> new TreeSet<>())
                    .add(partition);
        }
        Answer<IntakeFigures> all = new Answer.Found<>(new IntakeFigures(List.of(), List.of()), false);
        for (TreeSet<Integer> partitions : byOwner.values()) {
            all = all.flatMap(
                    sum -> router.askOwner(new Question.OfIntake(partitions)).map(sum::plus));
        }
        return all;
    }

    @Override
    public RoutedQueries atOnce() {
        return new RoutedQueries(owners, topics, router.alone(), background, clock);
    }

    @Override
    public RoutedQueries inBackground() {
        return new RoutedQueries(owners, topics, background, background, clock);
    }
}
