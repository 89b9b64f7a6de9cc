package dev.tally.streams.query;

import dev.tally.keys.Subject;
import dev.tally.schemas.topics.Topics;
import dev.tally.streams.metering.Amounts;
import dev.tally.streams.metering.BillingCalendar;
import dev.tally.streams.metering.EffectiveLimits;
import dev.tally.streams.metering.EffectiveLimits.EffectiveLimit;
import dev.tally.streams.metering.LimitState;
import dev.tally.streams.metering.Period;
import dev.tally.streams.metering.PlanTerms.Window;
import dev.tally.streams.metering.Thresholds.Level;
import dev.tally.streams.state.AccountCatalogue;
import dev.tally.streams.state.AdmissionState;
import dev.tally.streams.state.CatalogueKind;
import dev.tally.streams.state.CatalogueView;
import dev.tally.streams.state.Freshness;
import dev.tally.streams.state.StoreKey;
import dev.tally.streams.state.StoreNames;
import dev.tally.streams.state.Totals;
import dev.tally.streams.state.Totals.Total;
import dev.tally.streams.state.WindowKeys;
import dev.tally.streams.state.WindowKeys.Length;
import dev.tally.streams.state.WindowKeys.SplitBy;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.time.LocalDate;
import java.time.ZoneOffset;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.function.Supplier;
import org.apache.kafka.common.utils.Bytes;
import org.apache.kafka.streams.KafkaStreams;
import org.apache.kafka.streams.state.KeyValueIterator;
import org.apache.kafka.streams.state.ReadOnlyKeyValueStore;
import org.jspecify.annotations.Nullable;

/**
 * Answers questions from the state stores of this instance. What is kept elsewhere, or is on its way, is {@link Answer.NotReady}.
 *
 * <p>A user's day counts come from the intake, where they show before the commit; everything else from the accounts stage.
 */
public final class StoreUsageQueries {

    private final LocalStores stores;
    private final Topics topics;
    private final Topology topology;
    private final CatalogueView catalogue;
    private final AccountCatalogue.CatalogueSerdes serdes;
    private final Duration retention;
    private final InstantSource clock;
    private final StoreBilling billing;
    private final StoreLimits limits;
    private final StoreIntake intake;

    /**
     * Queries over a running topology.
     *
     * @param topology whose state is asked
     * @param retention how long day windows are kept
     * @param clock for the current day, the limits in force and how stale an answer is
     */
    public StoreUsageQueries(
            KafkaStreams streams, Topics topics, Topology topology, Duration retention, InstantSource clock) {
        this(new LocalStores(streams, topics, topology.freshness(), clock), topics, topology, retention, clock);
    }

    private StoreUsageQueries(
            LocalStores stores, Topics topics, Topology topology, Duration retention, InstantSource clock) {
        this.stores = stores;
        this.topics = topics;
        this.topology = topology;
        this.catalogue = topology.catalogue();
        this.serdes = topology.catalogueSerdes();
        this.retention = retention;
        this.clock = clock;
        this.billing = new StoreBilling(stores, catalogue, this::accounts);
        this.limits = new StoreLimits(stores, billing, this::accounts);
        this.intake = new StoreIntake(stores, topics);
    }

    /** The same from copies too, however far behind. */
    StoreUsageQueries withCopies() {
        return new StoreUsageQueries(stores.withCopies(), topics, topology, retention, clock);
    }

    /**
     * What of a topology, besides its stores, is needed to read them.
     *
     * @param catalogue the intake's catalogue
     * @param catalogueSerdes serdes of the catalogue that the accounts stage keeps
     * @param freshness what stream threads note about their partitions
     */
    public record Topology(
            CatalogueView catalogue, AccountCatalogue.CatalogueSerdes catalogueSerdes, Freshness freshness) {}

    /** What a user has used on a day, by meter. */
    Answer<Map<String, Total>> userDay(Subject user, LocalDate day) {
        return kept(user, day, () -> {
            Totals totals = userDay(user, startOf(day));
            Map<String, Total> byMeter = new TreeMap<>();
            for (String meter : totals.meters()) {
                totals.of(meter).ifPresent(total -> byMeter.put(meter, total));
            }
            return stores.ofIntake(user, byMeter);
        });
    }

    private Totals userDay(Subject user, Instant day) {
        return Totals.ofNullable(stores.userDays(user).get(WindowKeys.userDay(user.id(), day)));
    }

