package dev.tally.streams.query;

import dev.tally.keys.Partitions;
import dev.tally.keys.Subject;
import dev.tally.schemas.topics.Topics;
import dev.tally.streams.metering.BillingCalendar;
import dev.tally.streams.metering.DeadLetterReason;
import dev.tally.streams.metering.EffectiveLimits;
import dev.tally.streams.metering.EffectiveLimits.EffectiveLimit;
import dev.tally.streams.metering.LimitState;
import dev.tally.streams.metering.MeterDefinition;
import dev.tally.streams.metering.Period;
import dev.tally.streams.metering.PlanTerms;
import dev.tally.streams.metering.PlanTerms.Scope;
import dev.tally.streams.metering.PlanTerms.Window;
import dev.tally.streams.metering.SubscriptionTerms;
import dev.tally.streams.state.AccountCatalogue;
import dev.tally.streams.state.CatalogueView;
import dev.tally.streams.state.CounterKeys;
import dev.tally.streams.state.CounterKeys.Counter;
import dev.tally.streams.state.DayCount;
import dev.tally.streams.state.IntervalCharge;
import dev.tally.streams.state.Numbers;
import dev.tally.streams.state.PeriodCharges;
import dev.tally.streams.state.SplitKeys;
import dev.tally.streams.state.StoreKey;
import dev.tally.streams.state.StoreNames;
import dev.tally.streams.state.WindowTotals;
import java.nio.charset.StandardCharsets;
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
import org.apache.kafka.streams.KeyValue;
import org.apache.kafka.streams.errors.InvalidStateStoreException;
import org.apache.kafka.streams.state.KeyValueIterator;
import org.apache.kafka.streams.state.ReadOnlyKeyValueStore;
import org.jspecify.annotations.Nullable;

/**
 * Answers from the state stores of this instance. A key whose partition is elsewhere, or on its way, is {@link Answer.NotReady}.
 *
 * <p>A user's day counts come from the intake, where they show before the commit; everything else from the accounts stage.
 */
public final class StoreUsageQueries implements UsageQueries {

    private static final Duration RETRY_AFTER = Duration.ofSeconds(1);

    private final LocalStores stores;
    private final Topics topics;
    private final CatalogueView catalogue;
    private final AccountCatalogue.CatalogueSerdes serdes;
    private final Duration retention;
    private final InstantSource clock;

    /**
     * Queries over a running topology.
     *
     * @param retention how long day windows are kept
     * @param clock for the current day and the limits in force
     */
    public StoreUsageQueries(
            org.apache.kafka.streams.KafkaStreams streams,
            Topics topics,
            CatalogueView catalogue,
            AccountCatalogue.CatalogueSerdes serdes,
            Duration retention,
            InstantSource clock) {
        this.stores = new LocalStores(streams);
        this.topics = topics;
        this.catalogue = catalogue;
        this.serdes = serdes;
        this.retention = retention;
        this.clock = clock;
    }

    @Override
    public Answer<Usage> usage(Subject subject, String meter, LocalDate day) {
        return ofMeter(meter, day, () -> {
            Period window = BillingCalendar.day(startOf(day));
            Optional<DayTotal> total = dayTotal(subject, meter, window.start());
            Optional<EffectiveLimit> limit = limitsOf(subject).own(subject, meter, Window.DAY);
            long limitUsed = total.map(DayTotal::limitUsed).orElse(0L);
            return new Answer.Found<>(new Usage(
                    subject,
                    meter,
                    window.start(),
                    window.end(),
                    total.map(DayTotal::used).orElse(0L),
                    limitUsed,
                    limit.map(EffectiveLimit::amount).orElse(null),
                    state(limitUsed, limit),
                    limit.map(l -> window.end()).orElse(null),
                    total.map(DayTotal::asOf).orElse(null),
                    false));
        });
    }

    private record DayTotal(long used, long limitUsed, Instant asOf) {}

    private Optional<DayTotal> dayTotal(Subject subject, String meter, Instant day) {
        return switch (subject.kind()) {
            case USER ->
                Optional.ofNullable(userDays(subject)
                                .get(DayCount.key(subject.id(), meter)
                                        .number(day.toEpochMilli())
                                        .bytes()))
                        .map(DayCount::fromBytes)
                        .map(count -> new DayTotal(count.used(), count.limitUsed(), count.asOf()));
            case ORG ->
                window(subject, meter, WindowTotals.DAY, day)
                        .map(totals -> new DayTotal(totals.used(), totals.limitUsed(), totals.asOf()));
        };
    }

