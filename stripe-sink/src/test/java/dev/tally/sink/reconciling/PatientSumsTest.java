package dev.tally.sink.reconciling;

import static org.assertj.core.api.Assertions.assertThat;

import dev.tally.sink.reporting.Answer;
import dev.tally.sink.reporting.HourSums;
import dev.tally.sink.reporting.MinuteSum;
import dev.tally.sink.reporting.TransientCause;
import dev.tally.sink.stripe.StripeSums;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Random;
import org.junit.jupiter.api.Test;

final class PatientSumsTest {
    private static final HourSums TOLD = new HourSums.Of(Map.of());
    private final List<Duration> waits = new ArrayList<>();

    @Test
    void shouldWaitAsLongAsStripeSays() throws Exception {
        assertThat(ask(limited(Duration.ofSeconds(20)), limited(Duration.ofSeconds(30)), TOLD))
                .isEqualTo(TOLD);
        assertThat(waits).containsExactly(Duration.ofSeconds(20), Duration.ofSeconds(30));
    }

    @Test
    void shouldWaitByItselfWhereStripeSaysNothing() throws Exception {
        HourSums silent = new HourSums.Untold(new Answer.Unknown("no_answer", "cut"));
        assertThat(ask(silent, silent, silent)).isEqualTo(silent);
        assertThat(waits).hasSize(2);
        assertThat(waits.getFirst()).isLessThanOrEqualTo(Duration.ofSeconds(2));
        assertThat(waits.getLast()).isLessThanOrEqualTo(Duration.ofSeconds(4));
    }

    @Test
    void shouldNotWaitForTooLongNorForWhatWillNotChange() throws Exception {
        HourSums later = limited(Duration.ofMinutes(2));
        HourSums refused = new HourSums.Untold(new Answer.Permanent("resource_missing", "no such customer"));
        assertThat(ask(later)).isEqualTo(later);
        assertThat(ask(refused)).isEqualTo(refused);
        assertThat(waits).isEmpty();
    }

    private HourSums ask(HourSums... answers) throws InterruptedException {
        return new PatientSums(new Scripted(new ArrayDeque<>(List.of(answers))), new Random(1), waits::add)
                .inHours(Instant.EPOCH, Instant.EPOCH, "cus_1", "tally_actions");
    }

    private static HourSums limited(Duration retryAfter) {
        return new HourSums.Untold(
                new Answer.Transient(TransientCause.RATE_LIMITED, "slow down", Optional.of(retryAfter)));
    }

    private record Scripted(Deque<HourSums> answers) implements StripeSums {
        @Override
        public MinuteSum inMinuteOf(Instant at, String customer, String eventName) {
            throw new AssertionError("not asked for");
        }

        @Override
        public HourSums inHours(Instant from, Instant to, String customer, String eventName) {
            return answers.remove();
        }
    }
}
