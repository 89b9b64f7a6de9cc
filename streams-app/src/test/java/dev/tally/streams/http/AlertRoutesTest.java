package dev.tally.streams.http;

import static org.assertj.core.api.Assertions.assertThat;

import dev.tally.schemas.AlertKind;
import dev.tally.schemas.QuotaAlert;
import dev.tally.schemas.Scope;
import dev.tally.schemas.Severity;
import java.net.http.HttpResponse;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.stream.IntStream;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class AlertRoutesTest {

    private static final String HOSTILE = "\"><img src=x onerror=alert(1)>\u2028é";
    private static final Instant DAY = Instant.parse("2026-11-21T00:00:00Z");
    private static final Instant NEXT_DAY = Instant.parse("2026-11-22T00:00:00Z");

    private final ServedApi served = new ServedApi();

    @AfterEach
    void stop() {
        served.close();
    }

    @Test
    void shouldTellAlertsAsTheTopicHasThem() {
        // Given
        QuotaAlert reached = new QuotaAlert(
                "a2",
                AlertKind.REACHED,
                Severity.CRITICAL,
                "org:o1",
                Scope.MEMBER,
                HOSTILE,
                "credits",
                DAY,
                NEXT_DAY,
                100,
                1,
                Long.MAX_VALUE,
                Long.MAX_VALUE,
                NEXT_DAY,
                "enterprise",
                "e-500",
                true,
                Instant.parse("2026-11-21T12:34:56.789Z"));
        QuotaAlert silence = new QuotaAlert(
                "a1",
                AlertKind.SILENCE,
                Severity.WARNING,
                "org:o1",
                Scope.ORG,
                "o1",
                "actions",
                DAY,
                DAY.plusSeconds(3_600),
                null,
                0,
                60L,
                3L,
                null,
                null,
                "(none)",
                false,
                DAY.plusSeconds(3_600));
        served.alerts.raised(true, reached, silence);

        // When
        HttpResponse<String> response = served.get("/v1/orgs/o1/alerts?since=2026-11-20T00:00:00.5Z&limit=2");

        // Then
        assertThat(served.alerts.asked()).containsExactly("org:o1 2026-11-20T00:00:00.500Z 2");
        assertThat(response.headers().firstValue("Content-Type").orElse("")).startsWith("application/json");
        assertThat(response.body())
                .isEqualTo("{\"subject\":\"org:o1\",\"since\":\"2026-11-20T00:00:00.500Z\",\"alerts\":["
                        + "{\"alertId\":\"a2\",\"kind\":\"REACHED\",\"severity\":\"CRITICAL\",\"subject\":\"org:o1\","
                        + "\"scope\":\"MEMBER\",\"scopeId\":\"" + HOSTILE.replace("\"", "\\\"")
                        + "\",\"meter\":\"credits\","
                        + "\"windowStart\":\"2026-11-21T00:00:00Z\",\"windowEnd\":\"2026-11-22T00:00:00Z\","
                        + "\"threshold\":100,\"epoch\":1,\"limit\":9223372036854775807,\"used\":9223372036854775807,"
                        + "\"resetsAt\":\"2026-11-22T00:00:00Z\",\"planId\":\"enterprise\",\"cause\":\"e-500\",\"late\":true,"
                        + "\"at\":\"2026-11-21T12:34:56.789Z\"},"
                        + "{\"alertId\":\"a1\",\"kind\":\"SILENCE\",\"severity\":\"WARNING\",\"subject\":\"org:o1\","
                        + "\"scope\":\"ORG\",\"scopeId\":\"o1\",\"meter\":\"actions\","
                        + "\"windowStart\":\"2026-11-21T00:00:00Z\",\"windowEnd\":\"2026-11-21T01:00:00Z\","
                        + "\"threshold\":null,\"epoch\":0,\"limit\":60,\"used\":3,\"resetsAt\":null,\"planId\":null,"
                        + "\"cause\":\"(none)\",\"late\":false,\"at\":\"2026-11-21T01:00:00Z\"}],\"more\":true}");
    }

    @Test
    void shouldAskForAHundredOfTheLastSevenDays() {
        HttpResponse<String> response = served.get("/v1/users/a%2Fb%3Cimg%3E%20%2541/alerts");

        assertThat(served.alerts.asked()).containsExactly("user:a%2Fb%3Cimg%3E%20%2541 2026-11-14T23:59:59.999Z 100");
        assertThat(response.body())
                .isEqualTo(
                        "{\"subject\":\"user:a%2Fb%3Cimg%3E%20%2541\",\"since\":\"2026-11-14T23:59:59.999Z\",\"alerts\":[],\"more\":false}");
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "limit=0",
                "limit=1001",
                "limit=-1",
                "limit=x",
                "limit=",
                "since=",
                "since=2026-11-21",
                "since=2026-02-30T00:00:00Z",
                "since=2026-11-21T00:00:00",
                "since=%2B10000-01-01T00:00:00Z",
                "since=-0001-01-01T00:00:00Z",
                "since=2026-11-21T00:00:00Z&since=2026-11-21T00:00:00Z",
                "until=2026-11-21T00:00:00Z"
            })
    void shouldRefuseWhatIsNoPage(String query) {
        assertThat(served.get("/v1/users/u1/alerts?" + query).statusCode()).isEqualTo(400);
        assertThat(served.alerts.asked()).isEmpty();
    }

    @ParameterizedTest
    @ValueSource(strings = {"0000-01-01T00:00:00Z", "9999-12-31T23:59:59.999999999Z"})
    void shouldTakeAnyInstantOfACalendar(String since) {
        assertThat(served.get("/v1/users/u1/alerts?limit=1000&since=" + since).statusCode())
                .isEqualTo(200);
        assertThat(served.alerts.asked()).containsExactly("user:u1 " + since + " 1000");
    }

    @Test
    void shouldSayWhenThereIsNoRoom() {
        served.alerts.beBusy();

        HttpResponse<String> response = served.get("/v1/users/u1/alerts");

        assertThat(response.statusCode()).isEqualTo(503);
        assertThat(response.headers().firstValue("Retry-After")).hasValue("2");
    }

    @Test
    @Timeout(30)
    void shouldReadForEachCallerOnceAtATime() throws Exception {
        // Given a client of one user that asks in several loops, and is answered slowly
        CountDownLatch release = new CountDownLatch(1);
        try (ServedApi withTokens = new ServedApi(Callers.jwt(0));
                ExecutorService loops = Executors.newVirtualThreadPerTaskExecutor()) {
            withTokens.alerts.holdSlowOnes(release);
            List<Future<Integer>> slow = IntStream.range(0, 4)
                    .mapToObj(i -> loops.submit(() -> status(withTokens, "slow")))
                    .toList();
            Awaitility.await()
                    .pollDelay(Duration.ZERO)
                    .until(() -> !withTokens.alerts.asked().isEmpty());
            try {
                // When others ask, then they are answered, and the log is read for that client once
                assertThat(status(withTokens, "u2")).isEqualTo(200);
                assertThat(status(withTokens, "u3")).isEqualTo(200);
                assertThat(withTokens.alerts.asked())
                        .filteredOn(question -> question.startsWith("user:slow"))
                        .hasSize(1);
            } finally {
                release.countDown();
            }

            // And once it is answered, its next question is
            assertThat(slow.getFirst().get()).isEqualTo(200);
        }
    }

    private static int status(ServedApi served, String user) {
        return served.ask(
                        "GET",
                        "/v1/users/" + user + "/alerts",
                        null,
                        "Authorization",
                        Callers.with("usage:read", "user=" + user, "sub=" + user))
                .statusCode();
    }
}
