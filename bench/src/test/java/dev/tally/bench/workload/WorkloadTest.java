package dev.tally.bench.workload;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import java.time.Instant;
import java.util.Arrays;
import java.util.HashMap;
import java.util.HashSet;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;

class WorkloadTest {

    private static final Instant END = Instant.parse("2026-11-21T08:00:00Z");
    private static final int RECORDS = 50_000;

    private static WorkloadSpec spec(long seed) {
        return new WorkloadSpec(seed, RECORDS, 5_000, 100, END, Duration.ofDays(2));
    }

    @Test
    void shouldMakeTheSameBytesFromTheSameSeed() {
        // When
        long one = bytes(new Workload(spec(7)));
        long again = bytes(new Workload(spec(7)));
        long other = bytes(new Workload(spec(8)));

        // Then
        assertThat(again).isEqualTo(one);
        assertThat(other).isNotEqualTo(one);
    }

    private static long bytes(Workload workload) {
        ActionEncoder encoder = new ActionEncoder(1);
        long hash = 0;
        for (int i = 0; i < RECORDS; i++) {
            hash = 31 * hash + Arrays.hashCode(encoder.encode(workload.record(i)));
        }
        return hash;
    }

    @Test
    void shouldResendAboutOneInAHundredActionsOnlyAfterTheirFirst() {
        // Given
        Workload workload = new Workload(spec(7));
        Map<Integer, BenchAction> first = new HashMap<>();
        int resent = 0;
        int moved = 0;

        // When, Then
        for (int i = 0; i < RECORDS; i++) {
            BenchAction action = workload.record(i);
            if (action.resent()) {
                BenchAction before = Objects.requireNonNull(first.get(action.number()));
                assertThat(action.user()).isEqualTo(before.user());
                long off = Math.abs(action.occurredAt() - before.occurredAt());
                assertThat(off).isLessThanOrEqualTo(Duration.ofMinutes(30).toMillis());
                resent++;
                moved += off == 0 ? 0 : 1;
            } else {
                assertThat(first.put(action.number(), action)).isNull();
            }
        }
        assertThat(resent).isBetween(RECORDS / 125, RECORDS / 80);
        assertThat(moved).isBetween(resent / 5, resent / 2);
    }

    @Test
    void shouldStayWithinTheLatenessHorizonAndBeforeItsEnd() {
        // Given
        Workload workload = new Workload(spec(7));

        // When, Then
        for (int i = 0; i < RECORDS; i++) {
            Instant at = Instant.ofEpochMilli(workload.record(i).occurredAt());
            assertThat(at).isBetween(END.minus(Duration.ofHours(55)), END.minusMillis(1));
        }
    }

    @Test
    void shouldKeepEachUserInOneOrg() {
        // Given
        Workload workload = new Workload(spec(7));
        Map<Integer, Integer> orgs = new HashMap<>();

        // When, Then
        for (int i = 0; i < RECORDS; i++) {
            BenchAction action = workload.record(i);
            Integer before = orgs.putIfAbsent(action.user(), action.org());
            assertThat(before == null || before == action.org()).isTrue();
        }
        assertThat(new HashSet<>(orgs.values())).contains(BenchAction.NO_ORG, 0, 1);
    }

    @Test
    void shouldExpectTheSumsOfItsRecords() {
        // Given
        Workload workload = new Workload(spec(7));
        Set<Integer> actions = new HashSet<>();
        Map<String, Long> userDays = new HashMap<>();
        long credits = 0;
        for (int i = 0; i < RECORDS; i++) {
            BenchAction action = workload.record(i);
            if (actions.add(action.number())) {
                userDays.merge("user:" + action.userId() + "@" + action.day(), 1L, Long::sum);
                credits += action.credits();
            }
        }
        Sum counts = Sum.NONE;
        for (Map.Entry<String, Long> count : userDays.entrySet()) {
            int at = count.getKey().indexOf('@');
            long day = Long.parseLong(count.getKey().substring(at + 1));
            counts = counts.plus(count.getKey().substring(0, at), day, count.getValue());
        }

        // When
        Expected expected = Expected.of(workload);

        // Then
        assertThat(expected.unique()).isEqualTo(actions.size());
        assertThat(expected.unique() + expected.duplicates()).isEqualTo(RECORDS);
        assertThat(expected.everyUser().total()).isEqualTo(RECORDS);
        assertThat(expected.users()).containsEntry(BenchCatalogue.ACTIONS, counts);
        assertThat(expected.users()
                        .getOrDefault(BenchCatalogue.CREDITS, Sum.NONE)
                        .total())
                .isEqualTo(credits);
        assertThat(expected.billed().getOrDefault(BenchCatalogue.ACTIONS, 0L)).isPositive();
    }

    @Test
    void shouldTellApartCountsOfAnotherDayOrSubject() {
        // Given
        Sum sum = Sum.NONE.plus("user:a", 0, 2).plus("user:b", 0, 1);

        // Then
        assertThat(Sum.NONE.plus("user:b", 0, 1).plus("user:a", 0, 1).plus("user:a", 0, 1))
                .isEqualTo(sum);
        assertThat(Sum.NONE.plus("user:a", 0, 1).plus("user:b", 0, 2)).isNotEqualTo(sum);
        assertThat(Sum.NONE.plus("user:a", 86_400_000, 2).plus("user:b", 0, 1)).isNotEqualTo(sum);
    }

    @Test
    void shouldDrawRanksByZipfsLaw() {
        // Given
        Zipf zipf = new Zipf(1_000, 0.9);
        SplittableRandom random = new SplittableRandom(1);
        int[] drawn = new int[1_000];

        // When
        for (int i = 0; i < 200_000; i++) {
            drawn[zipf.rank(random)]++;
        }

        // Then
        double ratio = (double) drawn[0] / drawn[9];
        assertThat(ratio).isBetween(Math.pow(10, 0.9) * 0.9, Math.pow(10, 0.9) * 1.1);
        assertThat(drawn[999]).isPositive();
    }

    @Test
    void shouldHaveCataloguesThatTheRulesAccept() {
        // When, Then
        assertThat(BenchCatalogue.core().meters()).hasSize(1);
        assertThat(BenchCatalogue.full(spec(7)).subscriptions()).hasSize(2_050);
        assertThat(BenchCatalogue.probed(spec(7), 3).subscriptions()).hasSize(2_053);
    }
}
