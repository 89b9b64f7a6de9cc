package dev.tally.streams.metering;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.Random;
import org.junit.jupiter.api.Test;

class CoverageTest {

    @Test
    void shouldBillOnlyWhatLiesBeyondTheAllocation() {
        assertThat(Coverage.of(100_000, 100_000, 0, true)).isEqualTo(new Coverage(100_000, 0, 0));
        assertThat(Coverage.of(1, 100_000, 100_000, true)).isEqualTo(new Coverage(0, 1, 0));
        assertThat(Coverage.of(101_234, 100_000, 0, true)).isEqualTo(new Coverage(100_000, 1_234, 0));
    }

    @Test
    void shouldNeverBillExcess() {
        assertThat(Coverage.of(50, 14_000, 14_000, false)).isEqualTo(new Coverage(0, 0, 50));
    }

    @Test
    void shouldAddUpToUsageHoweverItIsCut() {
        // Given
        Random random = new Random(7);
        for (int round = 0; round < 1_000; round++) {
            long allocation = random.nextLong(1_000);
            boolean bills = random.nextBoolean();
            Coverage total = Coverage.NONE;
            long used = 0;

            // When
            for (int i = 0; i < 20; i++) {
                long amount = random.nextLong(100);
                used += amount;
                total = total.plus(Coverage.of(amount, allocation, total.included(), bills));
            }

            // Then
            assertThat(total.included() + total.overage() + total.excess()).isEqualTo(used);
            assertThat(total.included()).isEqualTo(Math.min(used, allocation));
            assertThat(bills ? total.excess() : total.overage()).isZero();
        }
    }
}
