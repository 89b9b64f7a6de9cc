package dev.tally.streams.http;

import dev.tally.streams.export.ActionExports;
import dev.tally.streams.http.auth.Access;
import dev.tally.streams.http.live.ChangeStreams;
import dev.tally.streams.http.live.LiveFigures;
import dev.tally.streams.http.live.LiveHub;
import dev.tally.streams.http.live.LiveTimes;
import dev.tally.streams.http.tls.ServedTls;
import dev.tally.streams.query.Changes;
import dev.tally.streams.query.LocalAnswers;
import dev.tally.streams.query.UsageQueries;
import dev.tally.streams.requests.Requests;
import io.javalin.Javalin;
import io.javalin.config.JavalinConfig;
import io.javalin.config.RoutesConfig;
import io.javalin.http.Context;
import io.javalin.http.HttpResponseException;
import io.javalin.router.Endpoint;
import java.time.Duration;
import java.time.InstantSource;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ExecutorService;
import java.util.function.BooleanSupplier;
import java.util.function.Supplier;
import org.eclipse.jetty.http.UriCompliance;
import org.eclipse.jetty.server.Connector;
import org.eclipse.jetty.server.HttpConfiguration;
import org.eclipse.jetty.server.HttpConnectionFactory;
import org.eclipse.jetty.server.Server;
import org.eclipse.jetty.server.ServerConnector;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** The HTTP server of streams-app. It starts before the topology, so that health can say what is being waited for. */
public final class HttpApi implements AutoCloseable {

    private static final Logger log = LoggerFactory.getLogger(HttpApi.class);

    /** So many connections may wait until they are taken: those of streams come all at once when an instance has gone. The system may allow fewer. */
    private static final int ACCEPT_QUEUE = 1_024;

    /**
     * Javalin copies each answer through an array of this many bytes, of its own for each; most answers have a few hundred. By what fits in
     * it is decided whether an answer is compressed, so it is over the 1,500 bytes from which on they are.
     */
    private static final int COPIED_AT_ONCE = 2_048;

    private static final String NO_OPERATION = "none";

    private final ExecutorService askers = LiveHub.askers();
    private final LiveHub live;
    private final ChangeStreams changed;
    private final Routes routes;
    private final Security security;
    private final Map<String, String> headers;
    private final Javalin server;
    private volatile AnswerListener answers = (method, route, status, took) -> {};
    private String host = "127.0.0.1";
    private int port;

    /**
     * What the server needs from the process.
     *
     * @param queries the queries; empty until the topology has started
     * @param requests what it can be asked to do; empty until the topology has started
     * @param local what this instance answers to others; empty until the topology has started
     * @param changes who says whose usage has changed, wherever it is kept; empty until the topology has started
     * @param changesHere the same of what is kept on this instance, for others
     * @param mostStreams how many streams of usage may be open
     * @param exports gives counted actions; empty until the topology has started
     * @param catalogueWritable whether callers may change the catalogue
     * @param live whether the process can still do its work
     * @param notReadyBecause why queries cannot be answered; empty when they can
     * @param metrics all metrics in Prometheus' text format
     * @param latenessHorizon the setting, as publishers should know it
     * @param clock for the current day
     * @param security who may call
     */
    public record Collaborators(
            Supplier<Optional<UsageQueries>> queries,
            Supplier<Optional<Requests>> requests,
            Supplier<Optional<LocalAnswers>> local,
            Supplier<Optional<Changes>> changes,
            Supplier<Optional<Changes>> changesHere,
            int mostStreams,
            Supplier<Optional<ActionExports>> exports,
            boolean catalogueWritable,
            BooleanSupplier live,
            Supplier<Optional<String>> notReadyBecause,
            Supplier<String> metrics,
            String latenessHorizon,
            InstantSource clock,
            Security security) {}

    /** Takes note of answers. */
    @FunctionalInterface
    public interface AnswerListener {

        /**
         * A request was answered; of a stream, it ended.
         *
         * @param method and route of the operation, the route as OpenAPI writes it; both "none" where no operation is meant
         * @param status of the answer
         * @param took from the request's arrival on
         */
        void answered(String method, String route, int status, Duration took);
    }

    /** A server that listens on nothing yet. */
    public HttpApi(Collaborators with) {
        this(with, LiveTimes.USUAL);
    }

    HttpApi(Collaborators with, LiveTimes times) {
        this.security = with.security();
        this.headers = new HashMap<>(Reply.HEADERS);
        if (security.tls().isPresent()) {
            headers.putAll(Reply.TLS_HEADERS);
        }
        this.live = new LiveHub(
                new LiveHub.Sources(
                        () -> with.queries().get().map(queries -> queries.inBackground()::usage),
                        with.changes(),
                        (usage, stale) -> Reply.text(Shapes.UsageShape.of(usage, stale)),
                        with.clock(),
                        System::nanoTime,
                        askers),
                times,
                with.mostStreams());
        this.changed = new ChangeStreams(with.changesHere());
        this.routes = new Routes(with, new LiveRoutes(with, live, changed));
        this.server = Javalin.create(this::configure);
    }

