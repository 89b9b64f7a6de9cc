package dev.tally.streams.query;

import static org.assertj.core.api.Assertions.assertThat;

import dev.tally.streams.query.StandbyLags.Copied;
import dev.tally.streams.state.Freshness.Stage;
import dev.tally.streams.state.StoreNames;
import java.time.Duration;
import java.util.Map;
import java.util.OptionalLong;
import java.util.concurrent.CountDownLatch;
import org.junit.jupiter.api.Test;

class StandbyLagsTest {

    private static final Part PART = new Part(Stage.INTAKE, 2);

    @Test
    void shouldSumTheLagsOfACopyThatIsKeptUpToDate() {
        assertThat(lag(new Copied(60_000, 60_003), new Copied(95, 100))).hasValue(8);
        assertThat(lag(new Copied(0, 0), new Copied(1, 2))).hasValue(1);
    }

    @Test
    void shouldNotTellOfACopyThatHasYetToLoadMostOfWhatThereIs() {
        assertThat(lag(new Copied(0, 6_000), new Copied(100, 100))).isEmpty();
        assertThat(lag(new Copied(0, 6), new Copied(100, 100))).isEmpty();
        assertThat(lag(new Copied(100, 100), new Copied(3_000, 6_000))).isEmpty();
    }

    @Test
    void shouldNotTellOfWhatIsNotHere() {
        assertThat(new StandbyLags(() -> Map.of(StoreNames.INTAKE_COUNTERS, Map.of(2, new Copied(1, 1)))).of(PART))
                .isEmpty();
        assertThat(new StandbyLags(Map::of).of(PART)).isEmpty();
    }

    @Test
    void shouldLetAllWaitTogetherForBrokersThatDoNotAnswer() {
        // Given
        CountDownLatch never = new CountDownLatch(1);
        StandbyLags lags = new StandbyLags(() -> {
            try {
                never.await();
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
            }
            return Map.of();
        });

        // When many ask, one after the other
        long begun = System.nanoTime();
        for (int i = 0; i < 100; i++) {
            assertThat(lags.of(PART)).isEmpty();
        }

        // Then
        assertThat(Duration.ofNanos(System.nanoTime() - begun)).isLessThan(Duration.ofSeconds(30));
        never.countDown();
    }

    private static OptionalLong lag(Copied counters, Copied days) {
        return new StandbyLags(() ->
                        Map.of(StoreNames.INTAKE_COUNTERS, Map.of(2, counters), StoreNames.USER_DAYS, Map.of(2, days)))
                .of(PART);
    }
}
