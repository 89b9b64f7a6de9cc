package dev.tally.sink.delivery;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import java.time.Instant;
import org.junit.jupiter.api.Test;

final class PresenceTest {
    private Instant now = Instant.parse("2026-11-21T12:00:00Z");
    private final Presence presence = new Presence(() -> now);

    @Test
    void shouldBeCertainWhileItPolls() {
        assertThat(presence.isCertain(now)).isTrue();
        for (int i = 0; i < 3; i++) {
            pass(Presence.LONGEST_SILENCE);
            assertThat(presence.isCertain(now)).isTrue();
            presence.polled();
        }
    }

    @Test
    void shouldWaitAfterALongSilence() {
        // When
        pass(Presence.LONGEST_SILENCE.plusMillis(1));

        // Then
        assertThat(presence.isCertain(now)).isFalse();
        presence.polled();
        pass(Presence.SETTLING.minusMillis(1));
        presence.polled();
        assertThat(presence.isCertain(now)).isFalse();
        pass(Duration.ofMillis(1));
        assertThat(presence.isCertain(now)).isTrue();
    }

    private void pass(Duration time) {
        now = now.plus(time);
    }
}
