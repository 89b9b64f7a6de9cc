package dev.tally.streams.topology;

import static dev.tally.streams.topology.Fixtures.action;
import static org.assertj.core.api.Assertions.assertThat;

import dev.tally.schemas.AppliedMeter;
import dev.tally.schemas.DuplicateActions;
import dev.tally.schemas.MetersApplied;
import dev.tally.streams.state.AppliedMeters;
import dev.tally.streams.state.Engine;
import dev.tally.streams.state.OffsetRuns;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.apache.avro.specific.SpecificRecord;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedClass;
import org.junit.jupiter.params.provider.EnumSource;

/** What the intake notes of actions: duplicates by offset, and the meters that applied, where they change. */
@ParameterizedClass
@EnumSource(Engine.class)
class IntakeNotesTest {

    private final Engine engine;

    IntakeNotesTest(Engine engine) {
        this.engine = engine;
    }

    @TempDir
    Path stateDir;

    private Pipeline pipeline;

    @BeforeEach
    void start() {
        pipeline = new Pipeline(stateDir, engine);
        pipeline.put(Fixtures.actions());
    }

    @AfterEach
    void stop() {
        pipeline.close();
    }

    private void publish(int from, int to) {
        for (int i = from; i < to; i++) {
            pipeline.action(action("e" + i, "u1", null, Map.of()));
        }
    }

    private static List<Long> duplicates(List<SpecificRecord> notes) {
        List<Long> offsets = new ArrayList<>();
        for (SpecificRecord note : notes) {
            if (note instanceof DuplicateActions duplicates) {
                OffsetRuns.read(duplicates.getFirst(), duplicates.getRuns(), (from, to) -> {
                    for (long offset = from; offset < to; offset++) {
                        offsets.add(offset);
                    }
                });
            }
        }
        return offsets;
    }

    private static List<String> meters(List<SpecificRecord> notes) {
        List<String> said = new ArrayList<>();
        for (SpecificRecord note : notes) {
            if (note instanceof MetersApplied applied) {
                assertThat(applied.getNotedSince()).isEqualTo(Instant.EPOCH);
                said.add(applied.getFrom() + " "
                        + applied.getMeters().stream()
                                .map(AppliedMeter::getMeterId)
                                .toList());
            }
        }
        return said;
    }

    @Test
    void shouldNoteWhichRecordsWereDuplicates() {
        // When the second to fourth are sent again, one of them twice
        publish(0, 5);
        publish(1, 4);
        publish(5, 6);
        publish(2, 3);
        pipeline.pass(Duration.ofSeconds(1));

        // Then
        List<SpecificRecord> notes = pipeline.notes();
        assertThat(duplicates(notes)).containsExactly(5L, 6L, 7L, 9L);
        assertThat(meters(notes)).containsExactly("0 [actions]");
    }

    @Test
    void shouldNoteMetersWhereTheyChangeAndEveryThirtyDays() {
        // Given
        publish(0, 3);
        pipeline.put(Fixtures.subscription("user:u1", Fixtures.starter()));
        publish(3, 5);

        // When
        pipeline.put(Fixtures.tokens());
        publish(5, 7);
        publish(0, 2);
        pipeline.pass(IntakeNotes.AGAIN_AFTER.plusDays(1));
        publish(7, 9);

        // Then
        assertThat(meters(pipeline.notes()))
                .containsExactly("0 [actions]", "5 [tokens, actions]", "9 [tokens, actions]");
    }

    @Test
    void shouldNotVouchForWhatAnOlderReleaseHasDecidedMeanwhile() {
        // Given
        publish(0, 2);
        pipeline.restart();
        publish(2, 3);
        assertThat(meters(pipeline.notes())).containsExactly("0 [actions]");

        // When a release without notes decides the fourth record, and the task comes back
        pipeline.pass(Duration.ofSeconds(10));
        Instant back = pipeline.now();
        pipeline.goOnWithoutNotes(3);
        pipeline.pass(Duration.ofSeconds(2));

        // Then that is said at once, and again with the meters
        assertThat(said(pipeline.notes())).containsExactly(AppliedMeters.FROM_NOWHERE + " " + back);
        publish(3, 5);
        assertThat(said(pipeline.notes())).containsExactly("4 " + back);

        // And once
        pipeline.restart();
        publish(5, 6);
        pipeline.pass(Duration.ofSeconds(2));
        assertThat(pipeline.notes()).isEmpty();
    }

    private static List<String> said(List<SpecificRecord> notes) {
        return notes.stream()
                .map(MetersApplied.class::cast)
                .map(note -> note.getFrom() + " " + note.getNotedSince())
                .toList();
    }
}
