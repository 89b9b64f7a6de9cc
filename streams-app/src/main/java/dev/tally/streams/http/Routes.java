package dev.tally.streams.http;

import dev.tally.keys.Subject;
import dev.tally.streams.alerts.AlertHistory;
import dev.tally.streams.facts.Facts;
import dev.tally.streams.http.auth.Access;
import dev.tally.streams.http.live.ChangeStreams;
import dev.tally.streams.query.Answer;
import dev.tally.streams.query.BillingPeriod;
import dev.tally.streams.query.Breakdown;
import dev.tally.streams.query.DayUsage;
import dev.tally.streams.query.Dimension;
import dev.tally.streams.query.InstanceClient;
import dev.tally.streams.query.LocalAnswers;
import dev.tally.streams.query.UsageQueries;
import dev.tally.streams.requests.Requests;
import io.javalin.config.RoutesConfig;
import io.javalin.http.Context;
import io.javalin.http.Handler;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.time.Instant;
import java.time.LocalDate;
import java.time.ZoneOffset;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import java.util.function.BiFunction;
import java.util.function.Consumer;
import java.util.function.Function;

/** The routes: each checks its request, asks one question and writes the answer. */
final class Routes {

    private static final String NOT_LIVE = "the stream threads have stopped for good; only a restart helps";

    private static final int FACTS = 100;
    private static final int MOST_FACTS = 1_000;

    private static final Duration ALERTS_OF = Duration.ofDays(7);
    private static final int ALERTS = 100;
    private static final int MOST_ALERTS = 1_000;

    private final HttpApi.Collaborators with;
    private final Guard guard;
    private final Map<String, Access> accesses = new LinkedHashMap<>();
    private final LiveRoutes live;

    Routes(HttpApi.Collaborators with, LiveRoutes live) {
        this.with = with;
        this.guard = new Guard(with.security());
        this.live = live;
    }

    /** What each operation, a method and a path as OpenAPI writes it, asks of its callers. */
    Map<String, Access> accesses() {
        return Collections.unmodifiableMap(accesses);
    }

    void register(RoutesConfig routes) {
        ExportRoute export = new ExportRoute(with);
        for (String kind : List.of("users", "orgs")) {
            String subject = "/v1/" + kind + "/{id}";
            get(routes, subject + "/usage", Access.READ, this::usage);
            get(routes, subject + "/usage/history", Access.READ, this::history);
            get(routes, subject + "/usage/stream", Access.STREAM, live::usage);
            get(routes, subject + "/limits", Access.READ, this::limits);
            get(routes, subject + "/billing", Access.READ, this::billing);
            get(routes, subject + "/facts", Access.READ, this::facts);
            get(routes, subject + "/alerts", Access.READ, this::alerts);
            get(routes, subject + "/actions", Access.READ, export::export);
        }
        get(routes, "/v1/orgs/{id}/breakdown", Access.READ, this::breakdown);
        get(routes, "/v1/subscriptions/{subject}", Access.READ, this::subscription);
        AdmissionRoutes admissions = new AdmissionRoutes(with);
        add(routes, "POST", "/v1/admissions", Access.ADMISSION, admissions::ask);
        add(routes, "GET", "/v1/admissions/{actionId}", Access.ADMISSION, admissions::find);
        add(routes, "DELETE", "/v1/admissions/{actionId}", Access.ADMISSION, admissions::cancel);
        add(routes, "POST", "/v1/stream-tickets", Access.TICKET, new TicketRoutes(with)::issue);
        CatalogueRoutes catalogue = new CatalogueRoutes(with);
        add(routes, "PUT", "/v1/subscriptions/{subject}", Access.ADMIN, catalogue::subscription);
        add(routes, "PUT", "/v1/orgs/{id}/settings", Access.ADMIN, catalogue::settings);
        add(routes, "PUT", "/v1/orgs/{id}/members/{user}", Access.ADMIN, catalogue::membership);
        add(routes, "POST", "/v1/users/{id}/grants", Access.ADMIN, catalogue::grant);
        add(routes, "POST", "/v1/orgs/{id}/grants", Access.ADMIN, catalogue::grant);
        // Not among the operations: only for other instances.
        add(routes, "POST", InstanceClient.PATH, Access.INSTANCE, this::question);
        add(routes, "GET", ChangeStreams.PATH + "{id}", Access.INSTANCE, live::changes);
        add(routes, "POST", ChangeStreams.PATH + "{id}", Access.INSTANCE, live::watch);
        get(routes, "/v1/watermarks", Access.ADMIN, this::watermarks);
        get(routes, "/v1/conservation", Access.ADMIN, this::conservation);
        get(routes, "/health/live", Access.OPEN, this::alive);
        get(routes, "/health/ready", Access.OPEN, this::ready);
        get(
                routes,
                "/metrics",
                Access.METRICS,
                context -> context.contentType("text/plain; version=0.0.4; charset=utf-8")
                        .result(with.metrics().get()));
        String openApi = resource("/openapi.json");
        get(
                routes,
                "/openapi.json",
                Access.OPEN,
                context -> context.contentType(Reply.JSON).result(openApi));
        String index = resource("/index.txt");
        Pages pages = new Pages();
        file(routes, "/", context -> pages.index(context, index));
        file(routes, "/assets/{file}", pages::asset);
        file(routes, "/usage-badge.js", pages::badge);
        file(routes, "/badge-demo.html", pages::badgeDemo);
    }

