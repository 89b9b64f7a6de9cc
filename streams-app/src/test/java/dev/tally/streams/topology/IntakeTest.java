package dev.tally.streams.topology;

import static dev.tally.streams.topology.Fixtures.TODAY;
import static dev.tally.streams.topology.Fixtures.action;
import static dev.tally.streams.topology.Fixtures.at;
import static dev.tally.streams.topology.Fixtures.text;
import static org.assertj.core.api.Assertions.assertThat;

import dev.tally.keys.Subject;
import dev.tally.schemas.ActionEvent;
import dev.tally.schemas.UsageSnapshot;
import dev.tally.streams.state.CounterKeys.Counter;
import dev.tally.streams.state.Engine;
import dev.tally.streams.state.Freshness.Stage;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedClass;
import org.junit.jupiter.params.provider.EnumSource;

/** The outcome of each kind of action, and what the intake counts. */
@ParameterizedClass
@EnumSource(Engine.class)
class IntakeTest {

    private final Engine engine;

    IntakeTest(Engine engine) {
        this.engine = engine;
    }

    @TempDir
    Path stateDir;

    private Pipeline pipeline;

    @BeforeEach
    void start() {
        pipeline = new Pipeline(stateDir, engine);
        pipeline.put(Fixtures.actions());
        pipeline.put(Fixtures.tokens());
    }

    @AfterEach
    void stop() {
        pipeline.close();
    }

    @Test
    void shouldTellOfAChangeOnceItCanBeRead() {
        // Given
        List<Long> read = new ArrayList<>();
        Subject user = Subject.user("u1");
        Runnable unwatch = pipeline.changes().watch(user, () -> read.add(pipeline.day(user, "actions", TODAY)));

        // When
        pipeline.action(action("e1", "u1", null, Map.of()));
        pipeline.action(action("e2", "u1", null, Map.of()));
        pipeline.action(action("e2", "u1", null, Map.of()));

        // Then the intake tells of each, the accounts stage of what it is told
        assertThat(read).contains(1L, 2L).doesNotContain(0L).isSorted();
        unwatch.run();
    }

    @Test
    void shouldCountAnActionForItsUserAndItsOrg() {
        // When
        pipeline.action(action("e1", "u/1", "o:1", Map.of("input_tokens", 3L, "output_tokens", 4L)));

        // Then
        assertThat(pipeline.day(Subject.user("u/1"), "actions", TODAY)).isEqualTo(1L);
        Map<String, UsageSnapshot> usage = pipeline.usage();
        assertThat(usage.keySet())
                .containsExactlyInAnyOrder(
                        "user:u%2F1/actions/DAY/2026-11-21T00:00:00Z",
                        "user:u%2F1/tokens/DAY/2026-11-21T00:00:00Z",
                        "org:o%3A1/actions/DAY/2026-11-21T00:00:00Z",
                        "org:o%3A1/tokens/DAY/2026-11-21T00:00:00Z");
        assertThat(Fixtures.snapshot(usage, "org:o%3A1/tokens/DAY/2026-11-21T00:00:00Z")
                        .getUsed())
                .isEqualTo(7);
        assertThat(Fixtures.snapshot(usage, "org:o%3A1/tokens/DAY/2026-11-21T00:00:00Z")
                        .getLimitUsed())
                .isZero();
        assertThat(Fixtures.snapshot(usage, "user:u%2F1/tokens/DAY/2026-11-21T00:00:00Z")
                        .getLimitUsed())
                .isEqualTo(7);
    }

    @Test
    void shouldCountOnceWhenAnEventIsSentAgain() {
        // Given
        pipeline.action(action("e1", "u1", null, Map.of()));

        // When it comes again, with other content and another time, and another user sends the same id
        pipeline.action(action("e1", "u1", "o1", Map.of("input_tokens", 9L)));
        pipeline.action(at(action("e1", "u1", null, Map.of()), Pipeline.START.minusSeconds(3_600)));
        pipeline.action(action("e1", "u2", null, Map.of()));

        // Then
        assertThat(pipeline.day(Subject.user("u1"), "actions", TODAY)).isEqualTo(1L);
        assertThat(pipeline.day(Subject.user("u1"), "tokens", TODAY)).isZero();
        assertThat(pipeline.day(Subject.user("u2"), "actions", TODAY)).isEqualTo(1L);
        assertThat(pipeline.counter(Counter.DUPLICATE)).isEqualTo(2);
        assertThat(pipeline.counter(Counter.COUNTED)).isEqualTo(2);
    }

    @Test
    void shouldForgetAnIdOnlyAfterTheHorizonOfStreamTime() {
        // Given
        pipeline.action(action("e1", "u1", null, Map.of()));
        pipeline.pass(Duration.ofHours(72));
        pipeline.action(at(action("e2", "u1", null, Map.of()), pipeline.now()));

        // When it is sent again, re-stamped, exactly at the horizon, and a generation of ids later
        pipeline.action(at(action("e1", "u1", null, Map.of()), pipeline.now()));
        pipeline.pass(Duration.ofHours(9));
        pipeline.action(at(action("e3", "u1", null, Map.of()), pipeline.now()));
        pipeline.action(at(action("e1", "u1", null, Map.of()), pipeline.now()));

        // Then
        assertThat(pipeline.counter(Counter.DUPLICATE)).isEqualTo(1);
        assertThat(pipeline.counter(Counter.COUNTED)).isEqualTo(4);
    }

