package dev.tally.streams.metering;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.Random;
import org.junit.jupiter.api.Test;

class LogScaleTest {

    @Test
    void shouldBeExactForSmallAmounts() {
        for (long amount = 0; amount <= 15; amount++) {
            assertThat(LogScale.amount(LogScale.step(amount))).isEqualTo(amount);
        }
    }

    @Test
    void shouldStayWithinASixteenth() {
        Random random = new Random(1);
        for (int i = 0; i < 10_000; i++) {
            long amount = random.nextLong() >>> (1 + random.nextInt(62));
            assertThat(Math.abs(LogScale.amount(LogScale.step(amount)) - amount))
                    .isLessThanOrEqualTo(amount / 16);
        }
        assertThat(LogScale.amount(LogScale.step(Long.MAX_VALUE))).isGreaterThan(Long.MAX_VALUE / 16 * 15);
    }

    @Test
    void shouldRiseWithTheAmount() {
        long before = 0;
        for (long amount = 1; amount < Long.MAX_VALUE / 3; amount += 1 + amount / 40) {
            long now = LogScale.amount(LogScale.step(amount));
            assertThat(now).isGreaterThanOrEqualTo(before);
            before = now;
        }
        assertThat(LogScale.step(-1)).isZero();
    }
}
