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
 * Answers from the state stores of this instance. A key whose partition is elsewhere, or on its way, is {@link Answer.NotReady}.
 *
 * <p>A user's day counts come from the intake, where they show before the commit; everything else from the accounts stage.
 */
public final class StoreUsageQueries implements UsageQueries {

    private final LocalStores stores;
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
        this.stores = new LocalStores(streams, topics, topology.freshness(), clock);
        this.catalogue = topology.catalogue();
        this.serdes = topology.catalogueSerdes();
        this.retention = retention;
        this.clock = clock;
        this.billing = new StoreBilling(stores, catalogue, this::accounts);
        this.limits = new StoreLimits(stores, billing, this::accounts, this::day, clock);
        this.intake = new StoreIntake(stores, topics);
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

    @Override
    public Answer<Usage> usage(Subject subject, String meter, LocalDate day) {
        return ofMeter(subject, meter, day, () -> {
            Period window = BillingCalendar.day(startOf(day));
            Optional<Total> total = day(subject, window.start()).of(meter);
            Optional<EffectiveLimit> limit = limitsOf(subject).own(meter, Window.DAY);
            long limitUsed = total.map(Total::limitUsed).orElse(0L);
            Level level = limit.map(l -> Level.of(limitUsed, l.amount())).orElse(null);
            return of(
                    subject,
                    new Usage(
                            subject,
                            meter,
                            window.start(),
                            window.end(),
                            total.map(Total::used).orElse(0L),
                            limitUsed,
                            limit.map(EffectiveLimit::amount).orElse(null),
                            LimitState.of(
                                    level, limit.map(EffectiveLimit::thresholds).orElse(List.of())),
                            limit.map(l -> window.end()).orElse(null),
                            total.map(Total::asOf).orElse(null)));
        });
    }

    /** A user's days are the intake's, an org's the accounts stage's. */
    private <T> Answer<T> of(Subject subject, T value) {
        return switch (subject.kind()) {
            case USER -> stores.ofIntake(subject, value);
            case ORG -> stores.ofAccount(subject, value);
        };
    }

    private Totals day(Subject subject, Instant day) {
        return switch (subject.kind()) {
            case USER -> Totals.ofNullable(stores.userDays(subject).get(WindowKeys.userDay(subject.id(), day)));
            case ORG -> stores.window(subject, Length.DAY, day);
        };
    }

    @Override
    public Answer<List<DayUsage>> history(Subject subject, String meter, LocalDate from, LocalDate to) {
        return ofMeter(
                subject,
                meter,
                from,
                () -> of(
                        subject,
                        from.datesUntil(to.plusDays(1))
                                .map(day -> new DayUsage(
                                        day, day(subject, startOf(day)).used(meter)))
                                .toList()));
    }

    @Override
    public Answer<Breakdown> breakdown(Subject org, Dimension by, String meter, LocalDate from, LocalDate to) {
        return ofMeter(org, meter, from, () -> {
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
            rows.sort(Comparator.comparingLong(Breakdown.Row::used).reversed().thenComparing(Breakdown.Row::key));
            return stores.ofAccount(
                    org,
                    new Breakdown(
                            rows, rows.stream().mapToLong(Breakdown.Row::used).reduce(0, Amounts::plus)));
        });
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

    @Override
    public Answer<List<LimitRow>> limits(Subject subject) {
        return stores.answer(() -> stores.ofAccount(subject, limits.rows(subject)));
    }

    @Override
    public Answer<BillingPeriod> billing(Subject subject, @Nullable LocalDate in) {
        return stores.answer(() -> {
            Instant now = clock.instant();
            return billing.period(subject, in == null ? now : startOf(in), now);
        });
    }

    @Override
    public Answer<SubscriptionInForce> subscription(Subject subject) {
        return stores.answer(() -> billing.subscription(subject));
    }

    @Override
    public Answer<List<PartitionWatermark>> watermarks() {
        return stores.answer(intake::watermarks);
    }

    @Override
    public Answer<List<Conservation>> conservation() {
        return stores.answer(intake::conservation);
    }

    @Override
    public Answer<List<WaitingIntervals>> waitingIntervals() {
        return stores.answer(billing::waitingIntervals);
    }

    private <T> Answer<T> ofMeter(Subject subject, String meter, LocalDate oldestAsked, Supplier<Answer<T>> answer) {
        return stores.answer(() -> {
            if (!catalogue.isComplete()) {
                return new Answer.NotReady<>("the catalogue is being read", LocalStores.RETRY_AFTER);
            }
            if (!catalogue.meters().has(meter)) {
                return new Answer.Absent<>("meter " + meter);
            }
            // By the clock, and by what has really expired: a retention that was raised brings nothing back.
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
