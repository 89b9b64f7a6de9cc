package dev.tally.streams.metering;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class AmountsTest {

    private static final String MAX = "9223372036854775807";

    @ParameterizedTest
    @CsvSource({"0, 0, 0", "1, 2, 3", MAX + ", 0, " + MAX, MAX + ", 1, " + MAX, MAX + "," + MAX + "," + MAX})
    void shouldStandStillWhereALongIsFull(long one, long other, long sum) {
        assertThat(Amounts.plus(one, other)).isEqualTo(sum);
    }

    @ParameterizedTest
    @CsvSource({
        "0, 5, 0",
        "3, 4, 12",
        "4611686018427387904, 2, " + MAX,
        "4611686018427387903, 2, 9223372036854775806",
        MAX + "," + MAX + "," + MAX
    })
    void shouldStandStillWhereAProductIsTooLarge(long amount, long count, long product) {
        assertThat(Amounts.times(amount, count)).isEqualTo(product);
    }
}
