package dev.tally.streams.http;

import static org.assertj.core.api.Assertions.assertThat;

import java.net.http.HttpResponse;
import java.time.Duration;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

final class ProblemsTest {

    private final ServedApi served = new ServedApi();

    @AfterEach
    void stop() {
        served.close();
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "/v1/users/u1/usage?day=yesterday",
                "/v1/users/u1/usage?day=2026-02-30",
                "/v1/users/u1/usage?day=2026-11-21T00:00:00Z",
                "/v1/users/u1/usage?day=%2B999999999-12-31",
                "/v1/users/u1/usage?day=-999999999-01-01",
                "/v1/users/u1/usage?day=",
                "/v1/users/u1/usage?day=%C2%B2026-11-21",
                "/v1/users/u1/usage?meter=",
                "/v1/users/u1/usage?meter=a%00b",
                "/v1/users/u1/usage?meter=%FF",
                "/v1/users/u1/usage?meter=actions&meter=credits",
                "/v1/users/u1/usage?metre=actions",
                "/v1/users/u1/usage?from=2026-11-01",
                "/v1/users/u1/limits?day=2026-11-21",
                "/v1/users/u1/usage/history?from=2026-11-21&to=2026-11-20",
                "/v1/users/u1/usage/history?from=1999-07-06&to=2026-11-21",
                "/v1/users/u1/billing?period=current",
                "/v1/orgs/o1/breakdown",
                "/v1/orgs/o1/breakdown?by=",
                "/v1/orgs/o1/breakdown?by=colour",
                "/v1/orgs/o1/breakdown?by=member,member",
                "/v1/orgs/o1/breakdown?by=MEMBER",
                "/v1/orgs/o1/breakdown?by=member&period=2026-11-01&from=2026-11-01",
                "/v1/users/%00/usage",
                "/v1/users/a%0Ab/usage",
                "/v1/users/%FF/usage",
                "/v1/users/%C3%28/usage",
                "/v1/users/%ED%A0%80/usage",
                "/v1/subscriptions/u1",
                "/v1/subscriptions/team:t1",
                "/v1/subscriptions/user:",
                "/v1/watermarks?partition=1",
            })
    void shouldRefuseWhatIsMalformed(String request) {
        // When
        HttpResponse<String> response = served.get(request);

        // Then
        assertThat(response.statusCode()).as(response.body()).isEqualTo(400);
        assertThat(response.headers().firstValue("Content-Type")).hasValue("application/problem+json");
        assertThat(response.body())
                .contains("\"type\":\"urn:tally:problem:bad-request\"")
                .contains("\"detail\":");
    }

    @Test
    void shouldRefuseAnEmptyId() {
        // When
        HttpResponse<String> response = served.send("GET", "/v1/users//usage");

        // Then
        assertThat(response.statusCode()).isEqualTo(400);
    }

    @Test
    void shouldRefuseAnIdOf257Bytes() {
        // When
        HttpResponse<String> response = served.get("/v1/users/" + "a".repeat(257) + "/usage");

        // Then
        assertThat(response.statusCode()).isEqualTo(400);
        assertThat(response.body()).contains("longer than 256 bytes");
    }

    @Test
    void shouldNameTheMeterThatIsUnknown() {
        // When
        HttpResponse<String> response = served.get("/v1/users/u1/usage?meter=smiles");

        // Then
        assertThat(response.statusCode()).isEqualTo(404);
        assertThat(response.body())
                .isEqualTo(
                        "{\"type\":\"urn:tally:problem:unknown-meter\",\"title\":\"The catalogue has no such meter\","
                                + "\"status\":404,\"detail\":\"meter smiles\"}");
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "/v1/users/u1/usage?day=2026-10-11",
                "/v1/users/u1/usage?day=0000-01-01",
                "/v1/users/u1/usage/history?from=2026-10-11",
                "/v1/users/u1/usage/history?to=2026-10-11",
                "/v1/orgs/o1/breakdown?by=member&from=2026-10-11",
                "/v1/orgs/o1/billing?period=2026-10-11",
                "/v1/users/u1/billing?period=2026-10-11",
            })
    void shouldSayWhichDayIsTheOldest(String request) {
        // When
        HttpResponse<String> response = served.get(request);

        // Then
        assertThat(response.statusCode()).isEqualTo(410);
        assertThat(response.body())
                .isEqualTo(
                        "{\"type\":\"urn:tally:problem:out-of-retention\",\"title\":\"The day is no longer kept\","
                                + "\"status\":410,\"detail\":\"the oldest day that is kept is 2026-10-12\",\"oldest\":\"2026-10-12\"}");
    }

    @ParameterizedTest
    @ValueSource(strings = {"/v1/watermarks", "/v1/conservation"})
    void shouldNotAnswerOfPartitionsWhileTheyMove(String request) {
        // Given
        served.counts.goAway(Duration.ofSeconds(1));

        // When
        HttpResponse<String> response = served.get(request);

        // Then
        assertThat(response.statusCode()).isEqualTo(503);
        assertThat(response.headers().firstValue("Retry-After")).hasValue("1");
    }

    @ParameterizedTest
    @CsvSource({"PT0S, 1", "PT0.2S, 1", "PT1S, 1", "PT1.5S, 2", "PT30S, 30"})
    void shouldSayWhenToComeBackWhereNobodyCanAnswer(Duration away, String retryAfter) {
        // Given
        served.counts.goAway(away);

        // When
        HttpResponse<String> response = served.get("/v1/users/u1/usage");

        // Then
        assertThat(response.statusCode()).isEqualTo(503);
        assertThat(response.headers().firstValue("Retry-After")).hasValue(retryAfter);
        assertThat(response.body())
                .contains("\"type\":\"urn:tally:problem:not-ready\"")
                .contains("the partition is moving");
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "/v1/users/u1/usage",
                "/v1/orgs/o1/usage/history",
                "/v1/users/u1/limits",
                "/v1/users/u1/billing",
                "/v1/orgs/o1/breakdown?by=space",
                "/v1/subscriptions/user:u1",
                "/v1/watermarks",
                "/v1/conservation",
            })
    void shouldNotAnswerBeforeTheTopologyHasStarted(String request) {
        // Given
        served.waitFor("waiting for Kafka at 127.0.0.1:9092");

        // When
        HttpResponse<String> response = served.get(request);

        // Then
        assertThat(response.statusCode()).isEqualTo(503);
        assertThat(response.headers().firstValue("Retry-After")).hasValue("1");
        assertThat(response.body()).contains("waiting for Kafka at 127.0.0.1:9092");
    }

    @ParameterizedTest
    @ValueSource(strings = {"/v1/users/u1/usage", "/v1/watermarks"})
    void shouldKeepWhatFailedToItself(String request) {
        // Given
        served.counts.failWith(new IllegalStateException("secret"));

        // When
        HttpResponse<String> response = served.get(request);

        // Then
        assertThat(response.statusCode()).isEqualTo(500);
        assertThat(response.body())
                .isEqualTo("{\"type\":\"urn:tally:problem:internal\",\"title\":\"Something went wrong on this server\","
                        + "\"status\":500}");
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "/v2",
                "/v1/users/u1",
                "/v1/teams/t1/usage",
                "/v1/users/u1/breakdown",
                "/v1/users/u/1/usage",
                "/favicon.ico"
            })
    void shouldKnowNothingElse(String request) {
        // When
        HttpResponse<String> response = served.get(request);

        // Then
        assertThat(response.statusCode()).isEqualTo(404);
        assertThat(response.body()).contains("\"type\":\"urn:tally:problem:not-found\"");
    }

    @ParameterizedTest
    @ValueSource(strings = {"POST", "PUT", "DELETE", "PATCH"})
    void shouldOnlyBeRead(String method) {
        // When
        HttpResponse<String> response = served.send(method, "/v1/users/u1/usage");

        // Then
        assertThat(response.statusCode()).isEqualTo(405);
        assertThat(response.headers().firstValue("Allow")).hasValue("GET, HEAD");
        assertThat(response.body()).contains("\"type\":\"urn:tally:problem:method-not-allowed\"");
    }

    @Test
    void shouldNameTheMethodsOfAPathThatCanBeWritten() {
        // When
        HttpResponse<String> response = served.send("POST", "/v1/subscriptions/user:u1");

        // Then
        assertThat(response.statusCode()).isEqualTo(405);
        assertThat(response.headers().firstValue("Allow")).hasValue("GET, HEAD, PUT");
    }

    @Test
    void shouldAnswerHeadWithoutABody() {
        // When
        HttpResponse<String> response = served.send("HEAD", "/v1/users/u1/usage");

        // Then
        assertThat(response.statusCode()).isEqualTo(200);
        assertThat(response.body()).isEmpty();
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "GET /v1/users/%zz/usage HTTP/1.1 | 400",
                "GET /v1/users/50%/usage HTTP/1.1 | 400",
                "GET /v1/users/u%2/usage HTTP/1.1 | 400",
                "GET /v1/users/u1/usage?day=%zz HTTP/1.1 | 400",
                "GET /v1/users/u1/usage | 505",
                "GET /v1/users/u1/usage HTTP/7.1 | 505",
                "nonsense | 400",
            })
    void shouldAnswerWhatIsNotHttpWithAProblem(String requestLine, String status) {
        // When
        String response = served.sendRaw(requestLine + "\r\nHost: localhost\r\nConnection: close\r\n\r\n");

        // Then
        assertThat(response)
                .startsWith("HTTP/1.1 " + status + " ")
                .contains("\"type\":\"urn:tally:problem:bad-request\"")
                .contains("\"status\":" + status + ",");
    }

    @Test
    void shouldRefuseEndlessHeaders() {
        // When
        String response = served.sendRaw(
                "GET / HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\nX: " + "x".repeat(10_000) + "\r\n\r\n");

        // Then
        assertThat(response)
                .startsWith("HTTP/1.1 431")
                .contains("application/problem+json")
                .contains("nosniff");
    }

    @Test
    void shouldTakeDotsInAPathAsAnId() {
        // When
        String response =
                served.sendRaw("GET /v1/users/../usage HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n");

        // Then
        assertThat(response).startsWith("HTTP/1.1 200").contains("\"subject\":\"user:..\"");
    }
}