    /** Tells of each answer from now on, in the thread that has given it. */
    public void onAnswer(AnswerListener listener) {
        answers = listener;
    }

    private void answered(Context context, float millis) {
        Endpoint matched = context.endpoints().lastHttpEndpoint();
        answers.answered(
                matched == null ? NO_OPERATION : context.req().getMethod(),
                matched == null ? NO_OPERATION : matched.path,
                context.statusCode(),
                Duration.ofNanos((long) (millis * 1_000_000.0)));
    }

    /** Listens on an address; port 0 takes a free one. */
    public void start(String listenOn, int listenAt) {
        host = listenOn;
        port = listenAt;
        live.start();
        server.start(listenOn, listenAt);
    }

    /** The port it listens on. */
    public int port() {
        return server.port();
    }

    /** What it serves to others than instances, each as a method and a path as OpenAPI writes it. */
    List<String> operations() {
        return routes.accesses().entrySet().stream()
                .filter(route -> route.getValue() != Access.INSTANCE)
                .map(Map.Entry::getKey)
                .toList();
    }

    /** What each route asks of its callers. */
    Map<String, Access> accesses() {
        return routes.accesses();
    }

    /** What the streams of usage count. */
    public LiveFigures liveFigures() {
        return live.figures();
    }

    /** Ends all streams, so that their listeners go elsewhere at once; none can be opened any more. */
    public void endStreams() {
        live.close();
        changed.close();
    }

    @Override
    public void close() {
        endStreams();
        server.stop();
        askers.shutdownNow();
        security.tls().ifPresent(ServedTls::close);
    }

    private void configure(JavalinConfig config) {
        config.startup.showJavalinBanner = false;
        config.http.prefer405over404 = true;
        config.http.responseBufferSize = COPIED_AT_ONCE;
        config.jetty.modifyServer(jetty -> jetty.setErrorHandler(new RefusedRequests(headers)));
        config.jetty.modifyHttpConfiguration(http -> {
            // Ids may hold any character, so a path may hold %2F, %25 or %2E%2E; no path of ours leads to a file.
            http.setUriCompliance(UriCompliance.UNSAFE);
            http.setSendServerVersion(false);
        });
        config.jetty.modifyServletContextHandler(
                handler -> handler.getServletHandler().setDecodeAmbiguousURIs(true));
        config.jetty.addConnector(this::connector);
        config.routes.before(context -> headers.forEach(context::header));
        security.ownNames().ifPresent(names -> config.routes.before(new OwnNames(() -> host, names)));
        config.routes.before(new Cors(security.corsOrigins()));
        Guard.requireGuards(config.events);
        config.requestLogger.http((context, millis) -> answered(context, millis));
        routes.register(config.routes);
        errors(config.routes);
    }

    private Connector connector(Server jetty, HttpConfiguration http) {
        ServerConnector connector = security.tls()
                .map(tls -> tls.connector(jetty, http))
                .orElseGet(() -> new ServerConnector(jetty, new HttpConnectionFactory(http)));
        connector.setHost(host);
        connector.setPort(port);
        connector.setAcceptQueueSize(ACCEPT_QUEUE);
        return connector;
    }

    private static void errors(RoutesConfig routes) {
        routes.exception(Problem.Signal.class, (signal, context) -> Reply.problem(context, signal.problem()));
        routes.exception(HttpResponseException.class, HttpApi::unrouted);
        routes.exception(Exception.class, (e, context) -> {
            log.atError()
                    .setCause(e)
                    .addKeyValue("route", context.endpoint().path)
                    .log("A request failed");
            Reply.problem(context, Problem.internal());
        });
    }

    /** What Javalin refuses by itself. */
    private static void unrouted(HttpResponseException refusal, Context context) {
        switch (refusal.getStatus()) {
            case 404 -> {
                // An id that is left out is a mistake in a known path, not an unknown one.
                Reply.problem(
                        context,
                        context.path().contains("//")
                                ? Problem.badRequest("a part of the path is empty")
                                : Problem.notFound("no route " + context.path()));
            }
            case 405 -> {
                String known = String.join(", ", refusal.getDetails().values());
                String allowed = known.contains("HEAD") ? known : known.replace("GET", "GET, HEAD");
                context.header("Allow", allowed);
                Reply.problem(context, Problem.methodNotAllowed("allowed: " + allowed));
            }
            default ->
                Reply.problem(
                        context,
                        refusal.getStatus() >= 500
                                ? Problem.internal()
                                : Problem.refused(refusal.getStatus(), "the request is refused"));
        }
    }
}
