package dev.tally.streams.http;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import dev.tally.streams.query.Conservation;
import dev.tally.streams.query.PartitionWatermark;
import java.net.http.HttpResponse;
import java.time.Instant;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.stream.IntStream;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

final class OperationsRoutesTest {

    private final ServedApi served = new ServedApi();

    @AfterEach
    void stop() {
        served.close();
    }

    @Test
    void shouldAnswerWatermarksWithTheLatenessHorizon() {
        // Given
        served.counts.watermarks(
                new PartitionWatermark(
                        0, Instant.parse("2026-11-21T10:00:00.500Z"), Instant.parse("2026-11-18T10:00:00.500Z")),
                new PartitionWatermark(1, null, null));

        // When
        HttpResponse<String> response = served.get("/v1/watermarks");

        // Then
        assertThat(response.body())
                .isEqualTo(
                        "{\"partitions\":[{\"partition\":0,\"watermark\":\"2026-11-21T10:00:00.500Z\",\"keptFrom\":\"2026-11-18T10:00:00.500Z\"},"
                                + "{\"partition\":1,\"watermark\":null,\"keptFrom\":null}],\"latenessHorizon\":\"72h\"}");
    }

    @Test
    void shouldAnswerWhatBecameOfEachRecord() {
        // Given
        served.counts.conservation(new Conservation(0, 20, 10, 1, 2, 3, Map.of("undecodable", 3L, "invalid_id", 1L)));

        // When
        HttpResponse<String> response = served.get("/v1/conservation");

        // Then
        assertThat(response.body())
                .isEqualTo(
                        "{\"partitions\":[{\"partition\":0,\"read\":20,\"counted\":10,\"readOnly\":1,\"duplicate\":2,"
                                + "\"late\":3,\"deadLettered\":4,\"deadLetters\":{\"invalid_id\":1,\"undecodable\":3}}]}");
    }

    @Test
    void shouldBeLiveAndReady() {
        // When
        HttpResponse<String> live = served.get("/health/live");
        HttpResponse<String> ready = served.get("/health/ready");

        // Then
        assertThat(live.statusCode()).isEqualTo(200);
        assertThat(live.body()).isEqualTo("{\"status\":\"live\",\"reasons\":[]}");
        assertThat(ready.statusCode()).isEqualTo(200);
        assertThat(ready.body()).isEqualTo("{\"status\":\"ready\",\"reasons\":[]}");
    }

    @Test
    void shouldBeLiveWhileItWaits() {
        // Given
        served.waitFor("waiting for Kafka at 127.0.0.1:9092");

        // When
        HttpResponse<String> live = served.get("/health/live");
        HttpResponse<String> ready = served.get("/health/ready");

        // Then
        assertThat(live.statusCode()).isEqualTo(200);
        assertThat(ready.statusCode()).isEqualTo(503);
        assertThat(ready.body())
                .isEqualTo("{\"status\":\"not ready\",\"reasons\":[\"waiting for Kafka at 127.0.0.1:9092\"]}");
    }

    @Test
    void shouldSayWhenOnlyARestartHelps() {
        // Given
        served.die();

        // When
        HttpResponse<String> live = served.get("/health/live");

        // Then
        assertThat(live.statusCode()).isEqualTo(503);
        assertThat(live.body()).startsWith("{\"status\":\"not live\",\"reasons\":[\"the stream threads");
    }

    @Test
    void shouldTellOfEachAnswerByItsRoute() {
        // Given
        List<String> answers = new CopyOnWriteArrayList<>();
        served.api().onAnswer((method, route, status, took) -> {
            assertThat(took).isPositive();
            answers.add(method + " " + route + " " + status);
        });

        // When
        served.get("/v1/users/u1/usage?day=never");
        served.head("/nowhere");
        served.get("/health/ready");

        // Then: told once the answer has been written
        Awaitility.await()
                .untilAsserted(() -> assertThat(answers)
                        .containsExactlyInAnyOrder(
                                "GET /v1/users/{id}/usage 400", "none none 404", "GET /health/ready 200"));
    }

    @Test
    void shouldHandOutMetricsAsPrometheusReadsThem() {
        // When
        HttpResponse<String> response = served.get("/metrics");

        // Then
        assertThat(response.headers().firstValue("Content-Type")).hasValue("text/plain; version=0.0.4; charset=utf-8");
        assertThat(response.body()).endsWith("tally_ready 1.0\n");
    }

    @Test
    void shouldPointToWhatIsServed() {
        // When
        HttpResponse<String> response = served.get("/");

        // Then
        assertThat(response.body()).contains("/openapi.json").contains("/v1/users/{id}/usage");
    }

    @Test
    void shouldDescribeExactlyTheRoutesItServes() {
        // When
        HttpResponse<String> response = served.get("/openapi.json");

        // Then
        assertThat(response.statusCode()).isEqualTo(200);
        assertThat(served.document().operations())
                .containsExactlyInAnyOrderElementsOf(served.api().operations());
    }

    @Test
    void shouldCompressLargeAnswersForWhoTakesThemSo() {
        // Given more than is copied at once
        served.counts.conservation(IntStream.range(0, 100)
                .mapToObj(partition -> new Conservation(partition, 20, 10, 1, 2, 7, Map.of()))
                .toArray(Conservation[]::new));

        // When
        String plain = served.get("/v1/conservation").body();
        String unzipped = served.unzipped("/v1/conservation");
        HttpResponse<String> small = served.get("/health/live", "Accept-Encoding", "gzip");

        // Then
        assertThat(plain)
                .hasSizeGreaterThan(8_192)
                .startsWith("{\"partitions\":[{\"partition\":0,")
                .endsWith("}]}");
        assertThat(unzipped).isEqualTo(plain);
        assertThat(small.headers().firstValue("Content-Encoding")).isEmpty();
    }

    @Test
    void shouldReferToNothingThatTheDescriptionLacks() {
        // Given
        JsonNode root = served.document().root();

        // When
        Set<String> references = new HashSet<>();
        root.findValuesAsText("$ref").forEach(references::add);

        // Then
        assertThat(references)
                .hasSizeGreaterThan(10)
                .allMatch(reference -> !root.at(reference.substring(1)).isMissingNode());
    }

    @Test
    void shouldDescribeEveryKindOfProblem() {
        // Given
        JsonNode known = served.document().root().at("/components/schemas/Problem/properties/type/enum");

        // When
        String types = known.toString();

        // Then
        assertThat(types)
                .isEqualTo(
                        "[\"urn:tally:problem:bad-request\",\"urn:tally:problem:not-found\",\"urn:tally:problem:unknown-meter\","
                                + "\"urn:tally:problem:no-plan\",\"urn:tally:problem:no-subscription\","
                                + "\"urn:tally:problem:method-not-allowed\",\"urn:tally:problem:out-of-retention\","
                                + "\"urn:tally:problem:internal\",\"urn:tally:problem:not-ready\","
                                + "\"urn:tally:problem:no-admission\",\"urn:tally:problem:forbidden\","
                                + "\"urn:tally:problem:conflict\",\"urn:tally:problem:too-large\","
                                + "\"urn:tally:problem:unsupported-media-type\",\"urn:tally:problem:unauthenticated\","
                                + "\"urn:tally:problem:scope-missing\",\"urn:tally:problem:other-subject\","
                                + "\"urn:tally:problem:rate-limited\"]");
    }
}
