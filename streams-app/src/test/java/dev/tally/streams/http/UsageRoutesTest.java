package dev.tally.streams.http;

import static org.assertj.core.api.Assertions.assertThat;

import dev.tally.keys.Subject;
import dev.tally.streams.metering.LimitState;
import dev.tally.streams.metering.PlanTerms.Beyond;
import dev.tally.streams.metering.PlanTerms.Scope;
import dev.tally.streams.metering.PlanTerms.Window;
import dev.tally.streams.metering.money.Cost;
import dev.tally.streams.query.BillingPeriod;
import dev.tally.streams.query.Dimension;
import dev.tally.streams.query.LimitRow;
import dev.tally.streams.query.SubscriptionInForce;
import java.math.BigDecimal;
import java.net.http.HttpResponse;
import java.time.Instant;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

final class UsageRoutesTest {

    private final ServedApi served = new ServedApi();

    @AfterEach
    void stop() {
        served.close();
    }

    @Test
    void shouldAnswerUsageInTheShapeOfTheContract() {
        // Given
        served.counts.count(Subject.user("u1"), "actions", "2026-11-20", 42);
        served.counts.limit(Subject.user("u1"), 500);

        // When
        HttpResponse<String> response = served.get("/v1/users/u1/usage?meter=actions&day=2026-11-20");

        // Then
        assertThat(response.statusCode()).isEqualTo(200);
        assertThat(response.headers().firstValue("Content-Type")).hasValue("application/json");
        assertThat(response.body())
                .isEqualTo(
                        "{\"subject\":\"user:u1\",\"meter\":\"actions\","
                                + "\"window\":{\"start\":\"2026-11-20T00:00:00Z\",\"end\":\"2026-11-21T00:00:00Z\"},"
                                + "\"used\":42,\"limitUsed\":42,\"limit\":500,\"remaining\":458,\"state\":\"OK\","
                                + "\"resetsAt\":\"2026-11-21T00:00:00Z\",\"asOf\":\"2026-11-20T00:00:00.001Z\",\"stale\":false}");
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "/v1/users/u1/usage",
                "/v1/users/u1/usage/history",
                "/v1/users/u1/limits",
                "/v1/orgs/o1/breakdown?by=space",
            })
    void shouldSayThatAnAnswerMayBeBehind(String request) {
        // Given
        served.counts.fallBehind();

        // When
        HttpResponse<String> response = served.get(request);

        // Then
        assertThat(response.statusCode()).isEqualTo(200);
        assertThat(response.body()).contains("\"stale\":true");
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "/v1/users/u1/usage",
                "/v1/users/u1/usage/history",
                "/v1/users/u1/limits",
                "/v1/orgs/o1/breakdown?by=space",
                "/v1/orgs/o1/breakdown?by=space,model",
                "/v1/subscriptions/user:u1",
            })
    void shouldSayHowFarBehindACopyWas(String request) {
        // Given
        served.counts.subscription(new SubscriptionInForce(Subject.user("u1"), null, Instant.EPOCH, List.of()));
        served.counts.leaveToStandby(7);

        // When
        HttpResponse<String> response = served.get(request);

        // Then
        assertThat(response.statusCode()).isEqualTo(200);
        assertThat(response.body()).endsWith(",\"lag\":7}");
        assertThat(response.body()).doesNotContain("\"stale\":false");
    }

    @Test
    void shouldAskForActionsOfTodayByDefault() {
        // Given
        served.counts.count(Subject.org("o1"), "actions", "2026-11-21", 7);

        // When
        HttpResponse<String> response = served.get("/v1/orgs/o1/usage");

        // Then
        assertThat(response.body())
                .isEqualTo("{\"subject\":\"org:o1\",\"meter\":\"actions\","
                        + "\"window\":{\"start\":\"2026-11-21T00:00:00Z\",\"end\":\"2026-11-22T00:00:00Z\"},"
                        + "\"used\":7,\"limitUsed\":7,\"limit\":null,\"remaining\":null,\"state\":\"OK\","
                        + "\"resetsAt\":null,\"asOf\":\"2026-11-21T00:00:00.001Z\",\"stale\":false}");
    }

    @Test
    void shouldAnswerZeroForADayWithoutUsage() {
        // When
        HttpResponse<String> response = served.get("/v1/users/nobody/usage?day=2026-11-01");

        // Then
        assertThat(response.statusCode()).isEqualTo(200);
        assertThat(response.body()).contains("\"used\":0,").contains("\"asOf\":null");
    }

    @ParameterizedTest
    @CsvSource({"79, OK, 21", "80, WARNING, 20", "100, REACHED, 0", "101, EXCEEDED, 0"})
    void shouldShowWhereUsageStands(long used, String state, long remaining) {
        // Given
        served.counts.count(Subject.user("u1"), "actions", "2026-11-21", used);
        served.counts.limit(Subject.user("u1"), 100);

        // When
        HttpResponse<String> response = served.get("/v1/users/u1/usage");

        // Then
        assertThat(response.body()).contains("\"remaining\":" + remaining + ",\"state\":\"" + state + "\"");
    }

    @Test
    void shouldWriteAmountsBeyondTwoToThe53InFull() {
        // Given
        served.counts.count(Subject.user("u1"), "credits", "2026-11-21", Long.MAX_VALUE);

        // When
        HttpResponse<String> response = served.get("/v1/users/u1/usage?meter=credits");

        // Then
        assertThat(response.body()).contains("\"used\":9223372036854775807,");
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = ' ',
            value = {
                "u%2F1 u/1",
                "a%3Ab a:b",
                "a:b a:b",
                "50%25 50%",
                "%252F %2F",
                "a+b a+b",
                "a%2Bb a+b",
                "%2E%2E ..",
                "%2e .",
                "a%3Bb a;b",
                "a;b a;b",
                "a%5Cb a\\b",
                "J%C3%BCrgen Jürgen",
                "%E6%97%A5%E6%9C%AC 日本",
                "%F0%9F%A6%8A \uD83E\uDD8A",
                "a%3Fb%23c a?b#c",
                "usage usage",
            })
    void shouldDecodeAnIdOfThePathExactlyOnce(String inThePath, String id) {
        // Given
        served.counts.count(Subject.user(id), "actions", "2026-11-21", 9);

        // When
        HttpResponse<String> response = served.get("/v1/users/" + inThePath + "/usage");

        // Then
        assertThat(response.statusCode()).as(response.body()).isEqualTo(200);
        assertThat(response.body())
                .startsWith("{\"subject\":\"" + Subject.user(id).text() + "\",")
                .contains("\"used\":9,");
    }

    @Test
    void shouldTakeIdsOf256Bytes() {
        // Given
        String id = "ü".repeat(128);
        served.counts.count(Subject.org(id), "actions", "2026-11-21", 3);

        // When
        HttpResponse<String> response = served.get("/v1/orgs/" + "%C3%BC".repeat(128) + "/usage");

        // Then
        assertThat(response.body()).contains("\"used\":3,");
    }

    @Test
    void shouldAnswerEachDayOfAHistory() {
        // Given
        served.counts.count(Subject.user("u1"), "actions", "2026-11-18", 17);
        served.counts.count(Subject.user("u1"), "actions", "2026-11-20", 4);

        // When
        HttpResponse<String> response = served.get("/v1/users/u1/usage/history?from=2026-11-18&to=2026-11-20");

        // Then
        assertThat(response.body())
                .isEqualTo("{\"subject\":\"user:u1\",\"meter\":\"actions\",\"days\":["
                        + "{\"day\":\"2026-11-18\",\"used\":17},{\"day\":\"2026-11-19\",\"used\":0},"
                        + "{\"day\":\"2026-11-20\",\"used\":4}],\"stale\":false}");
    }

    @ParameterizedTest
    @CsvSource({"'', 2026-10-18, 2026-11-21", "?to=2026-11-01, 2026-10-12, 2026-11-01"})
    void shouldBeginAHistoryNoEarlierThanWhatIsKept(String query, String first, String last) {
        // When
        HttpResponse<String> response = served.get("/v1/orgs/o1/usage/history" + query);

        // Then
        assertThat(response.statusCode()).isEqualTo(200);
        assertThat(response.body())
                .contains("\"days\":[{\"day\":\"" + first + "\"")
                .endsWith("{\"day\":\"" + last + "\",\"used\":0}],\"stale\":false}");
    }

    @Test
    void shouldListTheLimitsInForce() {
        // Given
        served.counts.limits(
                Subject.user("u/1"),
                new LimitRow(
                        Scope.USER,
                        "u/1",
                        "actions",
                        Window.DAY,
                        80,
                        2,
                        100,
                        Beyond.PAUSE,
                        LimitState.WARNING,
                        Instant.parse("2026-11-22T00:00:00Z")));

        // When
        HttpResponse<String> response = served.get("/v1/users/u%2F1/limits");

        // Then
        assertThat(response.body())
                .isEqualTo(
                        "{\"subject\":\"user:u%2F1\",\"rows\":[{\"scope\":\"USER\",\"scopeId\":\"u/1\",\"meter\":\"actions\","
                                + "\"window\":\"DAY\",\"limitUsed\":80,\"held\":2,\"limit\":100,\"beyond\":\"PAUSE\","
                                + "\"state\":\"WARNING\",\"resetsAt\":\"2026-11-22T00:00:00Z\"}],\"stale\":false}");
    }

    @Test
    void shouldListNoLimitsForASubjectWithoutAny() {
        // When
        HttpResponse<String> response = served.get("/v1/orgs/o1/limits");

        // Then
        assertThat(response.body()).isEqualTo("{\"subject\":\"org:o1\",\"rows\":[],\"stale\":false}");
    }

    @Test
    void shouldSplitAnOrgsUsageByOneDimension() {
        // Given
        served.counts.split(Dimension.MODEL, "(none)", 2);
        served.counts.split(Dimension.MODEL, "gpt \"x\"", 40);

        // When
        HttpResponse<String> response = served.get("/v1/orgs/o1/breakdown?by=model");

        // Then
        assertThat(response.body())
                .isEqualTo(
                        "{\"rows\":[{\"key\":\"(none)\",\"used\":2},{\"key\":\"gpt \\\"x\\\"\",\"used\":40}],\"total\":42,\"stale\":false}");
    }

    @ParameterizedTest
    @ValueSource(strings = {"trigger,member", "trigger%2Cmember"})
    void shouldSplitAnOrgsUsageBySeveralDimensionsInTheOrderAskedFor(String by) {
        // Given
        served.counts.split(Dimension.MEMBER, "m1", 5);
        served.counts.split(Dimension.TRIGGER, "OTHER", 5);

        // When
        HttpResponse<String> response = served.get("/v1/orgs/o1/breakdown?by=" + by + "&from=2026-11-01&to=2026-11-21");

        // Then
        assertThat(response.body())
                .isEqualTo(
                        "{\"breakdowns\":{\"trigger\":{\"rows\":[{\"key\":\"OTHER\",\"used\":5}],\"total\":5,\"stale\":false},"
                                + "\"member\":{\"rows\":[{\"key\":\"m1\",\"used\":5}],\"total\":5,\"stale\":false}}}");
    }

    @Test
    void shouldSplitABillingPeriodThatChangesAtMidnight() {
        // Given
        served.counts.period(period("o1", "2026-11-01T00:00:00Z", "2026-12-01T00:00:00Z"));
        served.counts.split(Dimension.ACTION, "chat", 5);

        // When
        HttpResponse<String> response = served.get("/v1/orgs/o1/breakdown?by=action&period=2026-11-01");

        // Then
        assertThat(response.body()).isEqualTo("{\"rows\":[{\"key\":\"chat\",\"used\":5}],\"total\":5,\"stale\":false}");
    }

    @Test
    void shouldRefuseToSplitABillingPeriodThatChangesWithinADay() {
        // Given
        served.counts.period(period("o1", "2026-10-31T10:15:30Z", "2026-11-30T10:15:30Z"));

        // When
        HttpResponse<String> response = served.get("/v1/orgs/o1/breakdown?by=action&period=2026-11-01");

        // Then
        assertThat(response.statusCode()).isEqualTo(400);
        assertThat(response.body()).contains("10:15:30 UTC");
    }

    @Test
    void shouldAnswerABillingPeriod() {
        // Given
        served.counts.period(period("o1", "2026-11-01T00:00:00Z", "2026-12-01T00:00:00Z"));

        // When
        HttpResponse<String> response = served.get("/v1/orgs/o1/billing?period=2026-11-01");

        // Then
        assertThat(response.body())
                .isEqualTo(
                        "{\"subject\":\"org:o1\",\"period\":{\"start\":\"2026-11-01T00:00:00Z\",\"end\":\"2026-12-01T00:00:00Z\"},"
                                + "\"plan\":\"enterprise@1\",\"seats\":6,\"stripeCustomerId\":\"cus_1\",\"meters\":[{\"meter\":\"actions\","
                                + "\"included\":100000,\"granted\":7,\"used\":101241,\"includedRemaining\":0,\"grantsRemaining\":0,"
                                + "\"overage\":1234,\"excess\":0,\"unreported\":34,"
                                + "\"burns\":[{\"grantId\":\"g1\",\"amount\":7}]}],"
                                + "\"cost\":{\"currency\":\"USD\",\"base\":\"499.00\",\"seats\":\"0.00\",\"overage\":\"3.09\","
                                + "\"toDate\":\"502.09\",\"projected\":{\"low\":\"502.09\",\"likely\":\"510.00\",\"high\":\"520.50\"}},"
                                + "\"stale\":false}");
    }

    private static BillingPeriod period(String org, String start, String end) {
        return new BillingPeriod(
                Subject.org(org),
                Instant.parse(start),
                Instant.parse(end),
                "enterprise@1",
                6,
                "cus_1",
                List.of(new BillingPeriod.MeterCharges(
                        "actions",
                        100_000,
                        7,
                        101_241,
                        0,
                        0,
                        1_234,
                        0,
                        34,
                        List.of(new BillingPeriod.GrantBurn("g1", 7)))),
                new Cost(
                        "USD",
                        new BigDecimal("499.00"),
                        new BigDecimal("0.00"),
                        new BigDecimal("3.09"),
                        new Cost.Projected(
                                new BigDecimal("502.09"), new BigDecimal("510.00"), new BigDecimal("520.50"))));
    }

    @Test
    void shouldSayWhenASubjectHasNoPlan() {
        // When
        HttpResponse<String> response = served.get("/v1/users/u1/billing");

        // Then
        assertThat(response.statusCode()).isEqualTo(404);
        assertThat(response.body()).contains("\"type\":\"urn:tally:problem:no-plan\"");
    }

    @ParameterizedTest
    @ValueSource(strings = {"user:u%2F1", "user%3Au%2F1", "user%3au%2f1"})
    void shouldAnswerTheSubscriptionInForce(String inThePath) {
        // Given
        Instant anchor = Instant.parse("2026-01-31T10:15:30Z");
        served.counts.subscription(new SubscriptionInForce(
                Subject.user("u/1"), null, anchor, List.of(new SubscriptionInForce.PhaseInForce("pro", 2, anchor))));

        // When
        HttpResponse<String> response = served.get("/v1/subscriptions/" + inThePath);

        // Then
        assertThat(response.body())
                .isEqualTo(
                        "{\"subject\":\"user:u%2F1\",\"stripeCustomerId\":null,\"anchor\":\"2026-01-31T10:15:30Z\","
                                + "\"phases\":[{\"planId\":\"pro\",\"version\":2,\"effectiveFrom\":\"2026-01-31T10:15:30Z\"}]}");
    }

    @Test
    void shouldSayWhenASubjectHasNoSubscription() {
        // When
        HttpResponse<String> response = served.get("/v1/subscriptions/org:o1");

        // Then
        assertThat(response.statusCode()).isEqualTo(404);
        assertThat(response.body()).contains("\"type\":\"urn:tally:problem:no-subscription\"");
    }
}