    @Override
    public Answer<List<DayUsage>> history(Subject subject, String meter, LocalDate from, LocalDate to) {
        return ofMeter(meter, from, () -> {
            Map<LocalDate, Long> used = new TreeMap<>();
            from.datesUntil(to.plusDays(1)).forEach(day -> used.put(day, 0L));
            StoreKey prefix = subject.kind() == Subject.Kind.USER
                    ? DayCount.key(subject.id(), meter)
                    : WindowTotals.key(subject.text(), meter, WindowTotals.DAY);
            ReadOnlyKeyValueStore<Bytes, byte[]> days = subject.kind() == Subject.Kind.USER
                    ? userDays(subject)
                    : account(subject, StoreNames.ACCOUNT_WINDOWS);
            Bytes first = prefix.copy().number(startOf(from).toEpochMilli()).bytes();
            Bytes last = prefix.copy().number(startOf(to).toEpochMilli()).bytes();
            try (KeyValueIterator<Bytes, byte[]> found = days.range(first, last)) {
                found.forEachRemaining(entry -> used.put(
                        dayOf(entry.key),
                        subject.kind() == Subject.Kind.USER
                                ? DayCount.fromBytes(entry.value).used()
                                : WindowTotals.fromBytes(entry.value).used()));
            }
            List<DayUsage> rows = new ArrayList<>();
            used.forEach((day, amount) -> rows.add(new DayUsage(day, amount)));
            return new Answer.Found<>(rows);
        });
    }

    /** The day is the last part of a key. */
    private static LocalDate dayOf(Bytes key) {
        byte[] bytes = key.get();
        long millis = java.nio.ByteBuffer.wrap(bytes, bytes.length - Long.BYTES, Long.BYTES)
                        .getLong()
                ^ Long.MIN_VALUE;
        return Instant.ofEpochMilli(millis).atZone(ZoneOffset.UTC).toLocalDate();
    }

    @Override
    public Answer<Breakdown> breakdown(Subject org, Dimension by, String meter, LocalDate from, LocalDate to) {
        return ofMeter(meter, from, () -> {
            Map<String, Long> used = new TreeMap<>();
            ReadOnlyKeyValueStore<Bytes, byte[]> splits = account(org, StoreNames.ACCOUNT_SPLITS);
            from.datesUntil(to.plusDays(1)).forEach(day -> {
                StoreKey rows = SplitKeys.rows(org.text(), meter, startOf(day), splitBy(by));
                try (KeyValueIterator<Bytes, byte[]> found = splits.range(rows.bytes(), rows.afterPrefix())) {
                    found.forEachRemaining(
                            entry -> used.merge(rowOf(entry), Numbers.fromBytes(entry.value), Math::addExact));
                }
            });
            List<Breakdown.Row> rows = new ArrayList<>();
            used.forEach((key, amount) -> rows.add(new Breakdown.Row(key, amount)));
            rows.sort(Comparator.comparingLong(Breakdown.Row::used).reversed().thenComparing(Breakdown.Row::key));
            return new Answer.Found<>(new Breakdown(
                    rows, rows.stream().mapToLong(Breakdown.Row::used).reduce(0, Math::addExact)));
        });
    }

    private static String rowOf(KeyValue<Bytes, byte[]> entry) {
        StoreKey.Reader reader = new StoreKey.Reader(entry.key);
        reader.text();
        reader.text();
        reader.number();
        reader.tag();
        reader.tag();
        return reader.text();
    }

    private static SplitKeys.SplitBy splitBy(Dimension by) {
        return switch (by) {
            case MEMBER -> SplitKeys.SplitBy.MEMBER;
            case SPACE -> SplitKeys.SplitBy.SPACE;
            case MODEL -> SplitKeys.SplitBy.MODEL;
            case ACTION -> SplitKeys.SplitBy.ACTION;
            case TRIGGER -> SplitKeys.SplitBy.TRIGGER;
        };
    }

    @Override
    public Answer<List<LimitRow>> limits(Subject subject) {
        return ready(() -> {
            Scope own = subject.kind() == Subject.Kind.ORG ? Scope.ORG : Scope.USER;
            List<LimitRow> rows = new ArrayList<>();
            Optional<SubscriptionTerms> subscription = accounts(subject).subscription(subject);
            for (EffectiveLimit limit : limitsOf(subject).all()) {
                if (limit.terms().scope() == own && limit.terms().window() != Window.CONCURRENT) {
                    rows.add(row(subject, limit, subscription.orElseThrow()));
                }
            }
            return new Answer.Found<>(rows);
        });
    }

