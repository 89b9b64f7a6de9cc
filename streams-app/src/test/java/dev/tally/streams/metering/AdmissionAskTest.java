package dev.tally.streams.metering;

import static org.assertj.core.api.Assertions.assertThat;

import dev.tally.keys.Subject;
import java.time.Duration;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

class AdmissionAskTest {

    private static final Subject USER = Subject.user("u");
    private static final Map<String, Long> ONE = Map.of("credits", 1L);

    @Test
    void shouldTakeWhatKeepsTheRules() {
        assertThat(ask(USER, "u", null, ONE, Duration.ofMillis(1)).isValid()).isTrue();
        assertThat(ask(USER, "u", "o", Map.of("credits", 1_000_000_000_000L), Duration.ofHours(24))
                        .isValid())
                .isTrue();
        assertThat(ask(Subject.org("o"), "u", "o", meters(1_000), Duration.ofMinutes(10))
                        .isValid())
                .isTrue();
    }

    @Test
    void shouldRefuseAmountsThatAreNone() {
        assertThat(ask(USER, "u", null, Map.of(), Duration.ofMinutes(1)).isValid())
                .isFalse();
        assertThat(ask(USER, "u", null, Map.of("credits", 0L), Duration.ofMinutes(1))
                        .isValid())
                .isFalse();
        assertThat(ask(USER, "u", null, Map.of("a", 1L, "b", -1L), Duration.ofMinutes(1))
                        .isValid())
                .isFalse();
        assertThat(ask(USER, "u", null, Map.of("a", 1_000_000_000_001L), Duration.ofMinutes(1))
                        .isValid())
                .isFalse();
        assertThat(ask(USER, "u", null, Map.of("", 1L), Duration.ofMinutes(1)).isValid())
                .isFalse();
        assertThat(ask(USER, "u", null, meters(1_001), Duration.ofMinutes(1)).isValid())
                .isFalse();
    }

    @Test
    void shouldRefuseHoldsOfNoLengthAndOverADay() {
        assertThat(ask(USER, "u", null, ONE, Duration.ZERO).isValid()).isFalse();
        assertThat(ask(USER, "u", null, ONE, Duration.ofMillis(-1)).isValid()).isFalse();
        assertThat(ask(USER, "u", null, ONE, Duration.ofHours(24).plusMillis(1)).isValid())
                .isFalse();
    }

    @Test
    void shouldRefuseIdsThatAreNoneAndAPayerWhoIsSomebodyElse() {
        assertThat(ask(USER, "v", null, ONE, Duration.ofMinutes(1)).isValid()).isFalse();
        assertThat(ask(Subject.org("o"), "u", "p", ONE, Duration.ofMinutes(1)).isValid())
                .isFalse();
        assertThat(ask(Subject.org("o"), "u", null, ONE, Duration.ofMinutes(1)).isValid())
                .isFalse();
        assertThat(ask(USER, "u", "x\n", ONE, Duration.ofMinutes(1)).isValid()).isFalse();
    }

    @Test
    void shouldBoundWhatIsKeptOfABadRequest() {
        AdmissionAsk bounded = ask(USER, "x".repeat(300), "o", meters(1_001), Duration.ofHours(25))
                .bounded();

        assertThat(bounded).isEqualTo(ask(USER, "", "o", Map.of(), Duration.ZERO));
    }

    private static Map<String, Long> meters(int count) {
        return IntStream.range(0, count).boxed().collect(Collectors.toMap(i -> "m" + i, i -> 1L));
    }

    private static AdmissionAsk ask(
            Subject payer, String userId, @Nullable String orgId, Map<String, Long> amounts, Duration holdFor) {
        return new AdmissionAsk(payer, "a", userId, orgId, null, new TreeMap<>(amounts), holdFor);
    }
}
