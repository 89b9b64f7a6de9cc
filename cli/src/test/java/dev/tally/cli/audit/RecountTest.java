package dev.tally.cli.audit;

import static org.assertj.core.api.Assertions.assertThat;

import dev.tally.schemas.ActionEvent;
import dev.tally.schemas.Aggregation;
import dev.tally.schemas.Meter;
import dev.tally.schemas.MeterFilter;
import dev.tally.schemas.Rate;
import dev.tally.schemas.Trigger;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

class RecountTest {

    private static final Meter ACTIONS = new Meter("actions", Aggregation.COUNT, List.of(), null, List.of(), null);

    @Test
    void shouldCountEachIdentityOnce() {
        // Given
        Recount recount = new Recount(List.of(ACTIONS));

        // When
        recount.action(0, action("e1", "u1", "o/1", false));
        recount.action(1, action("e1", "u1", null, false));
        recount.action(1, action("e1", "u2", null, false));
        recount.action(1, action("e2", "u2", null, true));
        recount.late(1);
        recount.deadLettered(0);

        // Then
        assertThat(recount.reading())
                .isEqualTo(new Reading(
                        Map.of(
                                "user:u1/actions/DAY/2026-11-21T00:00:00Z", 1L,
                                "org:o%2F1/actions/DAY/2026-11-21T00:00:00Z", 1L,
                                "user:u2/actions/DAY/2026-11-21T00:00:00Z", 1L),
                        Map.of(0, new Outcomes(2, 1, 0, 0, 0, 1), 1, new Outcomes(4, 1, 1, 1, 1, 0))));
    }

    @Test
    void shouldRateAndFilter() {
        // Given
        Meter credits = new Meter(
                "credits",
                Aggregation.SUM,
                List.of(),
                new MeterFilter("x", null, null),
                List.of(new Rate("m", 2L, "tokens", 3L)),
                null);
        Meter none =
                new Meter("none", Aggregation.COUNT, List.of(), new MeterFilter("other", null, null), List.of(), null);
        Recount recount = new Recount(List.of(credits, none));

        // When: 2 + 3 x 500 / 1000 = 3.5, half up 4
        recount.action(0, action("e1", "u1", null, false));

        // Then
        assertThat(recount.reading().totals()).isEqualTo(Map.of("user:u1/credits/DAY/2026-11-21T00:00:00Z", 4L));
    }

    private static ActionEvent action(String eventId, String userId, @Nullable String orgId, boolean readOnly) {
        return new ActionEvent(
                eventId,
                Instant.parse("2026-11-21T10:00:00Z"),
                userId,
                orgId,
                null,
                "m",
                "x",
                Trigger.OTHER,
                readOnly,
                Map.of("tokens", 500L),
                null,
                null);
    }
}
