package dev.tally.streams.http;

import dev.tally.keys.Subject;
import dev.tally.streams.alerts.AlertHistory;
import dev.tally.streams.alerts.LoggedAlerts;
import dev.tally.streams.facts.Facts;
import dev.tally.streams.facts.LoggedFacts;
import dev.tally.streams.log.LogQuestions;
import dev.tally.streams.query.Answer;
import dev.tally.streams.query.BillingPeriod;
import dev.tally.streams.query.Breakdown;
import dev.tally.streams.query.DayUsage;
import dev.tally.streams.query.Dimension;
import dev.tally.streams.query.UsageQueries;
import dev.tally.streams.requests.Requests;
import io.javalin.http.Context;
import java.time.Duration;
import java.time.Instant;
import java.time.LocalDate;
import java.time.ZoneOffset;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.BiFunction;
import java.util.function.Consumer;
import java.util.function.Function;

/** What is asked of one user or org: usage, limits, billing, and what the log has of them. */
final class UsageRoutes {

    private static final int FACTS = 100;
    private static final int MOST_FACTS = 1_000;

    private static final Duration ALERTS_OF = Duration.ofDays(7);
    private static final int ALERTS = 100;
    private static final int MOST_ALERTS = 1_000;

    private final HttpApi.Collaborators with;
    private final LogPlaces factPlaces =
            places("a question for facts", LoggedFacts.Bounds.USUAL.atOnce(), Duration.ZERO);
    private final LogPlaces alertPlaces =
            places("a question for alerts", LoggedAlerts.Bounds.USUAL.atOnce(), LoggedAlerts.Bounds.USUAL.roomWithin());

    UsageRoutes(HttpApi.Collaborators with) {
        this.with = with;
    }

    private static LogPlaces places(String what, int all, Duration patience) {
        return new LogPlaces(what, all, all - 1, patience, LogQuestions.RETRY_AFTER);
    }

    void usage(Context context) {
        Call call = call(context, "meter", "day");
        Subject subject = call.subject();
        String meter = call.meter();
        LocalDate day = call.day();
        ask(
                context,
                queries -> queries.usage(subject, meter, day),
                usage -> Routes.answer(context, usage, Shapes.UsageShape::of, Problem::unknownMeter));
    }

    void history(Context context) {
        Call call = call(context, "meter", "from", "to");
        Subject subject = call.subject();
        String meter = call.meter();
        Call.Days days = call.days();
        Waiting.on(context, () -> {
            Answer<List<DayUsage>> found = within(days, (from, to) -> queries().history(subject, meter, from, to));
            Routes.answer(
                    context,
                    found,
                    (rows, stale) -> Shapes.History.of(subject, meter, rows, stale),
                    Problem::unknownMeter);
        });
    }

    void limits(Context context) {
        Call call = call(context);
        Subject subject = call.subject();
        ask(
                context,
                queries -> queries.limits(subject),
                limits -> Routes.answer(
                        context,
                        limits,
                        (rows, stale) -> Shapes.Limits.of(subject, rows, stale),
                        Problem::noSubscription));
    }

    void billing(Context context) {
        Call call = call(context, "period");
        Subject subject = call.subject();
        LocalDate in = call.date("period");
        ask(
                context,
                queries -> queries.billing(subject, in),
                period -> Routes.answer(context, period, Shapes.Billing::of, Problem::noPlan));
    }

    /** Reads the log, on a thread that may wait. */
    void facts(Context context) {
        Call call = call(context, "period", "limit", "after");
        Subject payer = call.subject();
        LocalDate in = call.date("period");
        int limit = (int) call.number("limit", 1, MOST_FACTS, FACTS);
        long after = call.number("after", 0, Long.MAX_VALUE - 1, -1);
        Facts facts = with.requests().get().map(Requests::facts).orElseThrow(() -> Routes.notStarted(with));
        factPlaces.on(
                context,
                () -> Routes.answer(
                        context,
                        facts.facts(payer, in, limit, after),
                        (page, stale) -> Shapes.FactList.of(page),
                        Problem::noSubscription));
    }

