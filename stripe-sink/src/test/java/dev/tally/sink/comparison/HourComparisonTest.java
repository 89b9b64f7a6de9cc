package dev.tally.sink.comparison;

import static org.assertj.core.api.Assertions.assertThat;

import dev.tally.sink.comparison.ComparedHour.Verdict;
import java.math.BigDecimal;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

final class HourComparisonTest {
    private static final Instant HOUR = Instant.parse("2026-11-21T10:00:00Z");
    private static final Instant SETTLED_BEFORE = Instant.parse("2026-11-21T12:00:00Z");
    private static final List<Standing> STANDINGS = List.of(Standing.values());
    private static final HourKey KEY = new HourKey("cus_1", "a", HOUR);

    @ParameterizedTest
    @CsvSource({
        "TAKEN, 5, 5, EQUAL",
        "TAKEN, 5, 5.0, EQUAL",
        "TAKEN, 5, 0, MISSING",
        "TAKEN, 5, 4.5, MISSING",
        "TAKEN, 5, 10, EXTRA",
        "TAKEN, -5, -5, EQUAL",
        "TAKEN, -5, 0, EXTRA",
        "DEAD, 5, 0, EQUAL",
        "DEAD, 5, 5, EXTRA",
        "PARKED, 5, 0, EQUAL",
        "PARKED, 5, 5, EXTRA",
        "OPEN, 5, 0, UNSETTLED",
        "OPEN, 5, 5, UNSETTLED"
    })
    void shouldJudgeAnHourByItsSum(Standing standing, long amount, String found, Verdict verdict) {
        assertThat(HourComparison.compare(
                        List.of(fact("id", amount, 0, standing, HOUR)),
                        Map.of(KEY, new BigDecimal(found)),
                        SETTLED_BEFORE))
                .singleElement()
                .satisfies(hour -> assertThat(hour.verdict()).isEqualTo(verdict));
    }

    @Test
    void shouldNotJudgeWhatWasSentAShortWhileAgo() {
        for (Standing standing : new Standing[] {Standing.TAKEN, Standing.DEAD}) {
            SentFact late = fact("id", 5, 0, standing, SETTLED_BEFORE);
            SentFact settled = fact("id", 5, 0, standing, SETTLED_BEFORE.minusMillis(1));
            assertThat(verdict(late)).isEqualTo(Verdict.UNSETTLED);
            assertThat(verdict(settled)).isNotEqualTo(Verdict.UNSETTLED);
        }
    }

    private static Verdict verdict(SentFact fact) {
        return HourComparison.compare(List.of(fact), Map.of(), SETTLED_BEFORE)
                .getFirst()
                .verdict();
    }

    @Test
    void shouldSeeASumWhereThereIsNoFact() {
        assertThat(HourComparison.compare(List.of(), Map.of(KEY, BigDecimal.TEN), SETTLED_BEFORE))
                .singleElement()
                .satisfies(hour -> {
                    assertThat(hour.verdict()).isEqualTo(Verdict.EXTRA);
                    assertThat(hour.difference()).isEqualByComparingTo("10");
                });
    }

    @Test
    void shouldAgreeWithASimpleModel() {
        for (int seed = 0; seed < 300; seed++) {
            Random random = new Random(seed);
            List<SentFact> facts = new ArrayList<>();
            Map<HourKey, BigDecimal> found = new HashMap<>();
            Map<HourKey, Long> lost = new HashMap<>();
            Map<HourKey, Boolean> open = new HashMap<>();
            int count = random.nextInt(60);
            for (int i = 0; i < count; i++) {
                Standing standing = STANDINGS.get(random.nextInt(STANDINGS.size()));
                boolean lately = random.nextInt(10) == 0;
                long amount = random.nextInt(20) - 5L;
                SentFact fact = fact(
                        "id-" + i,
                        amount,
                        60L * random.nextInt(240),
                        standing,
                        lately ? SETTLED_BEFORE.plusSeconds(i) : HOUR);
                facts.add(fact);
                HourKey hour = fact.hour();
                lost.putIfAbsent(hour, 0L);
                // Stripe loses one of twenty that it took, and has one of twenty that it should not have
                boolean there = standing.isTaken() != (random.nextInt(20) == 0);
                if (there) {
                    found.merge(hour, BigDecimal.valueOf(amount), BigDecimal::add);
                }
                if (there != standing.isTaken()) {
                    lost.merge(hour, there ? -amount : amount, Long::sum);
                }
                if (standing == Standing.OPEN || (lately && standing != Standing.PARKED)) {
                    open.put(hour, true);
                }
            }

            // When
            List<ComparedHour> compared = HourComparison.compare(facts, found, SETTLED_BEFORE);

            // Then
            assertThat(compared).as("seed " + seed).hasSameSizeAs(lost.keySet()).allSatisfy(hour -> {
                long missing = lost.getOrDefault(hour.key(), 0L);
                Verdict expected = open.containsKey(hour.key())
                        ? Verdict.UNSETTLED
                        : missing == 0 ? Verdict.EQUAL : missing > 0 ? Verdict.MISSING : Verdict.EXTRA;
                assertThat(hour.verdict()).isEqualTo(expected);
                assertThat(hour.difference()).isEqualByComparingTo(BigDecimal.valueOf(-missing));
            });
        }
    }