    private LimitRow row(Subject subject, EffectiveLimit limit, SubscriptionTerms subscription) {
        String meter = limit.terms().meter();
        Instant now = clock.instant();
        boolean daily = limit.terms().window() == Window.DAY;
        Period window = daily ? BillingCalendar.day(now) : BillingCalendar.period(subscription.anchor(), now);
        long used = daily
                ? dayTotal(subject, meter, window.start())
                        .map(DayTotal::limitUsed)
                        .orElse(0L)
                : window(subject, meter, WindowTotals.PERIOD, window.start())
                        .map(WindowTotals::limitUsed)
                        .orElse(0L);
        return new LimitRow(
                limit.terms().scope(),
                subject.id(),
                meter,
                limit.terms().window(),
                used,
                0,
                limit.amount(),
                limit.terms().beyond(),
                state(used, Optional.of(limit)),
                window.end());
    }

    @Override
    public Answer<BillingPeriod> billing(Subject subject, @Nullable LocalDate in) {
        return ready(() -> {
            AccountCatalogue accounts = accounts(subject);
            Optional<SubscriptionTerms> subscription = accounts.subscription(subject);
            Instant at = in == null ? clock.instant() : startOf(in);
            Optional<SubscriptionTerms.PhaseTerms> phase = subscription.flatMap(s -> s.phaseAt(at));
            Optional<PlanTerms> plan = phase.flatMap(p -> accounts.plan(p.planId(), p.version()));
            if (subscription.isEmpty() || plan.isEmpty()) {
                return new Answer.Absent<>(subject.text() + " has no plan in force at " + at);
            }
            Period period = BillingCalendar.period(subscription.get().anchor(), at);
            long seats = accounts.seats(subject);
            List<BillingPeriod.MeterCharges> meters = new ArrayList<>();
            for (MeterDefinition meter : catalogue.meters()) {
                if (plan.get().charges(meter.meterId())) {
                    meters.add(charges(subject, meter.meterId(), plan.get(), seats, period));
                }
            }
            return new Answer.Found<>(new BillingPeriod(
                    subject,
                    period.start(),
                    period.end(),
                    plan.get().planId() + "@" + plan.get().version(),
                    seats,
                    subscription.get().stripeCustomerId(),
                    meters));
        });
    }

    private BillingPeriod.MeterCharges charges(
            Subject subject, String meter, PlanTerms plan, long seats, Period period) {
        Bytes key = WindowTotals.key(subject.text(), meter, WindowTotals.PERIOD)
                .number(period.start().toEpochMilli())
                .bytes();
        byte[] stored = account(subject, StoreNames.ACCOUNT_CHARGES).get(key);
        var covered = stored == null
                ? dev.tally.streams.metering.Coverage.NONE
                : PeriodCharges.fromBytes(stored).covered();
        long included = plan.allocation(meter).map(a -> a.amount(seats)).orElse(0L);
        long used = window(subject, meter, WindowTotals.PERIOD, period.start())
                .map(WindowTotals::limitUsed)
                .orElse(0L);
        return new BillingPeriod.MeterCharges(
                meter,
                included,
                0,
                used,
                Math.max(0, included - covered.included()),
                0,
                covered.overage(),
                covered.excess(),
                unreported(subject, meter, period));
    }

    private long unreported(Subject subject, String meter, Period period) {
        StoreKey prefix = IntervalCharge.key(subject.text(), meter);
        long unreported = 0;
        try (KeyValueIterator<Bytes, byte[]> intervals = account(subject, StoreNames.ACCOUNT_INTERVALS)
                .range(
                        prefix.copy().number(period.start().toEpochMilli()).bytes(),
                        prefix.copy().number(period.end().toEpochMilli() - 1).bytes())) {
            while (intervals.hasNext()) {
                IntervalCharge charge = IntervalCharge.fromBytes(intervals.next().value);
                unreported = Math.addExact(unreported, charge.billable() - charge.billed());
            }
        }
        return unreported;
    }

    @Override
    public Answer<SubscriptionInForce> subscription(Subject subject) {
        return ready(() -> {
            // In force only where both stages have it.
            boolean atAccounts = accounts(subject).subscription(subject).isPresent();
            Optional<SubscriptionTerms> terms = catalogue.subscription(subject);
            if (!atAccounts || terms.isEmpty()) {
                return new Answer.Absent<>(subject.text() + " has no subscription");
            }
            return new Answer.Found<>(new SubscriptionInForce(
                    subject,
                    terms.get().stripeCustomerId(),
                    terms.get().anchor(),
                    terms.get().phases().stream()
                            .map(p -> new SubscriptionInForce.PhaseInForce(p.planId(), p.version(), p.effectiveFrom()))
                            .toList()));
        });
    }