    /** Reads the log, on a thread that may wait. */
    void alerts(Context context) {
        Call call = call(context, "since", "limit");
        Subject subject = call.subject();
        Instant since = call.instant("since", with.clock().instant().minus(ALERTS_OF));
        int limit = (int) call.number("limit", 1, MOST_ALERTS, ALERTS);
        AlertHistory alerts = with.requests().get().map(Requests::alerts).orElseThrow(() -> Routes.notStarted(with));
        alertPlaces.on(
                context,
                () -> Routes.answer(
                        context,
                        alerts.alerts(subject, since, limit),
                        (page, stale) -> Shapes.AlertList.of(page),
                        Problem::notFound));
    }

    void breakdown(Context context) {
        Call call = call(context, "by", "meter", "from", "to", "period");
        Subject org = call.subject();
        String meter = call.meter();
        Set<Dimension> by = call.dimensions();
        Waiting.on(context, () -> {
            Answer<Call.Days> days =
                    call.has("period") ? periodDays(call, org) : new Answer.Found<>(call.days(), false);
            if (days instanceof Answer.Absent<Call.Days>) {
                Routes.answer(context, days, (range, stale) -> range, Problem::noPlan);
                return;
            }
            Routes.answer(
                    context,
                    days.flatMap(range -> splits(org, by, meter, range)),
                    (splits, stale) -> splits.size() == 1
                            ? Shapes.Split.of(splits.values().iterator().next(), stale)
                            : Shapes.Splits.of(splits, stale),
                    Problem::unknownMeter);
        });
    }

    private Answer<Map<Dimension, Breakdown>> splits(Subject org, Set<Dimension> by, String meter, Call.Days days) {
        Answer<Map<Dimension, Breakdown>> splits = new Answer.Found<>(new LinkedHashMap<>(), false);
        for (Dimension dimension : by) {
            splits = splits.flatMap(before -> within(
                            days, (from, to) -> queries().breakdown(org, dimension, meter, from, to))
                    .map(split -> {
                        before.put(dimension, split);
                        return before;
                    }));
        }
        return splits;
    }

    /** The days of a billing period. Splits are kept by day, so only a period from midnight to midnight has an exact answer. */
    private Answer<Call.Days> periodDays(Call call, Subject org) {
        if (call.has("from") || call.has("to")) {
            throw new Problem.Signal(Problem.badRequest("period cannot be given with from or to"));
        }
        Answer<BillingPeriod> billing = queries().billing(org, call.date("period"));
        return billing.map(period ->
                new Call.Days(midnight(period.start()), midnight(period.end()).minusDays(1), true));
    }

    private static LocalDate midnight(Instant border) {
        LocalDate day = border.atZone(ZoneOffset.UTC).toLocalDate();
        if (!day.atStartOfDay(ZoneOffset.UTC).toInstant().equals(border)) {
            throw new Problem.Signal(Problem.badRequest("this org's periods change at "
                    + border.atZone(ZoneOffset.UTC).toLocalTime()
                    + " UTC, within a day, and splits are kept by day: ask with from and to"));
        }
        return day;
    }

    void subscription(Context context) {
        Subject subject = call(context).wholeSubject();
        ask(
                context,
                queries -> queries.subscription(subject),
                found -> Routes.answer(
                        context,
                        found,
                        (subscription, stale) -> Shapes.Subscription.of(subscription),
                        Problem::noSubscription));
    }

    private Call call(Context context, String... parameters) {
        return new Call(context, with.clock(), parameters);
    }

    private UsageQueries queries() {
        return with.queries().get().orElseThrow(() -> Routes.notStarted(with));
    }

    /** Asks on the request's own thread for what this instance can answer by itself, and for the rest on one that may wait for others. */
    private <T> void ask(Context context, Function<UsageQueries, Answer<T>> question, Consumer<Answer<T>> reply) {
        Answer<T> atOnce = question.apply(queries().atOnce());
        if (atOnce instanceof Answer.NotReady<T>) {
            Waiting.on(context, () -> reply.accept(question.apply(queries())));
        } else {
            reply.accept(atOnce);
        }
    }

    /** Asks about a range of days. A beginning that the caller did not choose gives way to the oldest day that is kept. */
    private static <T> Answer<T> within(Call.Days days, BiFunction<LocalDate, LocalDate, Answer<T>> question) {
        Answer<T> found = question.apply(days.from(), days.to());
        if (!days.chosen()
                && found instanceof Answer.OutOfRetention<T>(LocalDate oldest)
                && !oldest.isAfter(days.to())) {
            return question.apply(oldest, days.to());
        }
        return found;
    }
}