    @Test
    void shouldKeepLateActionsWithTheirReason() {
        // Given
        pipeline.action(action("e1", "u1", null, Map.of()));
        ActionEvent onTime = at(action("e2", "u1", null, Map.of()), Pipeline.START.minus(Duration.ofHours(72)));
        ActionEvent late = at(
                action("e3", "u1", null, Map.of()),
                Pipeline.START.minus(Duration.ofHours(72)).minusMillis(1));

        // When
        pipeline.action(onTime);
        pipeline.action(late);

        // Then
        assertThat(pipeline.counter(Counter.COUNTED)).isEqualTo(2);
        assertThat(pipeline.counter(Counter.LATE)).isEqualTo(1);
        var kept = pipeline.late();
        assertThat(kept).hasSize(1);
        assertThat(text(kept.get(0).headers(), "tally.reason")).isEqualTo("too_late");
        assertThat(text(kept.get(0).headers(), "tally.seen")).isEqualTo("no");
        assertThat(text(kept.get(0).headers(), "tally.topic")).isEqualTo("actions");
        assertThat(text(kept.get(0).headers(), "tally.offset")).isEqualTo("2");
    }

    @Test
    void shouldKeepWhatItCannotReadAndGoOn() {
        // Given
        byte[] key = "k".getBytes(StandardCharsets.UTF_8);
        byte[] garbage = {1, 2, 3, 4, 5, 6, 7};

        // When
        pipeline.raw(key, garbage);
        pipeline.raw(key, null);
        pipeline.raw(key, new byte[0]);
        pipeline.action(action("", "u1", null, Map.of()));
        pipeline.action(action("e1", "u1", null, Map.of("credits", -1L)));
        pipeline.action(at(action("e1", "u1", null, Map.of()), Pipeline.START.plusSeconds(301)));
        pipeline.action(action("e1", "u1", null, Map.of()));

        // Then
        var kept = pipeline.deadLetters();
        assertThat(kept)
                .extracting(letter -> text(letter.headers(), "tally.reason"))
                .containsExactly(
                        "undecodable",
                        "null_value",
                        "undecodable",
                        "invalid_id",
                        "negative_amount",
                        "timestamp_in_future");
        assertThat(kept.get(0).value()).isEqualTo(garbage);
        assertThat(kept.get(0).key()).isEqualTo(key);
        assertThat(pipeline.counter(Counter.READ)).isEqualTo(7);
        assertThat(pipeline.counter(Counter.COUNTED)).isEqualTo(1);
    }

    @Test
    void shouldRefuseAnEventBeforeTheEpochAsTheVeryFirst() {
        // When
        pipeline.action(at(action("e1", "u1", null, Map.of()), Instant.ofEpochMilli(Long.MIN_VALUE)));
        pipeline.pass(Duration.ofSeconds(2));
        pipeline.action(action("e2", "u1", null, Map.of()));

        // Then
        assertThat(pipeline.deadLetters())
                .extracting(letter -> text(letter.headers(), "tally.reason"))
                .containsExactly("unsupported");
        assertThat(pipeline.counter(Counter.COUNTED)).isEqualTo(1);
    }

    @Test
    void shouldCountReadOnlyActionsForNothingButRememberThem() {
        // Given
        ActionEvent readOnly = ActionEvent.newBuilder(action("e1", "u1", null, Map.of()))
                .setReadOnly(true)
                .build();

        // When
        pipeline.action(readOnly);
        pipeline.action(action("e1", "u1", null, Map.of()));

        // Then
        assertThat(pipeline.counter(Counter.READ_ONLY)).isEqualTo(1);
        assertThat(pipeline.counter(Counter.DUPLICATE)).isEqualTo(1);
        assertThat(pipeline.usage()).isEmpty();
    }

    @Test
    void shouldRefuseWhatAUsersDayCannotHold() {
        // Given a day that is nearly full
        pipeline.setDay("u1", "tokens", TODAY, 9_000_000_000_000_000L - 4);
        pipeline.action(action("e1", "u1", null, Map.of("input_tokens", 1L)));

        // When
        pipeline.action(action("e2", "u1", null, Map.of("input_tokens", 3L)));
        pipeline.action(action("e3", "u1", null, Map.of("input_tokens", 1L)));
        pipeline.action(action("e1", "u1", null, Map.of("input_tokens", 1L)));
        pipeline.action(action("e4", "u2", null, Map.of("input_tokens", 1L)));

        // Then only the one that goes beyond it is kept aside
        assertThat(pipeline.deadLetters())
                .extracting(letter -> text(letter.headers(), "tally.reason"))
                .containsExactly("amount_too_large");
        assertThat(pipeline.day(Subject.user("u1"), "tokens", TODAY)).isEqualTo(9_000_000_000_000_000L);
        assertThat(pipeline.counter(Counter.COUNTED)).isEqualTo(3);
        assertThat(pipeline.counter(Counter.DUPLICATE)).isEqualTo(1);
    }

    @Test
    void shouldNoteHowFreshItsStateIs() {
        // Given an action, then silence
        pipeline.action(action("e1", "u1", null, Map.of()));
        pipeline.pass(Duration.ofSeconds(5));

        // Then
        assertThat(pipeline.isStale(Stage.INTAKE, Duration.ZERO)).isFalse();
        assertThat(pipeline.isStale(Stage.ACCOUNTS, Duration.ZERO)).isFalse();

        // When threads get no further while the clock goes on
        Duration later = Duration.ofSeconds(11);

        // Then
        assertThat(pipeline.isStale(Stage.INTAKE, later)).isTrue();
        assertThat(pipeline.isStale(Stage.ACCOUNTS, later)).isTrue();
        assertThat(pipeline.freshness().longestSilence(pipeline.now().plus(later)))
                .contains(later);
    }
}
