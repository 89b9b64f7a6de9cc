package dev.tally.streams.metering;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

class CoverageTest {

    private static final Instant T = Instant.parse("2026-11-21T10:00:00Z");
    private static final long ANY = Long.MAX_VALUE;

    @Test
    void shouldBillOnlyWhatLiesBeyondTheAllocation() {
        assertThat(Coverage.of(100_000, 0, 100_000, ANY)).isEqualTo(new Coverage(0, 100_000, 0, 0));
        assertThat(Coverage.of(1, 0, 0, ANY)).isEqualTo(new Coverage(0, 0, 1, 0));
        assertThat(Coverage.of(101_234, 0, 100_000, ANY)).isEqualTo(new Coverage(0, 100_000, 1_234, 0));
    }

    @Test
    void shouldNeverBillExcess() {
        assertThat(Coverage.of(50, 0, 0, 0)).isEqualTo(new Coverage(0, 0, 0, 50));
    }

    @Test
    void shouldBillUpToTheCap() {
        assertThat(Coverage.of(50, 0, 10, 30)).isEqualTo(new Coverage(0, 10, 30, 10));
    }

    @Test
    void shouldBurnWhatExpiresFirst() {
        // Given one that never expires, one that does soon, one that does later and one that is not in force yet
        List<GrantTerms> grants = new ArrayList<>(List.of(
                grant("never", 100, T, null),
                grant("late", 100, T, T.plusSeconds(200)),
                grant("soon", 100, T, T.plusSeconds(100)),
                grant("tomorrow", 100, T.plusSeconds(1), T.plusSeconds(50))));
        grants.sort(GrantTerms.BURN_ORDER);

        // When
        List<Burns.Burn> first = Burns.NONE.take(150, grants, T);
        List<Burns.Burn> second = Burns.NONE.plus(first).take(250, grants, T);

        // Then
        assertThat(first).containsExactly(new Burns.Burn("soon", 100), new Burns.Burn("late", 50));
        assertThat(second).containsExactly(new Burns.Burn("late", 50), new Burns.Burn("never", 100));
        assertThat(Burns.NONE.plus(first).left(grants, T)).isEqualTo(150);
        assertThat(Burns.NONE.plus(first).left(grants, T.plusSeconds(100))).isEqualTo(150);
        assertThat(Burns.NONE.plus(first).left(grants, T.plusSeconds(200))).isEqualTo(100);
    }

    @Test
    void shouldAddUpToUsageHoweverItIsCut() {
        // Given
        Random random = new Random(7);
        for (int round = 0; round < 1_000; round++) {
            long allocation = random.nextLong(1_000);
            List<GrantTerms> grants = List.of(grant("g", 1 + random.nextLong(500), T, null));
            boolean bills = random.nextBoolean();
            Coverage total = Coverage.NONE;
            Burns burns = Burns.NONE;
            long used = 0;

            // When
            for (int i = 0; i < 20; i++) {
                long amount = random.nextLong(100);
                used += amount;
                List<Burns.Burn> taken = burns.take(amount, grants, T);
                burns = burns.plus(taken);
                long granted = taken.stream().mapToLong(Burns.Burn::amount).sum();
                total = total.plus(Coverage.of(amount, granted, allocation - total.included(), bills ? ANY : 0));
            }

            // Then
            Pool pool = new Pool(allocation, burns.left(grants, T), total, 0);
            assertThat(total.total()).isEqualTo(used);
            assertThat(total.granted()).isEqualTo(Math.min(used, grants.get(0).amount()));
            assertThat(total.included()).isEqualTo(Math.min(used - total.granted(), allocation));
            assertThat(bills ? total.excess() : total.overage()).isZero();
            assertThat(pool.remaining()).isEqualTo(Math.max(0, pool.limit() - pool.used()));
        }
    }

    @Test
    void shouldNotTakeEarlierExcessFromATopUp() {
        // Given a pool of 14,000 that was overrun by 50, and then raised by 5,000
        Pool before = new Pool(14_000, 0, new Coverage(0, 14_000, 0, 50), 0);
        Pool after = new Pool(14_000, 5_000, new Coverage(0, 14_000, 0, 50), 50);

        // Then
        assertThat(before.level()).isEqualTo(new Thresholds.Level(14_050, 14_000, 0, 14_000));
        assertThat(after.level()).isEqualTo(new Thresholds.Level(14_000, 19_000, 5_000, 14_000));
    }

    private static GrantTerms grant(String id, long amount, Instant from, @Nullable Instant to) {
        return new GrantTerms(id, "credits", amount, from, to);
    }
}
