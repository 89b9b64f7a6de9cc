package dev.tally.streams.http.auth;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import java.time.Instant;
import org.junit.jupiter.api.Test;

class RateLimitTest {

    private Instant now = Instant.parse("2026-11-21T12:00:00Z");

    @Test
    void shouldLetEachCallerCallSoOftenASecond() {
        RateLimit limit = new RateLimit(5, () -> now);
        for (int i = 0; i < 5; i++) {
            assertThat(limit.refusal("a")).isEmpty();
        }

        assertThat(limit.refusal("a")).hasValue(Duration.ofMillis(200));
        assertThat(limit.refusal("b")).isEmpty();
        now = now.plusMillis(199);
        assertThat(limit.refusal("a")).isPresent();
        now = now.plusMillis(1);
        assertThat(limit.refusal("a")).isEmpty();
        assertThat(limit.refusal("a")).isPresent();
        now = now.plusSeconds(3600);
        for (int i = 0; i < 5; i++) {
            assertThat(limit.refusal("a")).isEmpty();
        }
        assertThat(limit.refusal("a")).isPresent();
    }

    @Test
    void shouldLetCallersCallWithoutALimit() {
        RateLimit none = new RateLimit(0, () -> now);
        for (int i = 0; i < 1000; i++) {
            assertThat(none.refusal("a")).isEmpty();
        }
    }

    @Test
    void shouldForgetWhoHasNotCalledForLongest() {
        RateLimit limit = new RateLimit(1, () -> now);
        assertThat(limit.refusal("first")).isEmpty();
        assertThat(limit.refusal("first")).isPresent();
        for (int i = 0; i < RateLimit.REMEMBERED_AT_MOST; i++) {
            assertThat(limit.refusal("caller " + i)).isEmpty();
        }

        assertThat(limit.refusal("first")).isEmpty();
        assertThat(limit.refusal("caller " + (RateLimit.REMEMBERED_AT_MOST - 1)))
                .isPresent();
    }
}
