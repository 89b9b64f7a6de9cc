package dev.tally.streams.topology;

import static org.assertj.core.api.Assertions.assertThat;

import dev.tally.keys.Subject;
import dev.tally.schemas.UsageSum;
import dev.tally.streams.metering.Action;
import dev.tally.streams.metering.PlanTerms;
import dev.tally.streams.metering.SubscriptionTerms;
import dev.tally.streams.metering.Terms;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class UsageSumsTest {

    @TempDir
    Path stateDir;

    private Pipeline pipeline;

    @BeforeEach
    void start() {
        pipeline = new Pipeline(stateDir);
        pipeline.put(Fixtures.actions());
        pipeline.put(Fixtures.tokens());
    }

    @AfterEach
    void stop() {
        pipeline.close();
    }

    private static final Terms NOTHING = new Terms() {
        @Override
        public Optional<SubscriptionTerms> subscription(Subject subject) {
            return Optional.empty();
        }

        @Override
        public Optional<PlanTerms> plan(String planId, int version) {
            return Optional.empty();
        }
    };

    @Test
    void shouldKeepSumsOfHugeRowsUnderTheSizeLimit() {
        // Given ids at their limit, so that each action is a row of its own of some kilobytes
        String long1 = "x".repeat(250);

        // When they all come between two commits; the driver commits after each record, so the sum is driven directly
        List<byte[]> sent = new ArrayList<>();
        var serde = pipeline.serdes().of(UsageSum.class);
        UsageSums sums = new UsageSums(
                Duration.ofMinutes(5), sum -> sent.add(serde.serializer().serialize("subject-log", sum)));
        for (int i = 0; i < 2_000; i++) {
            sums.add(
                    new Action(
                            "e" + i + long1,
                            Pipeline.START,
                            "u" + i,
                            "☃".repeat(85),
                            long1 + i,
                            long1,
                            long1,
                            "OTHER",
                            false,
                            Map.of(),
                            null,
                            null),
                    Map.of("actions", 1L),
                    Subject.org("☃".repeat(85)),
                    NOTHING);
        }
        sums.drain();

        // Then
        assertThat(sent).allSatisfy(bytes -> assertThat(bytes.length).isLessThan(700_000));
        assertThat(sent).hasSizeGreaterThan(2_000 + 2);
    }
}