    /** A file's HEAD has the headers of its GET. */
    private void file(RoutesConfig routes, String path, Handler handler) {
        get(routes, path, Access.OPEN, handler);
        routes.head(path, guard.around(Access.OPEN, handler));
    }

    private void get(RoutesConfig routes, String path, Access access, Handler handler) {
        add(routes, "GET", path, access, handler);
    }

    private void add(RoutesConfig routes, String method, String path, Access access, Handler handler) {
        if ((access == Access.READ || access == Access.STREAM)
                && !path.matches("/v1/((users|orgs)/\\{id}|subscriptions/\\{subject})(/.*)?")) {
            throw new IllegalArgumentException(path + " names no subject that a token could be held against");
        }
        Handler guarded = guard.around(access, handler);
        switch (method) {
            case "GET" -> routes.get(path, guarded);
            case "POST" -> routes.post(path, guarded);
            case "PUT" -> routes.put(path, guarded);
            case "DELETE" -> routes.delete(path, guarded);
            default -> throw new IllegalArgumentException(method);
        }
        accesses.put(method + " " + path, access);
    }

    private void usage(Context context) {
        Call call = call(context, "meter", "day");
        Subject subject = call.subject();
        String meter = call.meter();
        LocalDate day = call.day();
        ask(
                context,
                queries -> queries.usage(subject, meter, day),
                usage -> answer(context, usage, Shapes.UsageShape::of, Problem::unknownMeter));
    }

    private void history(Context context) {
        Call call = call(context, "meter", "from", "to");
        Subject subject = call.subject();
        String meter = call.meter();
        Call.Days days = call.days();
        Waiting.on(context, () -> {
            Answer<List<DayUsage>> found = within(days, (from, to) -> queries().history(subject, meter, from, to));
            answer(
                    context,
                    found,
                    (rows, stale) -> Shapes.History.of(subject, meter, rows, stale),
                    Problem::unknownMeter);
        });
    }

    private void limits(Context context) {
        Call call = call(context);
        Subject subject = call.subject();
        ask(
                context,
                queries -> queries.limits(subject),
                limits -> answer(
                        context,
                        limits,
                        (rows, stale) -> Shapes.Limits.of(subject, rows, stale),
                        Problem::noSubscription));
    }

    private void billing(Context context) {
        Call call = call(context, "period");
        Subject subject = call.subject();
        LocalDate in = call.date("period");
        ask(
                context,
                queries -> queries.billing(subject, in),
                period -> answer(context, period, Shapes.Billing::of, Problem::noPlan));
    }

    /** Reads the log, on a thread that may wait. */
    private void facts(Context context) {
        Call call = call(context, "period", "limit", "after");
        Subject payer = call.subject();
        LocalDate in = call.date("period");
        int limit = (int) call.number("limit", 1, MOST_FACTS, FACTS);
        long after = call.number("after", 0, Long.MAX_VALUE - 1, -1);
        Facts facts = with.requests().get().map(Requests::facts).orElseThrow(() -> notStarted(with));
        Waiting.on(
                context,
                () -> answer(
                        context,
                        facts.facts(payer, in, limit, after),
                        (page, stale) -> Shapes.FactList.of(page),
                        Problem::noSubscription));
    }

    /** Reads the log, on a thread that may wait. */
    private void alerts(Context context) {
        Call call = call(context, "since", "limit");
        Subject subject = call.subject();
        Instant since = call.instant("since", with.clock().instant().minus(ALERTS_OF));
        int limit = (int) call.number("limit", 1, MOST_ALERTS, ALERTS);
        AlertHistory alerts = with.requests().get().map(Requests::alerts).orElseThrow(() -> notStarted(with));
        Waiting.on(
                context,
                () -> answer(
                        context,
                        alerts.alerts(subject, since, limit),
                        (page, stale) -> Shapes.AlertList.of(page),
                        Problem::notFound));
    }

