package dev.tally.streams.metering;

import static org.assertj.core.api.Assertions.assertThat;

import dev.tally.streams.metering.MeterDefinition.Aggregation;
import dev.tally.streams.metering.MeterDefinition.Filter;
import dev.tally.streams.metering.MeterDefinition.Rate;
import dev.tally.units.UnitAmounts;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.OptionalLong;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

class MeterDefinitionTest {

    @Test
    void shouldCountOnePerEvent() {
        assertThat(meter(Aggregation.COUNT, List.of(), null, List.of()).amountOf(action(Map.of())))
                .isEqualTo(OptionalLong.of(1));
    }

    @Test
    void shouldSumItsUnits() {
        // Given
        MeterDefinition tokens = meter(Aggregation.SUM, List.of("input_tokens", "output_tokens"), null, List.of());

        // When / Then
        assertThat(tokens.amountOf(action(Map.of("input_tokens", 3L, "output_tokens", 4L, "credits", 9L))))
                .isEqualTo(OptionalLong.of(7));
        assertThat(tokens.amountOf(action(Map.of()))).isEqualTo(OptionalLong.of(0));
    }

    @Test
    void shouldCountOnlyWhatItsFilterAccepts() {
        assertThat(meter(Aggregation.COUNT, List.of(), new Filter("mail.send", null, null), List.of())
                        .amountOf(action(Map.of())))
                .isEqualTo(OptionalLong.of(0));
        assertThat(meter(Aggregation.COUNT, List.of(), new Filter("message.send", "model-a", "OTHER"), List.of())
                        .amountOf(action(Map.of())))
                .isEqualTo(OptionalLong.of(1));
    }

    @Test
    void shouldRateByFirstMatchHalfUpOncePerEvent() {
        // Given
        MeterDefinition credits = meter(
                Aggregation.SUM,
                List.of(),
                null,
                List.of(new Rate("model-a", 2, "output_tokens", 3), new Rate("*", 100, null, 0)));

        // When / Then: 2 + 3 x 500 / 1000 = 3.5, half up 4; 3 x 166 / 1000 = 0.498 is 0
        assertThat(credits.amountOf(action(Map.of("output_tokens", 500L)))).isEqualTo(OptionalLong.of(4));
        assertThat(credits.amountOf(action(Map.of("output_tokens", 166L)))).isEqualTo(OptionalLong.of(2));
        assertThat(credits.amountOf(action(Map.of("output_tokens", 167L)))).isEqualTo(OptionalLong.of(3));
    }

    @Test
    void shouldRefuseAnAmountOverTheLimitAlsoWhereItOverflows() {
        assertThat(meter(Aggregation.SUM, List.of("a", "b"), null, List.of())
                        .amountOf(action(Map.of("a", ActionRules.MAX_AMOUNT, "b", 1L))))
                .isEmpty();
        assertThat(meter(Aggregation.SUM, List.of(), null, List.of(new Rate("*", 0, "a", Long.MAX_VALUE)))
                        .amountOf(action(Map.of("a", 2L))))
                .isEmpty();
    }

    private static MeterDefinition meter(
            Aggregation aggregation, List<String> units, @Nullable Filter filter, List<Rate> rates) {
        return new MeterDefinition("m", aggregation, units, filter, rates, "m");
    }

    private static Action action(Map<String, Long> usage) {
        return new Action(
                "e",
                Instant.EPOCH,
                "u",
                null,
                null,
                "model-a",
                "message.send",
                "OTHER",
                false,
                UnitAmounts.of(usage),
                null,
                null);
    }
}
