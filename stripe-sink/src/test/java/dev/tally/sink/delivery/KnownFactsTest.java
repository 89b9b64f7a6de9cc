package dev.tally.sink.delivery;

import static org.assertj.core.api.Assertions.assertThat;

import dev.tally.sink.reporting.Known;
import dev.tally.sink.reporting.Replay;
import java.time.Instant;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.function.Predicate;
import org.junit.jupiter.api.Test;

final class KnownFactsTest {
    private static final int IDENTIFIERS = 5_000;
    private static final int STEPS = 60_000;
    private static final int MORE_REASONS_THAN_FIT = 5_000;
    private static final List<Known.State> STATES = List.of(Known.State.values());

    private final KnownFacts facts = new KnownFacts();

    @Test
    void shouldKnowNothingAtFirst() {
        assertThat(facts.size()).isZero();
        assertThat(facts.get("fact-1")).isNull();
        facts.remove("fact-1");
        assertThat(facts.size()).isZero();
    }

    @Test
    void shouldKeepTheExtremesOfEachPart() {
        Known largest = new Known(
                Known.State.PARKED,
                "the reason",
                Long.MIN_VALUE,
                Instant.parse("0001-01-01T00:00:00Z"),
                Instant.parse("9999-12-31T23:59:59.999Z"),
                Integer.MAX_VALUE,
                Instant.EPOCH,
                Replay.NONE);
        facts.put("", largest);
        assertThat(facts.get("")).isEqualTo(largest);
    }

    @Test
    void shouldDoAsAMapDoes() {
        Random random = new Random(5);
        Map<String, Known> map = new HashMap<>();
        for (int step = 0; step < STEPS; step++) {
            String identifier = "fact-" + random.nextInt(IDENTIFIERS);
            if (random.nextInt(3) == 0) {
                facts.remove(identifier);
                map.remove(identifier);
            } else {
                Known known = known(random);
                facts.put(identifier, known);
                map.put(identifier, known);
            }
            if (step % (STEPS / 4) == STEPS / 8) {
                Instant oldest = Instant.ofEpochMilli(step);
                Predicate<Known> old = known ->
                        known.state() != Known.State.INTENT && known.at().isBefore(oldest);
                facts.removeIf(old);
                map.values().removeIf(old);
            }
            assertThat(facts.size()).isEqualTo(map.size());
        }
        for (int i = 0; i < IDENTIFIERS; i++) {
            assertThat(facts.get("fact-" + i)).isEqualTo(map.get("fact-" + i));
        }
        facts.removeIf(any -> true);
        assertThat(facts.size()).isZero();
    }

    private static Known known(Random random) {
        Known.State state = STATES.get(random.nextInt(STATES.size()));
        Instant at = Instant.ofEpochMilli(random.nextInt(STEPS));
        return new Known(
                state,
                random.nextBoolean() ? null : "reason_" + random.nextInt(MORE_REASONS_THAN_FIT),
                random.nextLong(),
                Instant.ofEpochMilli(random.nextInt()),
                Instant.ofEpochMilli(random.nextInt(STEPS)),
                random.nextInt(5),
                at,
                random.nextInt(10) == 0 ? new Replay(1 + random.nextInt(3), at, null) : Replay.NONE);
    }
}