    private void breakdown(Context context) {
        Call call = call(context, "by", "meter", "from", "to", "period");
        Subject org = call.subject();
        String meter = call.meter();
        Set<Dimension> by = call.dimensions();
        Waiting.on(context, () -> {
            Answer<Call.Days> days =
                    call.has("period") ? periodDays(call, org) : new Answer.Found<>(call.days(), false);
            if (days instanceof Answer.Absent<Call.Days>) {
                answer(context, days, (range, stale) -> range, Problem::noPlan);
                return;
            }
            answer(
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

    private void subscription(Context context) {
        Subject subject = call(context).wholeSubject();
        ask(
                context,
                queries -> queries.subscription(subject),
                found -> answer(
                        context,
                        found,
                        (subscription, stale) -> Shapes.Subscription.of(subscription),
                        Problem::noSubscription));
    }

    private void watermarks(Context context) {
        call(context);
        UsageQueries queries = queries();
        Waiting.on(
                context,
                () -> answer(
                        context,
                        queries.watermarks(),
                        (partitions, stale) -> Shapes.Watermarks.of(partitions, with.latenessHorizon()),
                        Problem::notFound));
    }

    private void conservation(Context context) {
        call(context);
        UsageQueries queries = queries();
        Waiting.on(
                context,
                () -> answer(
                        context,
                        queries.conservation(),
                        (partitions, stale) -> Shapes.Conserved.of(partitions),
                        Problem::notFound));
    }

    /** What another instance asks, answered from what is here. */
    private void question(Context context) {
        LocalAnswers local = with.local().get().orElseThrow(() -> notStarted(with));
        String json = JsonBody.textOf(context);
        // Before a copy answers, brokers are asked how far behind it is.
        Waiting.on(context, () -> {
            try {
                context.contentType(Reply.JSON).result(local.answer(json));
            } catch (IllegalArgumentException e) {
                throw new Problem.Signal(
                        Problem.badRequest(Objects.requireNonNullElse(e.getMessage(), "not a question")));
            }
        });
    }

    private void alive(Context context) {
        call(context);
        boolean alive = with.live().getAsBoolean() && live.isLive();
        context.status(alive ? 200 : 503);
        Reply.json(context, alive ? Shapes.HealthShape.of("live") : Shapes.HealthShape.of("not live", NOT_LIVE));
    }

    private void ready(Context context) {
        call(context);
        Optional<String> reason = with.notReadyBecause().get();
        context.status(reason.isEmpty() ? 200 : 503);
        Reply.json(
                context,
                reason.map(because -> Shapes.HealthShape.of("not ready", because))
                        .orElseGet(() -> Shapes.HealthShape.of("ready")));
    }

    private Call call(Context context, String... parameters) {
        return new Call(context, with.clock(), parameters);
    }

    private UsageQueries queries() {
        return with.queries().get().orElseThrow(() -> notStarted(with));
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

    /** What ends a request that came before the topology has started. */
    static Problem.Signal notStarted(HttpApi.Collaborators with) {
        return new Problem.Signal(Problem.notReady(with.notReadyBecause().get().orElse("starting")));
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

    /** Writes an answer, whatever came of the question. */
    static <T> void answer(
            Context context,
            Answer<T> answer,
            BiFunction<? super T, Boolean, ?> shape,
            Function<String, Problem> absence) {
        switch (answer) {
            case Answer.Found<T>(T value, boolean stale) -> Reply.json(context, shape.apply(value, stale));
            case Answer.FromStandby<T>(T value, long lag) -> Reply.fromStandby(context, shape.apply(value, true), lag);
            case Answer.OutOfRetention<T>(LocalDate oldest) -> Reply.problem(context, Problem.outOfRetention(oldest));
            case Answer.Absent<T>(String what) -> Reply.problem(context, absence.apply(what));
            case Answer.NotReady<T>(String reason, Duration retryAfter) -> Reply.notReady(context, reason, retryAfter);
        }
    }

    private static String resource(String name) {
        try (InputStream in = Routes.class.getResourceAsStream(name)) {
            if (in == null) {
                throw new IllegalStateException("no resource " + name);
            }
            return new String(in.readAllBytes(), StandardCharsets.UTF_8);
        } catch (IOException e) {
            throw new IllegalStateException("resource " + name + " cannot be read", e);
        }
    }
}