    @Test
    void shouldFollowTheLedger() {
        Standings standings = new Standings();
        assertThat(standings.of("id", 5).standing()).isEqualTo(Standing.OPEN);

        // When
        standings.apply("id", 5, 0, Standing.OPEN, HOUR);
        standings.apply("id", 5, 0, Standing.TAKEN, HOUR.plusSeconds(1));
        standings.apply("id", 5, 0, Standing.OPEN, HOUR.plusSeconds(2));
        standings.apply("id", 6, 0, Standing.PARKED, HOUR.plusSeconds(3));

        // Then: an outcome stays, another amount is another fact
        assertThat(standings.of("id", 5)).isEqualTo(new Standings.At(Standing.TAKEN, HOUR.plusSeconds(1), 0));
        assertThat(standings.of("id", 6).standing()).isEqualTo(Standing.PARKED);

        // And: only what was taken dies
        standings.apply("id", 5, 0, Standing.DEAD, HOUR.plusSeconds(4));
        standings.apply("id", 5, 0, Standing.TAKEN, HOUR.plusSeconds(5));
        assertThat(standings.of("id", 5)).isEqualTo(new Standings.At(Standing.DEAD, HOUR.plusSeconds(4), 0));

        // When it is replayed
        standings.apply("id", 5, 1, Standing.OPEN, HOUR.plusSeconds(6));
        assertThat(standings.of("id", 5).standing()).isEqualTo(Standing.OPEN);
        standings.apply("id", 5, 1, Standing.TAKEN, HOUR.plusSeconds(7));
        standings.apply("id", 5, 0, Standing.DEAD, HOUR.plusSeconds(8));
        assertThat(standings.of("id", 5)).isEqualTo(new Standings.At(Standing.TAKEN, HOUR.plusSeconds(7), 1));
    }

    @Test
    void shouldFollowWhatIsConfirmedOrReportedLater() {
        Standings standings = new Standings();
        for (String identifier : new String[] {"confirmed", "reported"}) {
            standings.apply(identifier, 5, 0, Standing.UNCONFIRMED, HOUR);
        }
        standings.apply("confirmed", 5, 0, Standing.TAKEN, HOUR.plusSeconds(1));
        standings.apply("reported", 5, 0, Standing.DEAD, HOUR.plusSeconds(1));
        standings.apply("reported", 5, 0, Standing.TAKEN, HOUR.plusSeconds(2));

        assertThat(standings.of("confirmed", 5).standing()).isEqualTo(Standing.TAKEN);
        assertThat(standings.of("reported", 5).standing()).isEqualTo(Standing.DEAD);
    }

    @Test
    void shouldNotTakeAConflictForTheFirstAmountWhereCompactionLeftItFirst() {
        Standings standings = new Standings();
        standings.conflict("id", 6, HOUR);
        assertThat(standings.of("id", 5).standing()).isEqualTo(Standing.OPEN);
        standings.apply("id", 5, 0, Standing.TAKEN, HOUR.plusSeconds(1));

        assertThat(standings.of("id", 5).standing()).isEqualTo(Standing.TAKEN);
        assertThat(standings.of("id", 6).standing()).isEqualTo(Standing.PARKED);
    }

    private static SentFact fact(String identifier, long amount, long secondsLater, Standing standing, Instant since) {
        return new SentFact(
                0,
                identifier,
                "user:u1",
                "cus_1",
                "a",
                amount,
                HOUR.plusSeconds(secondsLater),
                true,
                new Standings.At(standing, since, 0));
    }
}
