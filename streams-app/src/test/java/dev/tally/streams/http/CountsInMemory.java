package dev.tally.streams.http;

import dev.tally.keys.Subject;
import dev.tally.streams.metering.LimitState;
import dev.tally.streams.metering.Thresholds;
import dev.tally.streams.query.Answer;
import dev.tally.streams.query.BillingPeriod;
import dev.tally.streams.query.Breakdown;
import dev.tally.streams.query.Conservation;
import dev.tally.streams.query.DayUsage;
import dev.tally.streams.query.Dimension;
import dev.tally.streams.query.LimitRow;
import dev.tally.streams.query.PartitionWatermark;
import dev.tally.streams.query.SubscriptionInForce;
import dev.tally.streams.query.Usage;
import dev.tally.streams.query.UsageQueries;
import java.time.Duration;
import java.time.Instant;
import java.time.LocalDate;
import java.time.ZoneOffset;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.concurrent.ConcurrentHashMap;
import org.jspecify.annotations.Nullable;

/** Queries over counts that a test puts here. It knows the meters {@code actions} and {@code credits}. */
final class CountsInMemory implements UsageQueries {

    static final LocalDate OLDEST = LocalDate.parse("2026-10-12");

    private record Count(Subject subject, String meter, LocalDate day) {}

    private final Map<Count, Long> counts = new ConcurrentHashMap<>();
    private final Map<Subject, Long> limits = new ConcurrentHashMap<>();
    private final Map<Subject, BillingPeriod> periods = new HashMap<>();
    private final Map<Dimension, Map<String, Long>> splits = new TreeMap<>();
    private final Map<Subject, SubscriptionInForce> subscriptions = new HashMap<>();
    private final Map<Subject, List<LimitRow>> limitRows = new HashMap<>();
    private List<PartitionWatermark> watermarks = List.of();
    private List<Conservation> conservation = List.of();
    private volatile @Nullable Long lag;
    private volatile boolean stale;
    private volatile @Nullable Duration awayFor;
    private volatile @Nullable RuntimeException failure;

    void count(Subject subject, String meter, String day, long used) {
        counts.put(new Count(subject, meter, LocalDate.parse(day)), used);
    }

    void limit(Subject subject, long perDay) {
        limits.put(subject, perDay);
    }

    void limits(Subject subject, LimitRow... rows) {
        limitRows.put(subject, List.of(rows));
    }

    void split(Dimension by, String key, long used) {
        splits.computeIfAbsent(by, any -> new TreeMap<>()).put(key, used);
    }

    void period(BillingPeriod period) {
        periods.put(period.subject(), period);
    }

    void subscription(SubscriptionInForce subscription) {
        subscriptions.put(subscription.subject(), subscription);
    }

    void watermarks(PartitionWatermark... of) {
        watermarks = List.of(of);
    }

    void conservation(Conservation... of) {
        conservation = List.of(of);
    }

    /** From now on answers may be behind. */
    void fallBehind() {
        stale = true;
    }

    /** From now on a copy answers, on another instance. */
    void leaveToStandby(long behind) {
        lag = behind;
    }

    /** From now on nobody can answer. */
    void goAway(Duration forThatLong) {
        awayFor = forThatLong;
    }

    /** From now on questions are answered again, as fresh. */
    void comeBack() {
        awayFor = null;
        lag = null;
        stale = false;
    }

    /** From now on every question ends in this. */
    void failWith(RuntimeException with) {
        failure = with;
    }

    private static final List<Thresholds.Threshold> THRESHOLDS = List.of(
            new Thresholds.Threshold(Thresholds.Kind.WARNING, 80),
            new Thresholds.Threshold(Thresholds.Kind.REACHED, 100),
            new Thresholds.Threshold(Thresholds.Kind.EXCEEDED, 100));

    @Override
    public Answer<Usage> usage(Subject subject, String meter, LocalDate day) {
        return ofMeter(meter, day, found(usageOf(subject, meter, day)));
    }

    private Usage usageOf(Subject subject, String meter, LocalDate day) {
        Instant start = day.atStartOfDay(ZoneOffset.UTC).toInstant();
        Instant end = start.plus(Duration.ofDays(1));
        Long used = counts.get(new Count(subject, meter, day));
        long limitUsed = used == null ? 0 : used;
        Long limit = limits.get(subject);
        return new Usage(
                subject,
                meter,
                start,
                end,
                limitUsed,
                limitUsed,
                limit,
                LimitState.of(limit == null ? null : Thresholds.Level.of(limitUsed, limit), THRESHOLDS),
                limit == null ? null : end,
                used == null ? null : start.plusMillis(1));
    }

    @Override
    public Answer<List<DayUsage>> history(Subject subject, String meter, LocalDate from, LocalDate to) {
        List<DayUsage> days = new ArrayList<>();
        from.datesUntil(to.plusDays(1))
                .forEach(day -> days.add(new DayUsage(day, counts.getOrDefault(new Count(subject, meter, day), 0L))));
        return ofMeter(meter, from, found(days));
    }

    @Override
    public Answer<Breakdown> breakdown(Subject org, Dimension by, String meter, LocalDate from, LocalDate to) {
        List<Breakdown.Row> rows = new ArrayList<>();
        splits.getOrDefault(by, Map.of()).forEach((key, used) -> rows.add(new Breakdown.Row(key, used)));
        long total = rows.stream().mapToLong(Breakdown.Row::used).sum();
        return ofMeter(meter, from, found(new Breakdown(rows, total)));
    }

    @Override
    public Answer<List<LimitRow>> limits(Subject subject) {
        return unlessAway(found(limitRows.getOrDefault(subject, List.of())));
    }

    @Override
    public Answer<BillingPeriod> billing(Subject subject, @Nullable LocalDate in) {
        if (in != null && in.isBefore(OLDEST)) {
            return new Answer.OutOfRetention<>(OLDEST);
        }
        BillingPeriod period = periods.get(subject);
        return unlessAway(period == null ? new Answer.Absent<>(subject + " has no plan in force") : found(period));
    }

    @Override
    public Answer<SubscriptionInForce> subscription(Subject subject) {
        SubscriptionInForce subscription = subscriptions.get(subject);
        return unlessAway(
                subscription == null ? new Answer.Absent<>(subject + " has no subscription") : found(subscription));
    }

    @Override
    public Answer<List<PartitionWatermark>> watermarks() {
        return unlessAway(found(watermarks));
    }

    @Override
    public Answer<List<Conservation>> conservation() {
        return unlessAway(found(conservation));
    }

    @Override
    public UsageQueries atOnce() {
        return this;
    }

    @Override
    public UsageQueries inBackground() {
        return this;
    }

    private <T> Answer<T> found(T value) {
        return lag == null ? new Answer.Found<>(value, stale) : new Answer.FromStandby<>(value, lag);
    }

    private <T> Answer<T> ofMeter(String meter, LocalDate from, Answer<T> answer) {
        if (!Set.of("actions", "credits").contains(meter)) {
            return new Answer.Absent<>("meter " + meter);
        }
        return from.isBefore(OLDEST) ? new Answer.OutOfRetention<>(OLDEST) : unlessAway(answer);
    }

    private <T> Answer<T> unlessAway(Answer<T> answer) {
        failIfAsked();
        return awayFor == null ? answer : new Answer.NotReady<>("the partition is moving", awayFor);
    }

    private void failIfAsked() {
        if (failure != null) {
            throw failure;
        }
    }
}
