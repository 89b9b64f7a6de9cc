package dev.tally.streams.topology;

import static org.assertj.core.api.Assertions.assertThat;

import dev.tally.streams.state.StoreNames;
import java.nio.file.Path;
import java.time.Instant;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class AccountClockTest {

    private static final int PAYERS = 20_000;

    @TempDir
    Path stateDir;

    @Test
    void shouldGoOnWithEachPayersSequenceThoughItKeepsNoneOfThemOnTheHeap() {
        try (TaskStores task = new TaskStores(stateDir)) {
            // Given facts of many payers
            Counters numbers = Counters.of(task.writeBack(StoreNames.ACCOUNT_CLOCK));
            AccountClock clock = new AccountClock(task.writeBack(StoreNames.ACCOUNT_CLOCK), 1, "subject-log-0");
            Instant now = Instant.parse("2026-11-21T00:00:00Z");
            clock.observe(now);
            for (int i = 0; i < PAYERS; i++) {
                assertThat(clock.nextSequence("user:u" + i, "actions")).isEqualTo(1);
                if (i % 5_000 == 0) {
                    clock.writeBack();
                }
            }
            clock.writeBack();

            // When, Then
            assertThat(numbers.onHeap()).isLessThan(100);
            assertThat(clock.nextSequence("user:u0", "actions")).isEqualTo(2);
            assertThat(clock.nextSequence("user:u" + (PAYERS - 1), "actions")).isEqualTo(2);
            assertThat(clock.logTime()).isEqualTo(now);
        }
    }
}
