package dev.tally.streams.app;

import static org.assertj.core.api.Assertions.assertThat;

import dev.tally.schemas.topics.Topics;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Map;
import java.util.Random;
import java.util.TreeMap;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What is live is committed when it has been processed; here the commit interval is far longer than the test, so nothing else does it. */
class EarlyCommitTest {

    private static final Map<String, String> ALMOST_NEVER =
            Map.of("kafka.commit.interval.ms", "840000", "kafka.producer.transaction.timeout.ms", "900000");

    @TempDir
    Path stateDirs;

    @Test
    void shouldCommitWhatIsLiveLongBeforeTheCommitInterval() throws Exception {
        TallyOnBroker tally = new TallyOnBroker(stateDirs);
        Topics topics = tally.newTopics("");
        try (MeteringApp app = tally.start("live", topics, "live", ALMOST_NEVER)) {
            TallyOnBroker.awaitRunning(app);
            Map<String, Long> expected = new TreeMap<>();
            for (int round = 0; round < 4; round++) {
                // When a few actions come, most of which travel, with ticks in between, and one unreadable record
                tally.publish(topics, new Random(round), 10 * round, 10 * round + 10, expected, i -> false);
                tally.publishGarbage(topics);

                // Then
                int garbage = round + 1;
                Awaitility.await().atMost(Duration.ofMinutes(1)).untilAsserted(() -> {
                    assertThat(tally.usage(topics)).isEqualTo(expected);
                    assertThat(tally.records(topics.deadLetters(), "")).isEqualTo(garbage);
                });
            }

            // When the catalogue changes
            tally.publishMeter(topics, "more");

            // Then it is in force
            Awaitility.await()
                    .atMost(Duration.ofMinutes(1))
                    .until(() -> tally.records(topics.catalogueInForce(), "more") == 1);
        } finally {
            tally.stop();
        }
    }
}
