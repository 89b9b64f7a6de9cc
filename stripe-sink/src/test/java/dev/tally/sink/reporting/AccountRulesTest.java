package dev.tally.sink.reporting;

import static org.assertj.core.api.Assertions.assertThat;

import dev.tally.sink.reporting.AccountReading.StripeTime;
import dev.tally.sink.reporting.AccountReading.Told;
import java.time.Instant;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;

final class AccountRulesTest {
    private static final Instant NOW = Instant.parse("2026-11-21T12:00:00Z");
    private static final StripeMeter GOOD = meter("active", "sum");

    @Test
    void shouldFindNothingWrongWithAGoodMeter() {
        assertThat(AccountRules.problems(told(GOOD), "tally_actions")).isEmpty();
        assertThat(AccountRules.problems(told(GOOD), false, true)).isEmpty();
    }

    @Test
    void shouldGoByTheActiveMeterOfAName() {
        assertThat(AccountRules.problems(told(meter("inactive", "count"), GOOD), "tally_actions"))
                .isEmpty();
        assertThat(AccountRules.problems(told(GOOD, meter("inactive", "count")), "tally_actions"))
                .isEmpty();
    }

    @Test
    void shouldNameAllThatIsWrongWithAMeter() {
        assertThat(AccountRules.problems(told(GOOD), "other"))
                .containsExactly("Stripe has no meter with event name other");
        StripeMeter bad =
                new StripeMeter("mtr_2", "tally_actions", false, false, "count", "hour", "by_id", "customer", "amount");
        assertThat(AccountRules.problems(told(bad), "tally_actions"))
                .satisfiesExactly(
                        one -> assertThat(one).contains("mtr_2", "not active"),
                        one -> assertThat(one).contains("formula count"),
                        one -> assertThat(one).contains("event_time_window hour"),
                        one -> assertThat(one).contains("customer", "stripe_customer_id"),
                        one -> assertThat(one).contains("amount", "value"));
        assertThat(AccountRules.problems(told(meter("active", "last")), "tally_actions"))
                .singleElement()
                .satisfies(one -> assertThat(one).contains("formula last"));
    }

    @Test
    void shouldRefuseTheOtherMode() {
        assertThat(AccountRules.problems(told(GOOD), true, true))
                .singleElement()
                .satisfies(one -> assertThat(one).contains("live one", "test mode"));
        StripeMeter live = new StripeMeter(
                "mtr_1", "tally_actions", true, true, "sum", null, "by_id", "stripe_customer_id", "value");
        assertThat(AccountRules.problems(told(live), true, true)).isEmpty();
        assertThat(AccountRules.problems(told(live), false, true)).hasSize(1);
    }

    @Test
    void shouldAllowTheClocksLessThanAMinute() {
        // Given: a call of ten seconds
        for (int said : new int[] {-59, 0, 10, 69}) {
            assertThat(AccountRules.problems(at(said), false, true))
                    .as("" + said)
                    .isEmpty();
        }

        // Then
        assertThat(AccountRules.problems(at(-60), false, true))
                .singleElement()
                .satisfies(one -> assertThat(one).contains("60 s ahead"));
        assertThat(AccountRules.problems(at(70), false, true))
                .singleElement()
                .satisfies(one -> assertThat(one).contains("60 s behind"));
        assertThat(AccountRules.problems(at(7_000), false, false)).isEmpty();
    }

    private static Told at(int seconds) {
        return new Told(List.of(GOOD), Optional.of(new StripeTime(NOW.plusSeconds(seconds), NOW, NOW.plusSeconds(10))));
    }

    private static Told told(StripeMeter... meters) {
        return new Told(List.of(meters), Optional.empty());
    }

    private static StripeMeter meter(String status, String formula) {
        return new StripeMeter(
                "mtr_1",
                "tally_actions",
                false,
                status.equals("active"),
                formula,
                null,
                "by_id",
                "stripe_customer_id",
                "value");
    }
}
