package dev.tally.streams.http;

import static org.assertj.core.api.Assertions.assertThat;

import dev.tally.schemas.Decision;
import dev.tally.streams.requests.AdmissionAsk;
import java.net.http.HttpResponse;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

final class AdmissionRoutesTest {

    private static final String SHORTEST = "{'actionId':'a1','userId':'u1','actionType':'chat'}";

    private final ServedApi served = new ServedApi();

    @AfterEach
    void stop() {
        served.close();
    }

    @Test
    void shouldAnswerADecisionInTheShapeOfTheContract() {
        // When
        HttpResponse<String> response = served.send(
                "POST",
                "/v1/admissions",
                "{'actionId':'a1','userId':'u1','orgId':'o1','spaceId':'s1','actionType':'chat','model':'m','trigger':'CHAT_COMMAND',"
                        + "'amounts':{'actions':1,'credits':3},'holdFor':'90s'}");

        // Then
        assertThat(response.statusCode()).as(response.body()).isEqualTo(200);
        assertThat(response.body())
                .isEqualTo(
                        "{\"actionId\":\"a1\",\"decision\":\"ADMIT\",\"reason\":null,\"remaining\":458,\"retryAt\":null,"
                                + "\"holdUntil\":\"2026-11-21T12:01:30Z\",\"asOf\":\"2026-11-21T12:00:00Z\",\"payer\":\"org:o1\",\"revision\":0,"
                                + "\"stale\":false}");
        assertThat(served.admissions.asked)
                .containsExactly(new AdmissionAsk(
                        "a1", "u1", "o1", "s1", Map.of("actions", 1L, "credits", 3L), Duration.ofSeconds(90)));
    }

    @Test
    void shouldSayWhyAnActionIsNotAdmitted() {
        // Given
        served.admissions.decide(Decision.PAUSE);

        // When
        HttpResponse<String> response = served.send("POST", "/v1/admissions", SHORTEST);

        // Then
        assertThat(response.statusCode()).isEqualTo(200);
        assertThat(response.body())
                .contains("\"decision\":\"PAUSE\",\"reason\":\"user_limit\"")
                .contains("\"retryAt\":\"2026-11-21T12:01:00Z\",\"holdUntil\":null");
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            quoteCharacter = '"',
            value = {
                "chat | | actions=1",
                "mail | | actions=1 mails=1",
                "mail | 'amounts':{'actions':5} | actions=5 mails=1",
                "chat | 'amounts':{'credits':1000000000000} | actions=1 credits=1000000000000",
                "chat | 'amounts':{'mails':2} | actions=1 mails=2",
                "chat | 'amounts':null | actions=1",
            })
    void shouldAddWhatCountsTheAction(String actionType, String amounts, String asked) {
        // When
        HttpResponse<String> response = served.send(
                "POST",
                "/v1/admissions",
                "{'actionId':'a1','userId':'u1','actionType':'" + actionType + "'"
                        + (amounts == null ? "" : "," + amounts) + "}");

        // Then
        assertThat(response.statusCode()).as(response.body()).isEqualTo(200);
        Map<String, Long> expected = new TreeMap<>();
        for (String amount : asked.split(" ", -1)) {
            expected.put(
                    amount.substring(0, amount.indexOf('=')),
                    Long.parseLong(amount.substring(amount.indexOf('=') + 1)));
        }
        assertThat(served.admissions.asked).extracting(AdmissionAsk::amounts).containsExactly(expected);
    }

    @Test
    void shouldHoldForTenMinutesByDefault() {
        // When
        HttpResponse<String> response = served.send("POST", "/v1/admissions", SHORTEST);

        // Then
        assertThat(response.body()).contains("\"holdUntil\":\"2026-11-21T12:10:00Z\"");
    }

