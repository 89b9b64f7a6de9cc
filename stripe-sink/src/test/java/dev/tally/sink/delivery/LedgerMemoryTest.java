package dev.tally.sink.delivery;

import static org.assertj.core.api.Assertions.assertThat;

import dev.tally.schemas.LedgerEntry;
import dev.tally.schemas.LedgerState;
import dev.tally.sink.reporting.Known;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

final class LedgerMemoryTest {
    private static final Instant START = Instant.parse("2026-11-01T12:00:00Z");

    @Test
    void shouldRememberTheFirstAmountAndTheConflictThroughCompaction() {
        // Given: the same identifier with another amount while it is delivered, and a third after that
        List<LedgerEntry> entries = List.of(
                entry(5, LedgerState.INTENT, null, 0, 0),
                entry(6, LedgerState.PARKED, "amount_differs", 1, 0),
                entry(5, LedgerState.ACCEPTED, null, 2, 0),
                entry(7, LedgerState.PARKED, "amount_differs", 3, 0));

        // When: also after any prefix was compacted, as Kafka does it
        for (int compacted = 0; compacted <= entries.size(); compacted++) {
            LedgerMemory memory = new LedgerMemory();
            compacted(entries.subList(0, compacted)).forEach(memory::apply);
            entries.subList(compacted, entries.size()).forEach(memory::apply);

            // Then
            Known known = Objects.requireNonNull(memory.find("id"));
            assertThat(known.amount()).isEqualTo(5);
            assertThat(known.state()).isEqualTo(Known.State.TAKEN);
            assertThat(memory.isParked("id", 6)).isTrue();
            assertThat(memory.isParked("id", 7)).isTrue();
            assertThat(memory.isParked("id", 5)).isFalse();
        }
    }

    @Test
    void shouldNotReopenWhatHasEndedButByAReplay() {
        LedgerMemory memory = new LedgerMemory();
        memory.apply(entry(5, LedgerState.INTENT, null, 0, 0));
        memory.apply(entry(5, LedgerState.DEAD, "resource_missing", 1, 0));
        memory.apply(entry(5, LedgerState.INTENT, null, 2, 0));
        assertThat(state(memory)).isEqualTo(Known.State.DEAD);

        // When
        memory.apply(entry(5, LedgerState.INTENT, null, 3, 1));
        assertThat(state(memory)).isEqualTo(Known.State.INTENT);
        memory.apply(entry(5, LedgerState.DEAD, "resource_missing", 4, 0));
        assertThat(state(memory)).isEqualTo(Known.State.INTENT);
        memory.apply(entry(5, LedgerState.ACCEPTED, null, 5, 1));
        memory.apply(entry(5, LedgerState.INTENT, null, 6, 1));

        // Then
        assertThat(state(memory)).isEqualTo(Known.State.TAKEN);
        memory.apply(entry(5, LedgerState.DEAD, "async_archived_meter", 7, 1));
        assertThat(state(memory)).isEqualTo(Known.State.DEAD);
    }

    @Test
    void shouldCountWhatIsUnconfirmedAndTellTheMinuteOfTheOldest() {
        LedgerMemory memory = new LedgerMemory();
        assertThat(memory.oldestUnconfirmed()).isEmpty();
        memory.apply(entry("a", 5, LedgerState.UNCONFIRMED, null, 70, 0));
        memory.apply(entry("b", 5, LedgerState.UNCONFIRMED, null, 119, 0));
        memory.apply(entry("b", 5, LedgerState.UNCONFIRMED, null, 200, 0));
        memory.apply(entry("c", 5, LedgerState.UNCONFIRMED, null, 130, 0));
        memory.apply(entry("d", 5, LedgerState.INTENT, null, 10, 0));
        assertThat(memory.unconfirmed()).isEqualTo(3);
        assertThat(memory.oldestUnconfirmed()).contains(START.plusSeconds(60));

        // When: found, found wrong, too old
        memory.apply(entry("a", 5, LedgerState.ACCEPTED, null, 300, 0));
        assertThat(memory.oldestUnconfirmed()).contains(START.plusSeconds(60));
        memory.apply(entry("b", 5, LedgerState.DEAD, "async_x", 300, 0));
        assertThat(memory.oldestUnconfirmed()).contains(START.plusSeconds(120));
        memory.dropBefore(START.plusSeconds(200));

        // Then
        assertThat(memory.unconfirmed()).isZero();
        assertThat(memory.oldestUnconfirmed()).isEmpty();
        assertThat(memory.size()).isEqualTo(3);
    }

    private static Known.@Nullable State state(LedgerMemory memory) {
        Known known = memory.find("id");
        return known == null ? null : known.state();
    }

    /** The latest of each key, in the order of the topic. */
    private static List<LedgerEntry> compacted(List<LedgerEntry> entries) {
        Map<String, LedgerEntry> latest = new LinkedHashMap<>();
        for (LedgerEntry entry : entries) {
            String key = new String(LedgerEntries.key(entry), StandardCharsets.ISO_8859_1);
            latest.remove(key);
            latest.put(key, entry);
        }
        return new ArrayList<>(latest.values());
    }

    private static LedgerEntry entry(
            long amount, LedgerState state, @Nullable String reason, long secondsLater, int replays) {
        return entry("id", amount, state, reason, secondsLater, replays);
    }

    private static LedgerEntry entry(
            String identifier,
            long amount,
            LedgerState state,
            @Nullable String reason,
            long secondsLater,
            int replays) {
        return LedgerEntry.newBuilder()
                .setIdentifier(identifier)
                .setPayer("user:u1")
                .setStripeCustomerId("cus_1")
                .setEventName("tally_actions")
                .setAmount(amount)
                .setTimestamp(START)
                .setState(state)
                .setFirstAttemptAt(START)
                .setReason(reason)
                .setAt(START.plusSeconds(secondsLater))
                .setReplays(replays)
                .build();
    }
}
