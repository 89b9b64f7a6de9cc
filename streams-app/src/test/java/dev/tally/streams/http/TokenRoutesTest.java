package dev.tally.streams.http;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import dev.tally.keys.Subject;
import dev.tally.streams.http.auth.BearerTokens;
import dev.tally.streams.http.auth.InstanceCredentials;
import dev.tally.streams.http.auth.Issuer;
import dev.tally.streams.http.auth.RateLimit;
import dev.tally.streams.http.auth.SigningKeys;
import dev.tally.streams.http.auth.StreamTickets;
import java.io.IOException;
import java.net.http.HttpResponse;
import java.util.Optional;
import java.util.Set;
import org.junit.jupiter.api.Test;

/** What tokens change about answers, besides who gets them. */
final class TokenRoutesTest {

    @Test
    void shouldGiveATicketForAStream() throws IOException {
        try (ServedApi served = new ServedApi(Callers.jwt(0))) {
            // When
            HttpResponse<String> response = served.ask(
                    "POST",
                    "/v1/stream-tickets",
                    "{'subject':'org:o%2F1'}",
                    "Authorization",
                    Callers.with("usage:read", "org=o/1"));

            // Then
            assertThat(response.statusCode()).as(response.body()).isEqualTo(200);
            JsonNode answer = OpenApiDocument.MAPPER.readTree(response.body());
            assertThat(answer.path("expiresAt").asText()).isEqualTo("2026-11-22T00:00:29Z");
            assertThat(new StreamTickets(Callers.SECRET, Callers.CLOCK)
                            .redeem(answer.path("ticket").asText(), Subject.org("o/1")))
                    .isPresent();
        }
    }

    @Test
    void shouldEndAStreamWithTheTokenThatOpenedIt() throws IOException {
        try (ServedApi served = new ServedApi(Callers.jwt(0))) {
            // Given a stream by a token that is valid for five minutes, and one by a ticket of it
            String token = Callers.with("usage:read");
            String path = "/v1/users/u1/usage/stream";
            String answer = served.ask("POST", "/v1/stream-tickets", "{'subject':'user:u1'}", "Authorization", token)
                    .body();
            String ticket =
                    OpenApiDocument.MAPPER.readTree(answer).path("ticket").asText();
            try (EventStream byToken = served.stream(path, "Authorization", token);
                    EventStream byTicket = served.stream(path + "?ticket=" + ticket)) {
                assertThat(byToken.next().name()).isEqualTo("usage");
                assertThat(byTicket.next().name()).isEqualTo("usage");

                // When it has expired, by all clocks
                served.now(ServedApi.NOW.plusSeconds(300 + 60));
                served.counts.count(Subject.user("u1"), "actions", "2026-11-22", 7);
                served.changes.notice(Subject.user("u1"));

                // Then
                assertThat(byToken.ends()).isTrue();
                assertThat(byTicket.ends()).isTrue();
            }
        }
    }

    @Test
    void shouldAnswerToItsOwnNamesOnlyWhereNobodyShowsAToken() {
        try (ServedApi open = new ServedApi();
                ServedApi byToken = new ServedApi(Callers.jwt(0))) {
            String request = "GET /health/live HTTP/1.1\r\nHost: %s\r\nConnection: close\r\n\r\n";
            for (String own :
                    new String[] {"localhost", "LOCALHOST:8080", "tally.localhost", "127.0.0.1:80", "[::1]:8080"}) {
                assertThat(open.sendRaw(request.formatted(own))).as(own).startsWith("HTTP/1.1 200 ");
            }
            for (String other : new String[] {"evil.example:8080", "localhost.evil.example", "127.0.0.1.nip.io"}) {
                assertThat(open.sendRaw(request.formatted(other))).as(other).startsWith("HTTP/1.1 421 ");
                assertThat(byToken.sendRaw(request.formatted(other))).as(other).startsWith("HTTP/1.1 200 ");
            }
        }
    }

    @Test
    void shouldAnswerToTheNameThatOtherInstancesCallItBy() {
        Security open = Security.open(Callers.CLOCK);
        Security named = new Security(
                open.tokens(),
                open.instances(),
                open.tickets(),
                open.rateLimit(),
                Optional.of(Set.of("Tally-1.internal")),
                true,
                Set.of(),
                Optional.empty());
        try (ServedApi served = new ServedApi(named)) {
            String request = "GET /health/live HTTP/1.1\r\nHost: %s\r\nConnection: close\r\n\r\n";
            assertThat(served.sendRaw(request.formatted("tally-1.Internal:8081")))
                    .startsWith("HTTP/1.1 200 ");
            assertThat(served.sendRaw(request.formatted("tally-2.internal:8081")))
                    .startsWith("HTTP/1.1 421 ");
            assertThat(served.sendRaw(request.formatted(":8081"))).startsWith("HTTP/1.1 4");
        }
    }

