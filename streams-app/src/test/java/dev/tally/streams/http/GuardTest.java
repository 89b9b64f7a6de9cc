package dev.tally.streams.http;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.tally.keys.Subject;
import dev.tally.streams.http.auth.Access;
import dev.tally.streams.http.auth.Caller;
import dev.tally.streams.http.auth.InstanceCredentials;
import dev.tally.streams.http.auth.Scope;
import dev.tally.streams.http.auth.StreamTickets;
import io.javalin.Javalin;
import io.javalin.http.Handler;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.util.Optional;
import java.util.Set;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** Streams, which tickets open, and questions between instances. */
final class GuardTest {

    private static final String STREAM = "/v1/users/u1/usage/stream";
    private static final String QUESTIONS = "/internal/v1/questions";

    private final Guard guard = new Guard(Callers.jwt(0));
    private final HttpClient client = HttpClient.newHttpClient();
    private final StreamTickets tickets = new StreamTickets(Callers.SECRET, Callers.CLOCK);
    private final Javalin server = serving(guard);

    private static Javalin serving(Guard guard) {
        Handler caller =
                context -> context.result(String.valueOf(Guard.caller(context).user()));
        return Javalin.create(config -> {
                    config.startup.showJavalinBanner = false;
                    config.routes.get("/v1/users/{id}/usage/stream", guard.around(Access.STREAM, caller));
                    config.routes.get("/v1/users/{id}/usage", guard.around(Access.READ, caller));
                    config.routes.get(QUESTIONS, guard.around(Access.INSTANCE, caller));
                    config.routes.exception(
                            Problem.Signal.class, (signal, context) -> Reply.problem(context, signal.problem()));
                })
                .start("127.0.0.1", 0);
    }

    @AfterEach
    void stop() {
        client.close();
        server.stop();
    }

    @Test
    void shouldNotServeARouteThatNobodyGuards() {
        assertThatThrownBy(() -> Javalin.create(config -> {
                    Guard.requireGuards(config.events);
                    config.routes.get("/v1/secrets", context -> context.result("42"));
                }))
                .hasStackTraceContaining("nobody guards GET /v1/secrets");
    }

    @Test
    void shouldOpenAStreamByTicketOnce() throws Exception {
        String ticket = ticket("u1");

        assertThat(status(server, STREAM + "?ticket=" + ticket, "")).isEqualTo(200);
        assertThat(status(server, STREAM + "?ticket=" + ticket, "")).isEqualTo(401);
        assertThat(status(server, STREAM + "?meter=credits&ticket=" + ticket("u1"), ""))
                .isEqualTo(200);
        assertThat(status(server, "/v1/users/u2/usage/stream?ticket=" + ticket("u1"), ""))
                .isEqualTo(401);
        assertThat(status(server, STREAM + "?ticket=", "")).isEqualTo(401);
        assertThat(status(server, STREAM + "?ticket=" + ticket("u1") + "&ticket=" + ticket("u1"), ""))
                .isEqualTo(400);
    }

    @Test
    void shouldTakeTicketsForStreamsOnly() throws Exception {
        String ticket = ticket("u1");

        assertThat(status(server, "/v1/users/u1/usage?ticket=" + ticket, "")).isEqualTo(401);
        assertThat(status(server, QUESTIONS + "?ticket=" + ticket, "")).isEqualTo(401);
        assertThat(status(server, STREAM, "Bearer " + ticket)).isEqualTo(401);
        // Neither use has used it up.
        assertThat(status(server, STREAM + "?ticket=" + ticket, "")).isEqualTo(200);
    }

    @Test
    void shouldOpenAStreamByToken() throws Exception {
        assertThat(status(server, STREAM, Callers.with("usage:read", "user=u1")))
                .isEqualTo(200);
        assertThat(status(server, STREAM, Callers.with("usage:read", "user=u2")))
                .isEqualTo(403);
        assertThat(status(server, STREAM, Callers.with("admission:write"))).isEqualTo(403);
        assertThat(status(server, STREAM, "")).isEqualTo(401);
        // Who shows a token is held against it, whatever ticket he has.
        assertThat(status(server, STREAM + "?ticket=" + ticket("u1"), Callers.with("usage:read", "user=u2")))
                .isEqualTo(403);
        // A token in a URL is no token.
        assertThat(status(
                        server,
                        STREAM + "?ticket=" + Callers.with("admin").substring(7) + "&access_token="
                                + Callers.with("admin").substring(7),
                        ""))
                .isEqualTo(401);
    }

    @Test
    void shouldAnswerOtherInstancesOnly() throws Exception {
        assertThat(status(server, QUESTIONS, Callers.instance())).isEqualTo(200);
        assertThat(status(server, QUESTIONS, "")).isEqualTo(401);
        assertThat(status(server, QUESTIONS, Callers.with("admin"))).isEqualTo(401);
        assertThat(status(server, STREAM, Callers.instance())).isEqualTo(401);
        for (String authorization : Callers.withoutAValidToken().values()) {
            if (!InstanceCredentials.sharing(Callers.SECRET, Callers.CLOCK)
                    .accepts(authorization.replaceFirst("Bearer ", ""))) {
                assertThat(status(server, QUESTIONS, authorization))
                        .as(authorization)
                        .isEqualTo(401);
            }
        }
    }

    @Test
    void shouldAskForNothingWhereAuthenticationIsOff() throws Exception {
        Javalin open = serving(new Guard(Security.open(Callers.CLOCK)));
        try {
            assertThat(status(open, STREAM, "")).isEqualTo(200);
            assertThat(status(open, STREAM + "?ticket=anything", "")).isEqualTo(200);
            assertThat(status(open, QUESTIONS, "")).isEqualTo(200);
        } finally {
            open.stop();
        }
    }

    private String ticket(String user) {
        Caller caller = new Caller("c", Set.of(Scope.USAGE_READ), user, null, null);
        return tickets.issue(Subject.user(user), caller).text();
    }

    private int status(Javalin asked, String path, String authorization) throws IOException, InterruptedException {
        HttpRequest.Builder request = HttpRequest.newBuilder(URI.create("http://127.0.0.1:" + asked.port() + path));
        Optional.of(authorization)
                .filter(value -> !value.isEmpty())
                .ifPresent(value -> request.header("Authorization", value));
        return client.send(request.build(), HttpResponse.BodyHandlers.discarding())
                .statusCode();
    }
}
