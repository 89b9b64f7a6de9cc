package dev.tally.bench.report;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.ByteArrayInputStream;
import java.nio.charset.StandardCharsets;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.LongStream;
import javax.xml.parsers.DocumentBuilderFactory;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.w3c.dom.Document;

class ReportTest {

    @Test
    void shouldTakeTheMiddleValueAsMedian() {
        assertThat(Medians.of(List.of(9.0, 1.0, 5.0))).isEqualTo(5.0);
        assertThat(Medians.of(List.of(4.0, 1.0))).isEqualTo(2.5);
        assertThat(Medians.of(List.of(3.0))).isEqualTo(3.0);
    }

    @Test
    void shouldTakeEachFiguresMedianByItself() {
        // When
        Figures median = Medians.ofRounds(List.of(figures(1, 30), figures(2, 10), figures(3, 20)));

        // Then
        assertThat(median).isEqualTo(figures(2, 20));
    }

    @Test
    void shouldTakePercentilesByNearestRank() {
        // When
        Latency latency = Latency.of(
                LongStream.rangeClosed(1, 200).map(i -> i * 1_000_000).boxed().toList(), 2);

        // Then
        assertThat(latency).isEqualTo(new Latency(200, 2, 100, 198, 200));
    }

    @Test
    void shouldWriteTheJsonThatIsReliedOn() throws Exception {
        // When
        JsonNode json = new ObjectMapper().readTree(report().json());

        // Then
        assertThat(json.at("/machine/cores").asInt()).isEqualTo(2);
        assertThat(json.at("/versions/kafka").asText()).isEqualTo("4.3.1");
        assertThat(json.at("/variants/A/eventsPerSecond").asDouble()).isEqualTo(1_000);
        assertThat(json.at("/variants/T-full/appCpuSecondsPerMillion").asDouble())
                .isEqualTo(4);
        assertThat(json.at("/variants/T-full/shareOfA").asDouble()).isCloseTo(0.25, within(1e-9));
        assertThat(json.at("/variants/T-full/rounds")).hasSize(1);
        assertThat(json.at("/latencyMillis/5000~1s/usage/p99").asDouble()).isEqualTo(3);
        assertThat(json.at("/flood/ratio").asDouble()).isCloseTo(1.5, within(1e-9));
        assertThat(json.at("/promotion/promotionSeconds").asDouble()).isEqualTo(2.75);
        assertThat(json.at("/delivery/sustainedPerSecond").asDouble()).isEqualTo(990);
        assertThat(json.at("/capacity/diskBytes/user-days").asLong()).isEqualTo(1_000);
    }

    @Test
    void shouldDivideWhatSubjectsTakeByWhatItFollows() throws Exception {
        // When
        JsonNode figures = new ObjectMapper().readTree(report().json()).at("/capacity/figures");

        // Then
        assertThat(figures.path("bytes of actions per action").asDouble()).isEqualTo(150);
        assertThat(figures.path("bytes of changelogs per action").asDouble()).isEqualTo(120);
        assertThat(figures.path("bytes of changelogs per subject-day, without ids")
                        .asDouble())
                .isEqualTo(200);
        assertThat(figures.path("bytes on disk per subject-day, without ids").asDouble())
                .isEqualTo(120);
        assertThat(figures.path("bytes on disk per id").asDouble()).isEqualTo(25);
        assertThat(figures.path("bytes of heap per id").asDouble()).isEqualTo(2);
        assertThat(figures.path("MB of changelogs restored per second").asDouble())
                .isCloseTo(0.0006, within(1e-9));
    }

    @Test
    void shouldSayTheSameToPeople() {
        assertThat(report().text())
                .contains(
                        "2 cores",
                        "Kafka 4.3.1",
                        "T-full",
                        "25.0",
                        "5000/s",
                        "ratio 1.50",
                        "4.9 % of its cores' time",
                        "2,000   actions counted",
                        "990 facts/s",
                        "8 users in 2 orgs");
    }

    @Test
    void shouldNotClaimThatNothingWasStolenWhereTheSystemDoesNotTell() {
        assertThat(report(null).text()).contains("Linux, JDK 25").doesNotContain("its host gave");
    }

    @Test
    void shouldDrawWellFormedSvgOfHostileNames() throws Exception {
        // Given
        Map<String, Double> values = new LinkedHashMap<>();
        values.put("<A> & \"B\"", 2.0);
        values.put("none", 0.0);

        // When
        String svg = BarChart.svg("a < b", values, "note & more");

        // Then
        Document document = DocumentBuilderFactory.newInstance()
                .newDocumentBuilder()
                .parse(new ByteArrayInputStream(svg.getBytes(StandardCharsets.UTF_8)));
        assertThat(document.getDocumentElement().getTagName()).isEqualTo("svg");
        assertThat(document.getElementsByTagName("rect").getLength()).isEqualTo(3);
        assertThat(document.getElementsByTagName("text").item(1).getTextContent())
                .isEqualTo("<A> & \"B\"");
    }

    private static Report report() {
        return report(4.9);
    }

    private static Report report(@Nullable Double stolenPercent) {
        return new Report(
                new Machine("some cpu", 2, 8_000_000_000L, "Linux", "25", stolenPercent),
                new Versions("4.3.1", "0.1"),
                Map.of("events", 10),
                Map.of("A", List.of(figures(1_000, 1)), "T-full", List.of(figures(250, 4))),
                Map.of("5000/s", Map.of("usage", new Latency(4, 0, 1, 3, 4))),
                Map.of(),
                Flood.of(50, 300, 200),
                new Promotion(100, 9, 20, 4, 2_000, 10, 9.5, 11, 12.25, 13, 2.75, 1_000_000, 2_000_000),
                new Delivery("v1", 5_000, 10, 1_000, 0.5, 6, 990, 980, 5_000, 0, 1, 2, 3, 512, 4e6, 5e6, 7, 8e6),
                new Capacity(
                        8,
                        2,
                        20,
                        100,
                        50,
                        5,
                        Map.of("actions", 3_000L),
                        Map.of("event-ids", 400L, "user-days", 2_000L),
                        Map.of("event-ids", 500L, "user-days", 1_000L, "other", 200L),
                        40,
                        1e6,
                        2e6,
                        3,
                        4,
                        5));
    }

    private static Figures figures(double eventsPerSecond, double cpu) {
        return new Figures(eventsPerSecond, cpu, 1, 1, 1, 1, 1);
    }
}
