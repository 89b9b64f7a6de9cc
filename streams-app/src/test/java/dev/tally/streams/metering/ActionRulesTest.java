package dev.tally.streams.metering;

import static org.assertj.core.api.Assertions.assertThat;

import dev.tally.units.UnitAmounts;
import java.time.Instant;
import java.util.Arrays;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

class ActionRulesTest {

    private static final Instant AT = Instant.parse("2026-11-21T10:00:00Z");

    @Test
    void shouldAcceptHostileButValidIds() {
        assertThat(ActionRules.check(action("a/b:c%d ü☃\"<script>", "u/1:2%", null, Map.of()), AT))
                .isEmpty();
        assertThat(ActionRules.check(action("e".repeat(256), "ü".repeat(128), "o", Map.of()), AT))
                .isEmpty();
    }

    @Test
    void shouldRefuseBadIds() {
        assertThat(reason("", "u", null)).isEqualTo(DeadLetterReason.INVALID_ID);
        assertThat(reason("e", "", null)).isEqualTo(DeadLetterReason.INVALID_ID);
        assertThat(reason("e", "u", "")).isEqualTo(DeadLetterReason.INVALID_ID);
        assertThat(reason("e".repeat(257), "u", null)).isEqualTo(DeadLetterReason.INVALID_ID);
        assertThat(reason("e", "ü".repeat(128) + "x", null)).isEqualTo(DeadLetterReason.INVALID_ID);
        assertThat(reason("e\n", "u", null)).isEqualTo(DeadLetterReason.INVALID_ID);
        assertThat(reason("e", "u\u0000", null)).isEqualTo(DeadLetterReason.INVALID_ID);
        assertThat(reason("e", "u\u0085", null)).isEqualTo(DeadLetterReason.INVALID_ID);
    }

    @Test
    void shouldJudgeTheFutureByAppendTime() {
        // Given
        Action action = action("e", "u", null, Map.of());

        // When / Then
        assertThat(ActionRules.check(action, AT.minusSeconds(300))).isEmpty();
        assertThat(ActionRules.check(action, AT.minusSeconds(300).minusMillis(1)))
                .map(Rejection::reason)
                .contains(DeadLetterReason.TIMESTAMP_IN_FUTURE);
    }

    @Test
    void shouldRefuseTimesThatHaveNoDay() {
        assertThat(ActionRules.check(action("e", Instant.ofEpochMilli(Long.MIN_VALUE)), AT))
                .map(Rejection::reason)
                .contains(DeadLetterReason.UNSUPPORTED);
        assertThat(ActionRules.check(action("e", Instant.EPOCH), AT)).isEmpty();
    }

    @Test
    void shouldBoundAmounts() {
        assertThat(ActionRules.check(action("e", "u", null, Map.of("credits", 1_000_000_000_000L)), AT))
                .isEmpty();
        assertThat(ActionRules.check(action("e", "u", null, Map.of("credits", 1_000_000_000_001L)), AT))
                .map(Rejection::reason)
                .contains(DeadLetterReason.AMOUNT_TOO_LARGE);
        assertThat(ActionRules.check(action("e", "u", null, Map.of("credits", -1L)), AT))
                .map(Rejection::reason)
                .contains(DeadLetterReason.NEGATIVE_AMOUNT);
    }

    @Test
    void shouldNameTheSameAmountInWhateverOrderTheyCame() {
        long tooLarge = 2_000_000_000_000L;
        for (String[] units : new String[][] {{"a", "y", "z"}, {"z", "y", "a"}, {"y", "a", "z"}}) {
            long[] amounts = Arrays.stream(units)
                    .mapToLong(unit -> unit.equals("a") ? tooLarge : -1)
                    .toArray();
            Action action = new Action(
                    "e",
                    AT,
                    "u",
                    null,
                    null,
                    null,
                    "a",
                    "OTHER",
                    false,
                    UnitAmounts.few(units, amounts, 3),
                    null,
                    null);

            assertThat(ActionRules.check(action, AT))
                    .contains(new Rejection(DeadLetterReason.NEGATIVE_AMOUNT, "usage.y is -1"));
        }
    }

    @Test
    void shouldRefuseReversalsUntilTheyAreBuilt() {
        // Given
        Action action = new Action("e", AT, "u", null, null, null, "a", "OTHER", false, UnitAmounts.NONE, null, "e0");

        // When / Then
        assertThat(ActionRules.check(action, AT)).map(Rejection::reason).contains(DeadLetterReason.UNSUPPORTED);
    }

    private static DeadLetterReason reason(String eventId, String userId, @Nullable String orgId) {
        Optional<Rejection> broken = ActionRules.check(action(eventId, userId, orgId, Map.of()), AT);
        return broken.orElseThrow().reason();
    }

    private static Action action(String eventId, Instant at) {
        return new Action(eventId, at, "u", null, null, null, "a", "OTHER", false, UnitAmounts.NONE, null, null);
    }

    private static Action action(String eventId, String userId, @Nullable String orgId, Map<String, Long> usage) {
        return new Action(
                eventId, AT, userId, orgId, null, null, "a", "OTHER", false, UnitAmounts.of(usage), null, null);
    }
}
