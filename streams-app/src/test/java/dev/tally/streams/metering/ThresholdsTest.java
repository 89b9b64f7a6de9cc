package dev.tally.streams.metering;

import static org.assertj.core.api.Assertions.assertThat;

import dev.tally.streams.metering.PlanTerms.Beyond;
import dev.tally.streams.metering.PlanTerms.LimitTerms;
import dev.tally.streams.metering.PlanTerms.Scope;
import dev.tally.streams.metering.PlanTerms.Window;
import dev.tally.streams.metering.Thresholds.Kind;
import dev.tally.streams.metering.Thresholds.Level;
import dev.tally.streams.metering.Thresholds.Threshold;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.Test;

class ThresholdsTest {

    private static final LimitTerms STARTER =
            new LimitTerms(Scope.USER, "actions", Window.DAY, 100L, Beyond.PAUSE, List.of(80));

    @Test
    void shouldRaiseEachOnceAtItsVeryAction() {
        // Given
        List<Threshold> thresholds = Thresholds.of(STARTER, false, 20);
        Set<Threshold> raised = new HashSet<>();
        List<String> seen = new ArrayList<>();

        // When
        for (int used = 1; used <= 150; used++) {
            for (Threshold passed : Thresholds.newlyPassed(thresholds, Level.of(used, 100), raised)) {
                raised.add(passed);
                seen.add(used + " " + passed.kind());
            }
        }

        // Then
        assertThat(seen).containsExactly("80 WARNING", "100 REACHED", "101 EXCEEDED");
    }

    @Test
    void shouldRaiseSeveralAtOnceAscending() {
        assertThat(Thresholds.newlyPassed(Thresholds.of(STARTER, false, 20), Level.of(101, 100), Set.of()))
                .extracting(Threshold::kind)
                .containsExactly(Kind.WARNING, Kind.REACHED, Kind.EXCEEDED);
    }

    @Test
    void shouldWarnOfAPoolByWhatIsLeft() {
        // Given a pool of 14,000 with a share of 20 %: 2,800 left is not low, 2,799 is
        LimitTerms pool = new LimitTerms(Scope.ORG, "credits", Window.PERIOD, null, Beyond.REJECT, List.of(80));
        List<Threshold> thresholds = Thresholds.of(pool, true, 20);

        // When / Then
        assertThat(Thresholds.newlyPassed(thresholds, Level.of(11_200, 14_000), Set.of()))
                .isEmpty();
        assertThat(Thresholds.newlyPassed(thresholds, Level.of(11_201, 14_000), Set.of()))
                .containsExactly(new Threshold(Kind.POOL_LOW, 20));
    }

    @Test
    void shouldCompareExactlyWhereProductsOverflow() {
        assertThat(Thresholds.atLeast(Long.MAX_VALUE / 2, Long.MAX_VALUE, 50)).isFalse();
        assertThat(Thresholds.atLeast(Long.MAX_VALUE / 2 + 1, Long.MAX_VALUE, 50))
                .isTrue();
    }

    @Test
    void shouldShowTheStateOfALimit() {
        List<Threshold> thresholds = Thresholds.of(STARTER, false, 20);
        assertThat(LimitState.of(Level.of(79, 100), thresholds)).isEqualTo(LimitState.OK);
        assertThat(LimitState.of(Level.of(80, 100), thresholds)).isEqualTo(LimitState.WARNING);
        assertThat(LimitState.of(Level.of(100, 100), thresholds)).isEqualTo(LimitState.REACHED);
        assertThat(LimitState.of(Level.of(101, 100), thresholds)).isEqualTo(LimitState.EXCEEDED);
        assertThat(LimitState.of(null, thresholds)).isEqualTo(LimitState.OK);
    }

    @Test
    void shouldNotTakeUsageAtTheLimitForBelowIt() {
        Threshold exceeded = new Threshold(Kind.EXCEEDED, 100);
        assertThat(Thresholds.isBelow(exceeded, Level.of(100, 100))).isFalse();
        assertThat(Thresholds.isBelow(exceeded, Level.of(99, 100))).isTrue();
        assertThat(Thresholds.isBelow(new Threshold(Kind.WARNING, 80), Level.of(80, 100)))
                .isFalse();
    }
}