    @Test
    void shouldSayWhatIsWrongWithARequestForATicket() {
        try (ServedApi served = new ServedApi()) {
            for (String body : new String[] {
                "{}", "{'subject':7}", "{'subject':'u1'}", "{'subject':'user:'}", "{'subject':'user:u1','for':'1h'}"
            }) {
                assertThat(served.ask("POST", "/v1/stream-tickets", body).statusCode())
                        .as(body)
                        .isEqualTo(400);
            }
        }
    }

    @Test
    void shouldShowATokenItsOwnAdmissionsOnly() {
        try (ServedApi served = new ServedApi(Callers.jwt(0))) {
            // Given
            String member = Callers.with("admission:write", "user=u1", "org=o1");
            String org = Callers.with("admission:write", "org=o1");
            String user = Callers.with("admission:write", "user=u1");
            String stranger = Callers.with("admission:write", "org=o2");
            String everybody = Callers.with("admission:write");
            String inOrg = "{'actionId':'%s','userId':'%s','orgId':'o1','actionType':'chat'}";
            String alone = "{'actionId':'a3','userId':'u1','actionType':'chat'}";

            // Then
            assertThat(ask(served, member, inOrg.formatted("a1", "u1"))).isEqualTo(200);
            assertThat(ask(served, member, inOrg.formatted("a2", "u2"))).isEqualTo(403);
            assertThat(ask(served, member, alone)).isEqualTo(200);
            assertThat(ask(served, org, inOrg.formatted("a2", "u2"))).isEqualTo(200);
            assertThat(ask(served, org, alone)).isEqualTo(403);
            assertThat(ask(served, user, inOrg.formatted("a1", "u1"))).isEqualTo(403);
            assertThat(ask(served, user, alone)).isEqualTo(200);
            assertThat(ask(served, stranger, inOrg.formatted("a1", "u1"))).isEqualTo(403);

            assertThat(find(served, member, "a1", "org:o1").statusCode()).isEqualTo(200);
            assertThat(find(served, org, "a1", "org:o1").statusCode()).isEqualTo(200);
            assertThat(find(served, everybody, "a1", "org:o1").statusCode()).isEqualTo(200);
            assertThat(find(served, user, "a3", "user:u1").statusCode()).isEqualTo(200);
            assertThat(find(served, user, "a1", "org:o1").statusCode()).isEqualTo(403);
            assertThat(find(served, user, "a9", "org:o1").statusCode()).isEqualTo(403);
            assertThat(find(served, stranger, "a1", "org:o1").statusCode()).isEqualTo(403);
            // Another member's, or another org's, is as one that is not there.
            assertThat(find(served, member, "a2", "org:o1").body())
                    .isEqualTo(find(served, everybody, "a9", "org:o1").body().replace("a9", "a2"));
            assertThat(find(served, stranger, "a3", "user:u1").body())
                    .isEqualTo(find(served, everybody, "a9", "user:u1").body().replace("a9", "a3"));
            assertThat(served.ask("DELETE", "/v1/admissions/a2?payer=org:o1", null, "Authorization", member)
                            .statusCode())
                    .isEqualTo(404);
            assertThat(find(served, everybody, "a2", "org:o1").body()).contains("ADMIT");
            // Also where a copy answers.
            served.admissions.leaveToStandby(7);
            assertThat(find(served, member, "a1", "org:o1").body()).contains("ADMIT", "\"stale\":true");
            assertThat(find(served, member, "a2", "org:o1").statusCode()).isEqualTo(404);
            assertThat(served.ask("DELETE", "/v1/admissions/a1?payer=org:o1", null, "Authorization", member)
                            .body())
                    .contains("CANCELED");
        }
    }

    private static int ask(ServedApi served, String token, String body) {
        return served.ask("POST", "/v1/admissions", body, "Authorization", token)
                .statusCode();
    }

    private static HttpResponse<String> find(ServedApi served, String token, String actionId, String payer) {
        return served.ask("GET", "/v1/admissions/" + actionId + "?payer=" + payer, null, "Authorization", token);
    }