    @Test
    void shouldListAllProblemsAndAskNothing() {
        // When
        HttpResponse<String> response = served.send(
                "POST",
                "/v1/admissions",
                "{'actionId':'','userId':7,'orgId':'a\\u0000b','trigger':'WHIM','amounts':{'credits':0,'smiles':1,'actions':1.0},"
                        + "'holdFor':'25h','colour':'red'}");

        // Then
        assertThat(response.statusCode()).isEqualTo(400);
        assertThat(response.body())
                .contains("\"type\":\"urn:tally:problem:bad-request\"")
                .contains(
                        "\"problems\":[\"colour: there is no such field\",\"actionId: is empty\",\"userId: must be text\","
                                + "\"orgId: has a control character at position 1\",\"actionType: is missing\","
                                + "\"trigger: must be one of")
                .contains("\"amounts.credits: must be 1 to 1000000000000, not 0\"")
                .contains("\"amounts.smiles: there is no such meter\"")
                .contains("\"amounts.actions: must be a whole number, not 1.0\"")
                .contains("\"holdFor: must be over 0 and at most 24h, not 25h\"");
        assertThat(served.admissions.asked).isEmpty();
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "'amounts':{'credits':-1}",
                "'amounts':{'credits':1000000000001}",
                "'amounts':{'credits':100000000000000000000000}",
                "'amounts':{'credits':1e3}",
                "'amounts':{'credits':'1'}",
                "'amounts':{'credits':null}",
                "'amounts':{'credits':true}",
                "'amounts':{'':1}",
                "'amounts':[1]",
                "'amounts':3",
                "'holdFor':'0s'",
                "'holdFor':'-5m'",
                "'holdFor':'PT24H0.001S'",
                "'holdFor':600",
                "'holdFor':'soon'",
                "'trigger':''",
                "'trigger':'other'",
                "'orgId':''",
                "'spaceId':['s']",
                "'model':''",
                "'userId':'u2'",
                "'nested':{'actionId':'x'}",
            })
    void shouldRefuseWhatBreaksARule(String field) {
        // When
        HttpResponse<String> response = served.send("POST", "/v1/admissions", SHORTEST.replace("}", "," + field + "}"));

        // Then
        assertThat(response.statusCode()).as(response.body()).isEqualTo(400);
        assertThat(served.admissions.asked).isEmpty();
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            quoteCharacter = '"',
            value = {
                "'userId':'u1','spaceId':'s1','amounts':{'credits':3} | 200",
                "'userId':'u1','spaceId':'s1','amounts':{'credits':3,'actions':1,'mails':1} | 200",
                "'userId':'u1','spaceId':'s1','amounts':{'credits':3},'holdFor':'1h' | 200",
                "'userId':'u2','spaceId':'s1','amounts':{'credits':3} | 409",
                "'userId':'u1','spaceId':'s2','amounts':{'credits':3} | 409",
                "'userId':'u1','amounts':{'credits':3} | 409",
                "'userId':'u1','spaceId':'s1','amounts':{'credits':4} | 409",
                "'userId':'u1','spaceId':'s1' | 409",
                "'userId':'u1','spaceId':'s1','amounts':{'credits':3,'mails':2} | 409",
            })
    void shouldAnswerNoOtherQuestionUnderTheSameActionId(String asked, int status) {
        // Given
        String question = "{'actionId':'a1','orgId':'o1','actionType':'chat',";
        served.send("POST", "/v1/admissions", question + "'userId':'u1','spaceId':'s1','amounts':{'credits':3}}");

        // When
        HttpResponse<String> again = served.send("POST", "/v1/admissions", question + asked + "}");

        // Then
        assertThat(again.statusCode()).as(again.body()).isEqualTo(status);
        if (status == 409) {
            assertThat(again.body())
                    .contains("urn:tally:problem:conflict")
                    .contains("org:o1 has an admission a1 of another user, org or space, or with other amounts")
                    .doesNotContain("decision");
        }
    }

    @Test
    void shouldTakeAHundredNamedMetersBesideThoseThatCount() {
        // Given
        served.admissions.addMeters(101);

        // When
        HttpResponse<String> hundred = served.send("POST", "/v1/admissions", naming(100));
        HttpResponse<String> more = served.send("POST", "/v1/admissions", naming(101));

        // Then
        assertThat(hundred.statusCode()).as(hundred.body()).isEqualTo(200);
        assertThat(served.admissions.asked)
                .singleElement()
                .satisfies(ask -> assertThat(ask.amounts()).hasSize(100 + 101 + 1));
        assertThat(more.statusCode()).isEqualTo(400);
        assertThat(more.body()).contains("\"problems\":[\"amounts: at most 100 meters can be named, not 101\"]");
    }

    @Test
    void shouldRefuseAnActionThatTooManyMetersCount() {
        // Given
        served.admissions.addMeters(1_000);

        // When
        HttpResponse<String> response = served.send("POST", "/v1/admissions", SHORTEST);

        // Then
        assertThat(response.statusCode()).isEqualTo(400);
        assertThat(response.body())
                .contains(
                        "amounts: with the meters that count this action there are 1001, at most 1000 can be asked for");
    }

    private static String naming(int meters) {
        return IntStream.range(0, meters)
                .mapToObj(i -> "'sum" + i + "':1")
                .collect(Collectors.joining(
                        ",", "{'actionId':'a1','userId':'u1','actionType':'chat','amounts':{", "}}"));
    }

    @Test
    void shouldRefuseAnActionThatNothingCounts() {
        // Given
        served.admissions.countNothing();

        // When
        HttpResponse<String> response = served.send("POST", "/v1/admissions", SHORTEST);

        // Then
        assertThat(response.statusCode()).isEqualTo(400);
        assertThat(response.body()).contains("amounts: none is given");
    }

    @ParameterizedTest
    @ValueSource(strings = {"", "[]", "null", "{", "{}{}", "{'actionId':'a',}", "nonsense", "{'a':1,'a':2}", "{/**/}"})
    void shouldRefuseWhatIsNoJsonObject(String body) {
        // When
        HttpResponse<String> response = served.send("POST", "/v1/admissions", body);

        // Then
        assertThat(response.statusCode()).as(response.body()).isEqualTo(400);
        assertThat(served.admissions.asked).isEmpty();
    }

    @ParameterizedTest
    @ValueSource(
            strings = {"text/plain", "application/x-www-form-urlencoded", "multipart/form-data", "application/jsonp"})
    void shouldRefuseWhatABrowserSendsToAnySite(String contentType) {
        // When
        HttpResponse<String> response = served.send("POST", "/v1/admissions", contentType, SHORTEST.replace('\'', '"'));

        // Then
        assertThat(response.statusCode()).isEqualTo(415);
        assertThat(served.admissions.asked).isEmpty();
    }

    @Test
    void shouldTakeJsonWithACharset() {
        // When
        HttpResponse<String> response =
                served.send("POST", "/v1/admissions", "Application/JSON; charset=utf-8", SHORTEST.replace('\'', '"'));

        // Then
        assertThat(response.statusCode()).isEqualTo(200);
    }

    @ParameterizedTest
    @CsvSource({"65536, 400", "65537, 413", "100000, 413"})
    void shouldTakeBodiesOf64KbAtMost(int bytes, int status) {
        // When
        HttpResponse<String> response = served.send("POST", "/v1/admissions", "{" + " ".repeat(bytes - 2) + "}");

        // Then
        assertThat(response.statusCode()).isEqualTo(status);
    }

    @Test
    void shouldSayThatAskingAgainIsSafeWhereNobodyDecides() {
        // Given
        served.admissions.goAway("there was no decision within 5000 ms; asking again with the same actionId is safe");

        // When
        HttpResponse<String> response = served.send("POST", "/v1/admissions", SHORTEST);

        // Then
        assertThat(response.statusCode()).isEqualTo(503);
        assertThat(response.headers().firstValue("Retry-After")).hasValue("1");
        assertThat(response.body()).contains("asking again with the same actionId is safe");
    }

    @Test
    void shouldAnswerTheStateOfAnAdmission() {
        // Given
        served.send("POST", "/v1/admissions", "{'actionId':'a/1','userId':'u 1','actionType':'chat'}");

        // When
        HttpResponse<String> response = served.get("/v1/admissions/a%2F1?payer=user:u%25201");

        // Then
        assertThat(response.statusCode()).as(response.body()).isEqualTo(200);
        assertThat(response.body()).startsWith("{\"actionId\":\"a/1\",\"decision\":\"ADMIT\",");
        assertThat(served.admissions.waits).containsExactly(Duration.ZERO);
    }

    @Test
    void shouldWaitForAChangeAsLongAsAskedTo() {
        // Given
        served.send("POST", "/v1/admissions", SHORTEST);

        // When
        HttpResponse<String> response = served.get("/v1/admissions/a1?payer=user:u1&wait=30s");

        // Then
        assertThat(response.statusCode()).isEqualTo(200);
        assertThat(served.admissions.waits).containsExactly(Duration.ofSeconds(30));
    }

    @Test
    void shouldLetMoreWaitThanAServerHasThreads() {
        // Given
        served.send("POST", "/v1/admissions", SHORTEST);
        CountDownLatch open = new CountDownLatch(1);
        served.admissions.holdBack(open);

        // When
        List<CompletableFuture<HttpResponse<String>>> waiting = new ArrayList<>();
        for (int i = 0; i < 400; i++) {
            waiting.add(served.getLater("/v1/admissions/a1?payer=user:u1&wait=60s"));
        }
        int meanwhile = served.send("GET", "/v1/users/u1/usage").statusCode();
        open.countDown();

        // Then
        assertThat(meanwhile).isEqualTo(200);
        assertThat(waiting)
                .allSatisfy(one -> assertThat(one.join().statusCode()).isEqualTo(200));
    }

    @Test
    void shouldCancel() {
        // Given
        served.send("POST", "/v1/admissions", SHORTEST);

        // When
        HttpResponse<String> response = served.delete("/v1/admissions/a1?payer=user:u1");

        // Then
        assertThat(response.statusCode()).isEqualTo(200);
        assertThat(response.body()).contains("\"decision\":\"CANCELED\"").contains("\"revision\":1");
    }

    @Test
    void shouldSayThatAnAdmissionIsNotKnown() {
        // When
        HttpResponse<String> found = served.get("/v1/admissions/a1?payer=user:u1");
        HttpResponse<String> canceled = served.delete("/v1/admissions/a1?payer=user:u1");

        // Then
        assertThat(found.statusCode()).isEqualTo(404);
        assertThat(found.body()).contains("urn:tally:problem:no-admission");
        assertThat(canceled.statusCode()).isEqualTo(404);
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "/v1/admissions/a1",
                "/v1/admissions/a1?payer=",
                "/v1/admissions/a1?payer=u1",
                "/v1/admissions/a1?payer=user:",
                "/v1/admissions/a1?payer=user:a%2Fb",
                "/v1/admissions/a%00?payer=user:u1",
                "/v1/admissions/a1?payer=user:u1&wait=61s",
                "/v1/admissions/a1?payer=user:u1&wait=-1s",
                "/v1/admissions/a1?payer=user:u1&wait=soon",
                "/v1/admissions/a1?payer=user:u1&user=u1",
            })
    void shouldRefuseWhatDoesNotNameAnAdmission(String request) {
        // When
        HttpResponse<String> response = served.get(request);

        // Then
        assertThat(response.statusCode()).as(response.body()).isEqualTo(400);
    }

    @Test
    void shouldNotAskBeforeTheTopologyHasStarted() {
        // Given
        served.waitFor("waiting for Kafka at 127.0.0.1:9092");

        // When
        HttpResponse<String> response = served.send("POST", "/v1/admissions", SHORTEST);

        // Then
        assertThat(response.statusCode()).isEqualTo(503);
        assertThat(response.body()).contains("waiting for Kafka");
    }
}
