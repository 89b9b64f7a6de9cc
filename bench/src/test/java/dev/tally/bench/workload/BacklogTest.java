package dev.tally.bench.workload;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.tally.schemas.BillableFact;
import java.time.Duration;
import java.time.Instant;
import java.util.HashSet;
import java.util.Set;
import org.junit.jupiter.api.Test;

class BacklogTest {

    private static final Instant NOW = Instant.parse("2026-11-22T09:03:00Z");

    @Test
    void shouldCloseIntervalAfterIntervalUntilNow() {
        // Given
        Backlog backlog = Backlog.until(NOW, 7, 3);

        // Then
        assertThat(backlog.fact(0).getIntervalStart()).isEqualTo(Instant.parse("2026-11-22T08:45:00Z"));
        assertThat(backlog.fact(2).getIntervalStart()).isEqualTo(backlog.fact(0).getIntervalStart());
        assertThat(backlog.fact(3).getPayer()).isEqualTo(backlog.fact(0).getPayer());
        assertThat(backlog.fact(6).getIntervalEnd()).isEqualTo(Instant.parse("2026-11-22T09:00:00Z"));
    }

    @Test
    void shouldHaveAnIdentifierForEachFactAndTheSumOfThem() {
        // Given
        Backlog backlog = Backlog.until(NOW, 2_500, 10);
        Set<String> identifiers = new HashSet<>();
        long units = 0;

        // When
        for (int i = 0; i < backlog.facts(); i++) {
            BillableFact fact = backlog.fact(i);
            identifiers.add(fact.getIdentifier());
            units += fact.getAmount();
        }

        // Then
        assertThat(identifiers).hasSize(2_500);
        assertThat(backlog.units()).isEqualTo(units);
    }

    @Test
    void shouldRefuseAnEndWithinAnInterval() {
        assertThatThrownBy(() -> new Backlog(1, 1, NOW.plus(Duration.ofSeconds(1))))
                .isInstanceOf(IllegalArgumentException.class);
    }
}