    /**
     * A subject's usage beside its limit.
     *
     * @param ofUser what the user has used, which the accounts stage is told of later; null: nothing. Of an org without meaning
     */
    Answer<Usage> usage(Subject subject, String meter, LocalDate day, @Nullable Total ofUser) {
        return ofMeter(meter, Part.ofAccount(subject, topics), () -> switch (subject.kind()) {
            case USER -> stores.ofAccount(subject, usage(subject, meter, day, Optional.ofNullable(ofUser)));
            case ORG ->
                kept(
                        subject,
                        day,
                        () -> stores.ofAccount(
                                subject,
                                usage(
                                        subject,
                                        meter,
                                        day,
                                        stores.window(subject, Length.DAY, startOf(day))
                                                .of(meter))));
        });
    }

    private Usage usage(Subject subject, String meter, LocalDate day, Optional<Total> total) {
        Period window = BillingCalendar.day(startOf(day));
        Optional<EffectiveLimit> limit = limitsOf(subject).own(meter, Window.DAY);
        long limitUsed = total.map(Total::limitUsed).orElse(0L);
        Level level = limit.map(l -> Level.of(limitUsed, l.amount())).orElse(null);
        return new Usage(
                subject,
                meter,
                window.start(),
                window.end(),
                total.map(Total::used).orElse(0L),
                limitUsed,
                limit.map(EffectiveLimit::amount).orElse(null),
                LimitState.of(level, limit.map(EffectiveLimit::thresholds).orElse(List.of())),
                limit.map(l -> window.end()).orElse(null),
                total.map(Total::asOf).orElse(null));
    }

    /** One entry for each day from {@code from} to {@code to}, both inclusive. */
    Answer<List<DayUsage>> history(Subject subject, String meter, LocalDate from, LocalDate to) {
        return ofMeter(
                meter,
                Part.ofDays(subject, topics),
                () -> kept(subject, from, () -> {
                    List<DayUsage> days = from.datesUntil(to.plusDays(1))
                            .map(day ->
                                    new DayUsage(day, day(subject, startOf(day)).used(meter)))
                            .toList();
                    return switch (subject.kind()) {
                        case USER -> stores.ofIntake(subject, days);
                        case ORG -> stores.ofAccount(subject, days);
                    };
                }));
    }

    private Totals day(Subject subject, Instant day) {
        return switch (subject.kind()) {
            case USER -> userDay(subject, day);
            case ORG -> stores.window(subject, Length.DAY, day);
        };
    }

    /** An org's usage from {@code from} to {@code to}, both inclusive, split by one dimension. */
    Answer<Breakdown> breakdown(Subject org, Dimension by, String meter, LocalDate from, LocalDate to) {
        return ofMeter(
                meter,
                Part.ofAccount(org, topics),
                () -> kept(org, from, () -> {
                    Map<String, Long> used = new TreeMap<>();
                    ReadOnlyKeyValueStore<Bytes, byte[]> splits = stores.account(org, StoreNames.ACCOUNT_SPLITS);
                    from.datesUntil(to.plusDays(1)).forEach(day -> {
                        StoreKey rows = WindowKeys.splitRows(startOf(day), org.text(), splitBy(by));
                        try (KeyValueIterator<Bytes, byte[]> found = splits.range(rows.bytes(), rows.afterPrefix())) {
                            found.forEachRemaining(row -> {
                                long amount = Totals.fromBytes(row.value).used(meter);
                                if (amount > 0) {
                                    used.merge(WindowKeys.splitRow(row.key), amount, Amounts::plus);
                                }
                            });
                        }
                    });
                    List<Breakdown.Row> rows = new ArrayList<>();
                    used.forEach((key, amount) -> rows.add(new Breakdown.Row(key, amount)));
                    rows.sort(Comparator.comparingLong(Breakdown.Row::used)
                            .reversed()
                            .thenComparing(Breakdown.Row::key));
                    return stores.ofAccount(
                            org,
                            new Breakdown(
                                    rows,
                                    rows.stream().mapToLong(Breakdown.Row::used).reduce(0, Amounts::plus)));
                }));
    }

    private static SplitBy splitBy(Dimension by) {
        return switch (by) {
            case MEMBER -> SplitBy.MEMBER;
            case SPACE -> SplitBy.SPACE;
            case MODEL -> SplitBy.MODEL;
            case ACTION -> SplitBy.ACTION;
            case TRIGGER -> SplitBy.TRIGGER;
        };
    }