    @Override
    public List<PartitionWatermark> watermarks() {
        List<PartitionWatermark> watermarks = new ArrayList<>();
        for (int partition : stores.partitionsOf(topics.actions())) {
            byte[] millis =
                    stores.partition(StoreNames.INTAKE_COUNTERS, partition).get(CounterKeys.streamTimeKey(partition));
            watermarks.add(new PartitionWatermark(
                    partition, millis == null ? null : Instant.ofEpochMilli(Numbers.fromBytes(millis))));
        }
        watermarks.sort(Comparator.comparingInt(PartitionWatermark::partition));
        return watermarks;
    }

    @Override
    public List<Conservation> conservation() {
        List<ReadOnlyKeyValueStore<Bytes, byte[]>> local = stores.partitionsOf(topics.actions()).stream()
                .map(partition -> stores.partition(StoreNames.INTAKE_COUNTERS, partition))
                .toList();
        List<Conservation> all = new ArrayList<>();
        for (int origin = 0; origin < topics.actionsPartitions(); origin++) {
            Map<String, Long> deadLetters = new TreeMap<>();
            for (DeadLetterReason reason : DeadLetterReason.values()) {
                long count = sum(local, CounterKeys.key(origin, reason));
                if (count > 0) {
                    deadLetters.put(reason.code(), count);
                }
            }
            all.add(new Conservation(
                    origin,
                    sum(local, CounterKeys.key(origin, Counter.READ)),
                    sum(local, CounterKeys.key(origin, Counter.COUNTED)),
                    sum(local, CounterKeys.key(origin, Counter.READ_ONLY)),
                    sum(local, CounterKeys.key(origin, Counter.DUPLICATE)),
                    sum(local, CounterKeys.key(origin, Counter.LATE)),
                    deadLetters));
        }
        return all;
    }

    private static long sum(List<ReadOnlyKeyValueStore<Bytes, byte[]>> stores, Bytes key) {
        return stores.stream()
                .mapToLong(store -> Numbers.orElse(store.get(key), 0))
                .sum();
    }

    private <T> Answer<T> ofMeter(String meter, LocalDate oldestAsked, Supplier<Answer<T>> answer) {
        return ready(() -> {
            if (!catalogue.isAttached()) {
                return new Answer.NotReady<>("the catalogue is being read", RETRY_AFTER);
            }
            if (catalogue.meters().stream().noneMatch(m -> m.meterId().equals(meter))) {
                return new Answer.Absent<>("meter " + meter);
            }
            LocalDate oldest =
                    clock.instant().minus(retention).atZone(ZoneOffset.UTC).toLocalDate();
            return oldestAsked.isBefore(oldest) ? new Answer.OutOfRetention<>(oldest) : answer.get();
        });
    }

    private static <T> Answer<T> ready(Supplier<Answer<T>> answer) {
        try {
            return answer.get();
        } catch (InvalidStateStoreException elsewhereOrClosed) {
            return new Answer.NotReady<>("the partition of this key is not open on this instance", RETRY_AFTER);
        } catch (IllegalStateException notRunning) {
            // KafkaStreams refuses queries before it has started and after it has stopped.
            return new Answer.NotReady<>("Kafka Streams is not running", RETRY_AFTER);
        }
    }

    private Optional<WindowTotals> window(Subject subject, String meter, int kind, Instant start) {
        return Optional.ofNullable(account(subject, StoreNames.ACCOUNT_WINDOWS)
                        .get(WindowTotals.key(subject.text(), meter, kind)
                                .number(start.toEpochMilli())
                                .bytes()))
                .map(WindowTotals::fromBytes);
    }

    private static LimitState state(long limitUsed, Optional<EffectiveLimit> limit) {
        return LimitState.of(
                limitUsed,
                limit.map(EffectiveLimit::amount).orElse(null),
                limit.flatMap(l -> l.terms().warnAt().stream().findFirst()).orElse(null));
    }

    private EffectiveLimits limitsOf(Subject subject) {
        return accounts(subject).limits(subject, clock.instant());
    }

    private AccountCatalogue accounts(Subject subject) {
        ReadOnlyKeyValueStore<Bytes, byte[]> store = account(subject, StoreNames.ACCOUNT_CATALOGUE);
        return new AccountCatalogue(serdes, store::get);
    }

    private ReadOnlyKeyValueStore<Bytes, byte[]> account(Subject subject, String store) {
        byte[] key = subject.text().getBytes(StandardCharsets.UTF_8);
        return stores.partition(store, Partitions.ofKey(key, topics.subjectPartitions()));
    }

    private ReadOnlyKeyValueStore<Bytes, byte[]> userDays(Subject user) {
        byte[] key = user.id().getBytes(StandardCharsets.UTF_8);
        return stores.partition(StoreNames.USER_DAYS, Partitions.ofKey(key, topics.actionsPartitions()));
    }

    private static Instant startOf(LocalDate day) {
        return day.atStartOfDay(ZoneOffset.UTC).toInstant();
    }
}