    @Test
    void shouldLimitTheCallsOfEachToken() {
        try (ServedApi served = new ServedApi(Callers.jwt(2))) {
            String token = Callers.with("usage:read");
            for (int i = 0; i < 2; i++) {
                assertThat(served.ask("GET", "/v1/users/u1/usage", null, "Authorization", token)
                                .statusCode())
                        .isEqualTo(200);
            }

            HttpResponse<String> refused = served.ask("GET", "/v1/users/u1/usage", null, "Authorization", token);

            assertThat(refused.statusCode()).isEqualTo(429);
            assertThat(refused.headers().firstValue("Retry-After")).hasValue("1");
            assertThat(refused.body()).contains("urn:tally:problem:rate-limited");
            assertThat(served.get("/health/live").statusCode()).isEqualTo(200);
            assertThat(served.ask("GET", "/metrics", null, "Authorization", Callers.with("admin"))
                            .statusCode())
                    .isEqualTo(200);
        }
    }

    @Test
    void shouldSayWhenKeysCannotBeRead() {
        Security away = new Security(
                Optional.of(new BearerTokens(
                        new SigningKeys(
                                () -> {
                                    throw new IOException("away");
                                },
                                Callers.CLOCK,
                                Runnable::run),
                        Issuer.NAME,
                        Issuer.AUDIENCE,
                        Callers.CLOCK)),
                InstanceCredentials.missing(),
                new StreamTickets(Callers.SECRET, Callers.CLOCK),
                new RateLimit(0, Callers.CLOCK),
                Optional.empty(),
                true,
                Set.of(),
                Optional.empty());
        try (ServedApi served = new ServedApi(away)) {
            HttpResponse<String> response =
                    served.ask("GET", "/v1/users/u1/usage", null, "Authorization", Callers.with("admin"));

            assertThat(response.statusCode()).isEqualTo(503);
            assertThat(response.headers().firstValue("Retry-After")).hasValue("5");
            assertThat(served.ask("GET", "/metrics", null).statusCode()).isEqualTo(200);
        }
    }

    @Test
    void shouldLetPagesOfTheListedOriginsCall() {
        Security jwt = Callers.jwt(0);
        Security security = new Security(
                jwt.tokens(),
                jwt.instances(),
                jwt.tickets(),
                jwt.rateLimit(),
                Optional.empty(),
                false,
                Set.of("https://app.example"),
                Optional.empty());
        try (ServedApi served = new ServedApi(security)) {
            String[] preflight = {
                "Origin",
                "https://app.example",
                "Access-Control-Request-Method",
                "GET",
                "Access-Control-Request-Headers",
                "authorization"
            };
            HttpResponse<String> asked = served.ask("OPTIONS", "/v1/users/u1/usage", null, preflight);
            assertThat(asked.statusCode()).isEqualTo(204);
            assertThat(asked.headers().firstValue("Access-Control-Allow-Origin"))
                    .hasValue("https://app.example");
            assertThat(asked.headers()
                            .firstValue("Access-Control-Allow-Headers")
                            .orElse(""))
                    .contains("Authorization");
            assertThat(asked.headers().firstValue("Access-Control-Allow-Credentials"))
                    .isEmpty();

            assertThat(asked.headers()
                            .firstValue("Access-Control-Expose-Headers")
                            .orElse(""))
                    .contains("Tally-Until", "Tally-Behind", "Content-Disposition", "Retry-After");

            HttpResponse<String> refused =
                    served.ask("GET", "/v1/users/u1/usage", null, "Origin", "https://app.example");
            assertThat(refused.statusCode()).isEqualTo(401);
            assertThat(refused.headers().firstValue("Access-Control-Allow-Origin"))
                    .hasValue("https://app.example");
            assertThat(refused.headers().allValues("Vary")).contains("Origin");

            for (String other : new String[] {"https://app.example.evil", "http://app.example", "null", "*"}) {
                preflight[1] = other;
                HttpResponse<String> response = served.ask("OPTIONS", "/v1/users/u1/usage", null, preflight);
                assertThat(response.statusCode()).as(other).isEqualTo(405);
                assertThat(response.headers().firstValue("Access-Control-Allow-Origin"))
                        .isEmpty();
            }
        }
        try (ServedApi served = new ServedApi()) {
            HttpResponse<String> response =
                    served.ask("GET", "/v1/users/u1/usage", null, "Origin", "https://app.example");
            assertThat(response.headers().firstValue("Access-Control-Allow-Origin"))
                    .isEmpty();
        }
    }
}
