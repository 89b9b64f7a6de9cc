package dev.tally.streams.http;

import dev.tally.streams.http.auth.Access;
import dev.tally.streams.http.live.ChangeStreams;
import dev.tally.streams.query.Answer;
import dev.tally.streams.query.InstanceClient;
import dev.tally.streams.query.LocalAnswers;
import dev.tally.streams.query.UsageQueries;
import io.javalin.config.RoutesConfig;
import io.javalin.http.Context;
import io.javalin.http.Handler;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.time.LocalDate;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.function.BiFunction;
import java.util.function.Function;

/** The routes: each checks its request, asks one question and writes the answer. */
final class Routes {

    private static final String NOT_LIVE = "the stream threads have stopped for good; only a restart helps";

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
        UsageRoutes usage = new UsageRoutes(with);
        ExportRoute export = new ExportRoute(with);
        for (String kind : List.of("users", "orgs")) {
            String subject = "/v1/" + kind + "/{id}";
            get(routes, subject + "/usage", Access.READ, usage::usage);
            get(routes, subject + "/usage/history", Access.READ, usage::history);
            get(routes, subject + "/usage/stream", Access.STREAM, live::usage);
            get(routes, subject + "/limits", Access.READ, usage::limits);
            get(routes, subject + "/billing", Access.READ, usage::billing);
            get(routes, subject + "/facts", Access.READ, usage::facts);
            get(routes, subject + "/alerts", Access.READ, usage::alerts);
            get(routes, subject + "/actions", Access.READ, export::export);
        }
        get(routes, "/v1/orgs/{id}/breakdown", Access.READ, usage::breakdown);
        get(routes, "/v1/subscriptions/{subject}", Access.READ, usage::subscription);
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
        add(routes, "POST", InstanceClient.PATH, Access.INSTANCE, this::questions);
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
    private void questions(Context context) {
        LocalAnswers local = with.local().get().orElseThrow(() -> notStarted(with));
        String json = JsonBody.textOf(context, InstanceClient.MOST_ASKED_BYTES);
        // Before a copy answers, brokers are asked how far behind it is.
        Waiting.on(context, () -> {
            try {
                context.contentType(Reply.JSON).result(local.answers(json));
            } catch (IllegalArgumentException e) {
                throw new Problem.Signal(
                        Problem.badRequest(Objects.requireNonNullElse(e.getMessage(), "no questions")));
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

    /** What ends a request that came before the topology has started. */
    static Problem.Signal notStarted(HttpApi.Collaborators with) {
        return new Problem.Signal(Problem.notReady(with.notReadyBecause().get().orElse("starting")));
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
