package dev.tally.streams.metering.money;

import static org.assertj.core.api.Assertions.assertThat;

import dev.tally.streams.metering.money.PlanPrices.Interval;
import dev.tally.streams.metering.money.PlanPrices.OveragePrice;
import dev.tally.streams.metering.money.PlanPrices.Rounding;
import java.math.BigDecimal;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class OverageLineTest {

    @ParameterizedTest
    @CsvSource({
        "2.50, 1000, EXACT, 0, 0.00",
        "2.50, 1000, EXACT, 1, 0.00",
        "2.50, 1000, EXACT, 2, 0.01",
        "2.50, 1000, EXACT, 1234, 3.09",
        "2.50, 1000, BLOCK_UP, 0, 0.00",
        "2.50, 1000, BLOCK_UP, 1, 2.50",
        "2.50, 1000, BLOCK_UP, 1000, 2.50",
        "2.50, 1000, BLOCK_UP, 1234, 5.00",
        "0.002, 1, EXACT, 12345, 24.69",
        "0.002, 3, EXACT, 5, 0.00",
        "0.01, 3, EXACT, 5, 0.02",
        "2.50, 1000, EXACT, -300, 0.00"
    })
    void shouldRoundALineOnce(String amount, long per, Rounding rounding, long units, String cost) {
        OverageLine line = new OverageLine(prices("USD", amount, per, rounding), "m", units, 0, null);

        assertThat(line.amount(0)).isEqualTo(new BigDecimal(cost));
        assertThat(line.amount(1_000_000)).isEqualTo(new BigDecimal(cost));
    }

    @Test
    void shouldBillWhatIsStillUsedBeyondWhatIsCoveredUpToTheCap() {
        OverageLine line =
                new OverageLine(prices("USD", "1.00", 1, Rounding.EXACT), "m", 10, 0, new OverageLine.Room(100, 50));

        assertThat(line.amount(100)).isEqualTo("10.00");
        assertThat(line.amount(120)).isEqualTo("30.00");
        assertThat(line.amount(150)).isEqualTo("60.00");
        assertThat(line.amount(Long.MAX_VALUE)).isEqualTo("60.00");
    }

    @Test
    void shouldLeaveOutWhatStripeTakesOff() {
        OverageLine line = new OverageLine(
                prices("USD", "1.00", 1, Rounding.EXACT), "m", 90, 100, new OverageLine.Room(0, Long.MAX_VALUE));

        assertThat(line.amount(0)).isEqualTo("0.00");
        assertThat(line.amount(30)).isEqualTo("20.00");
    }

    @Test
    void shouldRoundToTheDecimalsOfTheCurrency() {
        assertThat(prices("JPY", "0.5", 1, Rounding.EXACT).overage("m", 3)).isEqualTo("2");
        assertThat(prices("KWD", "0.0005", 1, Rounding.EXACT).overage("m", 3)).isEqualTo("0.002");
        assertThat(prices("QQQ", "0.005", 1, Rounding.EXACT).overage("m", 1)).isEqualTo("0.01");
        assertThat(prices("USD", "1", 1, Rounding.EXACT).overage("other", 9)).isEqualTo("0.00");
    }

    private static PlanPrices prices(String currency, String amount, long per, Rounding rounding) {
        return new PlanPrices(
                currency,
                Interval.MONTH,
                BigDecimal.ZERO,
                BigDecimal.ZERO,
                Map.of("m", new OveragePrice(new BigDecimal(amount), per, rounding)));
    }
}
