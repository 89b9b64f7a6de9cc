package dev.tally.cli.standin;

import static dev.tally.cli.standin.StandInHarness.ENTERPRISE;
import static dev.tally.cli.standin.StandInHarness.NOW;
import static dev.tally.cli.standin.StandInHarness.event;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.fasterxml.jackson.databind.JsonNode;
import com.stripe.exception.InvalidRequestException;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** What Stripe's documentation leaves open, both ways. */
class VariantsTest {

    private static final Duration MONTH = Duration.ofDays(31);

    @TempDir
    Path data;

    private StandInHarness showing(Set<Variant> variants) throws IOException {
        return new StandInHarness(data, options -> options.showing(variants));
    }

    private static JsonNode sum(StandInHarness harness, Instant from, Instant to) throws Exception {
        return harness.json("/v1/billing/meters/mtr_demo_actions/event_summaries?customer=" + ENTERPRISE
                        + "&start_time=" + from.getEpochSecond() + "&end_time=" + to.getEpochSecond())
                .at("/data/0/aggregated_value");
    }

    private static String november(StandInHarness harness, String customer) throws Exception {
        return harness.json("/stand-in/invoice?customer=" + customer + "&period=2026-11-02")
                .path("total")
                .asText();
    }

    @Test
    void shouldTakeDecimalsIfAskedTo() throws Exception {
        try (StandInHarness harness = showing(Set.of(Variant.DECIMALS))) {
            // When: a hair less than 2 units, of a quarter of a cent each
            harness.send(event("id-1", ENTERPRISE, "1.5"));
            harness.send(event("id-2", ENTERPRISE, "0.499999999999"));
            String less = november(harness, ENTERPRISE);
            harness.send(event("id-3", ENTERPRISE, "0.000000000001"));
            harness.restart();

            // Then: half a cent is one
            assertThat(less).isEqualTo("499.00");
            assertThat(november(harness, ENTERPRISE)).isEqualTo("499.01");
            for (String wrong : new String[] {"0.0000000000001", "1e3", ".5", "1.", "1234567890123.456"}) {
                assertThatThrownBy(() -> harness.send(event("id-4", ENTERPRISE, wrong)))
                        .isInstanceOf(InvalidRequestException.class);
            }
        }
    }

    @Test
    void shouldTellWholeSumsWithAFractionWhereThereMayBeDecimals() throws Exception {
        Instant day = NOW.truncatedTo(ChronoUnit.DAYS);
        for (Set<Variant> variants : Set.of(Set.<Variant>of(), Set.of(Variant.DECIMALS))) {
            try (StandInHarness harness =
                    new StandInHarness(data.resolve(variants.toString()), options -> options.showing(variants))) {
                harness.send(event("id-1", ENTERPRISE, "25"));
                JsonNode sum = sum(harness, day, day.plus(Duration.ofDays(1)));
                assertThat(sum.asText()).isEqualTo(variants.isEmpty() ? "25" : "25.0");
            }
        }
    }

    @Test
    void shouldForgetSumsAfterAMonthIfAskedTo() throws Exception {
        Instant old = NOW.minus(MONTH);
        try (StandInHarness harness = showing(Set.of(Variant.SHORT_HISTORY))) {
            // Given
            harness.send(event("id-1", ENTERPRISE, "5")
                    .setTimestamp(old.minusSeconds(1).getEpochSecond()));
            harness.send(event("id-2", ENTERPRISE, "7").setTimestamp(old.getEpochSecond()));

            // Then: the sums have one of them, what is billed has both
            assertThat(sum(harness, old.minusSeconds(60), NOW).asInt()).isEqualTo(7);
            assertThat(harness.total(ENTERPRISE)).isEqualTo(12);
        }
    }

    @ParameterizedTest
    @EnumSource(
            value = Variant.class,
            names = {"SAME_QUANTITY_PRORATES", "LIMITS"})
    void shouldProrateAnUpdateThatChangesNothingIfAskedTo(Variant shown) throws Exception {
        try (StandInHarness harness = showing(Set.of(shown))) {
            // When
            assertThat(harness.call("POST", "/v1/subscription_items/si_demo_team_seats", "quantity=6")
                            .statusCode())
                    .isEqualTo(200);

            // Then: a credit and a charge that come to nothing
            JsonNode invoice = harness.json("/stand-in/invoice?customer=cus_demo_team&period=2026-11-02");
            assertThat(invoice.path("prorations").findValuesAsText("amount"))
                    .hasSize(shown == Variant.SAME_QUANTITY_PRORATES ? 1 : 0)
                    .allMatch("0.00"::equals);
            assertThat(invoice.path("total").asText()).isEqualTo("121.00");
        }
    }
}
