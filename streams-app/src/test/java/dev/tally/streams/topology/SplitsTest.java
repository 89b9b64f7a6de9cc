package dev.tally.streams.topology;

import static org.assertj.core.api.Assertions.assertThat;

import dev.tally.schemas.SplitDimension;
import dev.tally.streams.state.StoreKey;
import dev.tally.streams.state.StoreNames;
import dev.tally.streams.state.Totals;
import dev.tally.streams.state.WindowKeys;
import dev.tally.streams.state.WindowKeys.SplitBy;
import java.nio.file.Path;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.apache.kafka.common.utils.Bytes;
import org.apache.kafka.streams.state.KeyValueIterator;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class SplitsTest {

    private static final Instant DAY = Instant.parse("2026-11-21T00:00:00Z");
    private static final List<String> METERS = List.of("credits");

    @TempDir
    Path stateDir;

    private TaskStores task;
    private Splits splits;

    @BeforeEach
    void start() {
        task = new TaskStores(stateDir);
        splits = new Splits(task.writeBack(StoreNames.ACCOUNT_SPLITS));
    }

    @AfterEach
    void stop() {
        task.close();
    }

    @Test
    void shouldKeepRoomForRowsWhereActionsCountForNoMeter() {
        // Given a member whose many actions, in sums of their own, cost no credits
        for (int i = 0; i < 2 * Splits.MAX_KEYS; i++) {
            add("free", 0);
        }

        // When
        add("m1", 5);
        splits.writeBack();

        // Then
        assertThat(members()).isEqualTo(Map.of("m1", 5L));
    }

    @Test
    void shouldPutWhatComesAfterTheMostRowsIntoOneMore() {
        // Given
        for (int i = 0; i < Splits.MAX_KEYS; i++) {
            add("m" + i, 1);
        }
        splits.writeBack();

        // When
        add("late1", 2);
        add("m0", 3);
        add("late2", 4);

        // Then
        assertThat(members())
                .hasSize(Splits.MAX_KEYS + 1)
                .containsEntry("m0", 4L)
                .containsEntry(Splits.OTHER, 6L);
    }

    private void add(String member, long credits) {
        splits.add("org:o1", DAY, SplitDimension.MEMBER, member, METERS, new long[] {credits});
    }

    private Map<String, Long> members() {
        Map<String, Long> members = new TreeMap<>();
        StoreKey rows = WindowKeys.splitRows(DAY, "org:o1", SplitBy.MEMBER);
        try (KeyValueIterator<Bytes, byte[]> found =
                task.writeBack(StoreNames.ACCOUNT_SPLITS).range(rows.bytes(), rows.afterPrefix())) {
            found.forEachRemaining(row -> members.put(
                    WindowKeys.splitRow(row.key), Totals.fromBytes(row.value).used("credits")));
        }
        return members;
    }
}