    /**
     * The limits in force for a subject.
     *
     * @param userToday by meter, what a user's limits count of what it has used on the day of {@code at}; of an org without meaning
     */
    Answer<List<LimitRow>> limits(Subject subject, Instant at, Map<String, Long> userToday) {
        return stores.answer(() -> stores.ofAccount(subject, limits.rows(subject, at, meter -> switch (subject.kind()) {
            case USER -> userToday.getOrDefault(meter, 0L);
            case ORG ->
                stores.window(subject, Length.DAY, BillingCalendar.day(at).start())
                        .limitUsed(meter);
        })));
    }

    /**
     * A payer's billing period.
     *
     * @param in a day of it; null: the current one
     */
    Answer<BillingPeriod> billing(Subject subject, @Nullable LocalDate in) {
        return stores.answer(() -> {
            Instant now = clock.instant();
            return billing.period(subject, in == null ? now : startOf(in), now);
        });
    }

    /** The subscription in force. */
    Answer<SubscriptionInForce> subscription(Subject subject) {
        return stores.answer(() -> billing.subscription(subject));
    }

    /** What the intake partitions tell that this instance works on. */
    public Answer<IntakeFigures> intake() {
        return stores.answer(intake::ofThisInstance);
    }

    /** What these partitions of the intake tell, all of which this instance must work on. */
    Answer<IntakeFigures> intake(Collection<Integer> partitions) {
        return stores.answer(() -> intake.of(partitions));
    }

    /** Closed billing intervals that wait for the record of their plan, by partition of this instance. */
    public Answer<List<WaitingIntervals>> waitingIntervals() {
        return stores.answer(billing::waitingIntervals);
    }

    /** A record of the catalogue as the accounts stage of a subject has it, as it is stored. */
    Answer<Stored> catalogueRecord(Subject subject, CatalogueKind kind, String key) {
        return stores.answer(() -> stores.ofAccount(
                subject, Stored.of(accounts(subject).stored(kind, key).orElse(null))));
    }

    /** An admission, as it is stored. */
    Answer<Stored> admission(Subject payer, String actionId) {
        return stores.answer(() -> {
            byte[] stored = stores.account(payer, StoreNames.ACCOUNT_ADMISSIONS)
                    .get(AdmissionState.key(payer.text(), actionId));
            return stored == null
                    ? stores.absentOfAccount(payer, payer.text() + " has no admission " + actionId)
                    : stores.ofAccount(payer, Stored.of(stored));
        });
    }

    /** @param part where the subject is kept: elsewhere a meter that was just added may not be known yet */
    private <T> Answer<T> ofMeter(String meter, Part part, Supplier<Answer<T>> answer) {
        if (!catalogue.isComplete()) {
            return new Answer.NotReady<>("the catalogue is being read", LocalStores.RETRY_AFTER);
        }
        return stores.answer(
                () -> catalogue.meters().has(meter) ? answer.get() : stores.absentWhereKept(part, "meter " + meter));
    }

    /** An answer about days that are still kept: by the clock, and by what has really expired; a retention that was raised brings nothing back. */
    private <T> Answer<T> kept(Subject subject, LocalDate oldestAsked, Supplier<Answer<T>> answer) {
        return stores.answer(() -> {
            LocalDate byClock = dayOf(clock.instant().minus(retention));
            LocalDate oldest = stores.oldestDay(subject)
                    .map(StoreUsageQueries::dayOf)
                    .filter(byClock::isBefore)
                    .orElse(byClock);
            return oldestAsked.isBefore(oldest) ? new Answer.OutOfRetention<>(oldest) : answer.get();
        });
    }

    private static LocalDate dayOf(Instant at) {
        return at.atZone(ZoneOffset.UTC).toLocalDate();
    }

    private EffectiveLimits limitsOf(Subject subject) {
        return accounts(subject).limits(subject, clock.instant());
    }

    private AccountCatalogue accounts(Subject subject) {
        ReadOnlyKeyValueStore<Bytes, byte[]> store = stores.account(subject, StoreNames.ACCOUNT_CATALOGUE);
        return new AccountCatalogue(serdes, store);
    }

    private static Instant startOf(LocalDate day) {
        return day.atStartOfDay(ZoneOffset.UTC).toInstant();
    }
}
