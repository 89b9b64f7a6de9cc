package dev.tally.sink.reporting;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import java.time.Instant;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

final class ReportingTest {
    private static final Instant NOW = Instant.parse("2026-11-21T12:00:00Z");

    @Test
    void shouldSendAnOrdinaryFactAsItIs() {
        // When
        Preparation prepared = Reporting.prepare(fact("id-1", "cus_1", 1_234, NOW.minusSeconds(60)), NOW);

        // Then
        assertThat(prepared)
                .isEqualTo(new Preparation.Ready(
                        new MeterEvent("id-1", "tally_actions", "cus_1", 1_234, NOW.minusSeconds(60))));
    }

    @Test
    void shouldTakeFifteenDigitsAndRefuseSixteen() {
        assertThat(Reporting.prepare(fact("id", "cus_1", 999_999_999_999_999L, NOW), NOW))
                .isInstanceOf(Preparation.Ready.class);
        assertThat(Reporting.prepare(fact("id", "cus_1", -999_999_999_999_999L, NOW), NOW))
                .isInstanceOf(Preparation.Ready.class);
        assertThat(refusal(fact("id", "cus_1", 1_000_000_000_000_000L, NOW))).isEqualTo(Refusal.TOO_MANY_DIGITS);
        assertThat(refusal(fact("id", "cus_1", -1_000_000_000_000_000L, NOW))).isEqualTo(Refusal.TOO_MANY_DIGITS);
        assertThat(refusal(fact("id", "cus_1", Long.MIN_VALUE, NOW))).isEqualTo(Refusal.TOO_MANY_DIGITS);
    }

    @Test
    void shouldSendZeroAndNegativeAmounts() {
        assertThat(Reporting.prepare(fact("id", "cus_1", 0, NOW), NOW)).isInstanceOf(Preparation.Ready.class);
        assertThat(Reporting.prepare(fact("id", "cus_1", -5, NOW), NOW)).isInstanceOf(Preparation.Ready.class);
    }

    @Test
    void shouldRefuseFactsOlderThanThirtyFiveDays() {
        Instant oldest = NOW.minus(Reporting.MAX_AGE);
        assertThat(Reporting.prepare(fact("id", "cus_1", 1, oldest), NOW)).isInstanceOf(Preparation.Ready.class);
        assertThat(refusal(fact("id", "cus_1", 1, oldest.minusMillis(1)))).isEqualTo(Refusal.TOO_OLD);
    }

    @Test
    void shouldWaitForFactsFurtherAheadThanFiveMinutes() {
        Instant furthest = NOW.plus(Reporting.MAX_AHEAD);
        assertThat(Reporting.prepare(fact("id", "cus_1", 1, furthest), NOW)).isInstanceOf(Preparation.Ready.class);
        assertThat(Reporting.prepare(fact("id", "cus_1", 1, furthest.plusSeconds(10)), NOW))
                .isEqualTo(new Preparation.TooEarly(NOW.plusSeconds(10)));
    }

    @Test
    void shouldRefuseFactsWithoutCustomer() {
        assertThat(refusal(fact("id", null, 1, NOW))).isEqualTo(Refusal.NO_CUSTOMER);
        assertThat(refusal(fact("id", " ", 1, NOW))).isEqualTo(Refusal.NO_CUSTOMER);
    }

    @Test
    void shouldTakeIdentifiersOfOneToOneHundredCharacters() {
        assertThat(Reporting.prepare(fact("x".repeat(100), "cus_1", 1, NOW), NOW))
                .isInstanceOf(Preparation.Ready.class);
        assertThat(refusal(fact("x".repeat(101), "cus_1", 1, NOW))).isEqualTo(Refusal.INVALID_IDENTIFIER);
        assertThat(refusal(fact("", "cus_1", 1, NOW))).isEqualTo(Refusal.INVALID_IDENTIFIER);
    }

    @Test
    void shouldRefuseEventNamesThatStripeCannotHave() {
        Fact nameless = new Fact("id", "user:u1", "cus_1", "", 1, NOW, true);
        Fact longName = new Fact("id", "user:u1", "cus_1", "x".repeat(101), 1, NOW, true);
        assertThat(refusal(nameless)).isEqualTo(Refusal.INVALID_EVENT_NAME);
        assertThat(refusal(longName)).isEqualTo(Refusal.INVALID_EVENT_NAME);
    }

    @Test
    void shouldNotBuildAnEventThatStripeWouldRefuse() {
        assertThatIllegalArgumentException()
                .isThrownBy(() -> new MeterEvent("x".repeat(101), "tally_actions", "cus_1", 1, NOW));
        assertThatIllegalArgumentException()
                .isThrownBy(() -> new MeterEvent("id", "tally_actions", "cus_1", 1_000_000_000_000_000L, NOW));
    }

    private static Refusal refusal(Fact fact) {
        Preparation prepared = Reporting.prepare(fact, NOW);
        assertThat(prepared).isInstanceOf(Preparation.Refused.class);
        return ((Preparation.Refused) prepared).reason();
    }

    private static Fact fact(String identifier, @Nullable String customer, long amount, Instant timestamp) {
        return new Fact(identifier, "user:u1", customer, "tally_actions", amount, timestamp, true);
    }
}
