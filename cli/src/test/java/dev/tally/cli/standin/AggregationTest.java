package dev.tally.cli.standin;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Meters of every formula and window, over the same four events: 5 and 7 in one hour, 11 in the next, 2 on the day before. */
class AggregationTest {

    private static final List<String> EVENTS = List.of(
            "2026-11-21T09:10:00Z 5", "2026-11-21T10:00:00Z 11", "2026-11-21T09:00:00Z 7", "2026-11-20T23:59:59Z 2");

    @TempDir
    Path data;

    @ParameterizedTest
    @CsvSource({
        "sum,   '',   25",
        "count, '',    4",
        "last,  '',   11",
        "sum,   hour, 20",
        "sum,   day,   9",
        "count, hour,  3",
    })
    void shouldMakeOfEventsWhatTheMeterSays(String formula, String window, int expected) throws Exception {
        assertThat(total(formula, window, Set.of())).isEqualTo(expected);
    }

    @Test
    void shouldAddUpWithinWindowsIfAskedTo() throws Exception {
        assertThat(total("sum", "day", Set.of(Variant.WINDOW_SUMS))).isEqualTo(25);
    }

    private int total(String formula, String window, Set<Variant> variants) throws Exception {
        String timeWindow = window.isEmpty() ? "" : ",\"event_time_window\":\"" + window + "\"";
        Path account = Files.writeString(
                data.resolve("account.json"),
                "{\"meters\":[{\"id\":\"mtr_1\",\"event_name\":\"e\",\"formula\":\"" + formula + "\"" + timeWindow
                        + "}],\"customers\":[{\"id\":\"cus_1\"}]}");
        try (StandInHarness harness =
                new StandInHarness(data, options -> options.withAccount(account).showing(variants))) {
            List<Integer> statuses = new ArrayList<>();
            for (String event : EVENTS) {
                String[] parts = event.split(" ", -1);
                statuses.add(harness.call(
                                "POST",
                                "/v1/billing/meter_events",
                                "event_name=e&payload[stripe_customer_id]=cus_1&payload[value]=" + parts[1]
                                        + "&timestamp="
                                        + Instant.parse(parts[0]).getEpochSecond())
                        .statusCode());
            }
            assertThat(statuses).containsOnly(200);
            assertThat(harness.json("/v1/billing/meters/mtr_1")
                            .path("event_time_window")
                            .asText(""))
                    .isEqualTo(window);
            return harness.json("/v1/billing/meters/mtr_1/event_summaries?customer=cus_1&start_time="
                            + Instant.parse("2026-11-20T00:00:00Z").getEpochSecond() + "&end_time="
                            + Instant.parse("2026-11-22T00:00:00Z").getEpochSecond())
                    .at("/data/0/aggregated_value")
                    .asInt();
        }
    }
}
