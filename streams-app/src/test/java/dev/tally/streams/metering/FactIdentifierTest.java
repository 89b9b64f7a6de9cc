package dev.tally.streams.metering;

import static org.assertj.core.api.Assertions.assertThat;

import dev.tally.keys.Subject;
import java.time.Instant;
import java.util.Set;
import java.util.TreeSet;
import org.junit.jupiter.api.Test;

class FactIdentifierTest {

    private static final Instant AT = Instant.parse("2026-11-21T10:05:00Z");

    @Test
    void shouldBeAPureFunctionThatFitsStripe() {
        // When
        String identifier = FactIdentifier.of("prod", "i-1", Subject.org("o1"), "actions", AT, 0);

        // Then
        assertThat(identifier)
                .isEqualTo(FactIdentifier.of("prod", "i-1", Subject.org("o1"), "actions", AT, 0))
                .hasSizeLessThanOrEqualTo(100)
                .startsWith("tally_");
    }

    @Test
    void shouldDifferInEachPart() {
        // Given
        Set<String> all = new TreeSet<>();

        // When
        all.add(FactIdentifier.of("prod", "i-1", Subject.org("o1"), "actions", AT, 0));
        all.add(FactIdentifier.of("test", "i-1", Subject.org("o1"), "actions", AT, 0));
        all.add(FactIdentifier.of("prod", "i-2", Subject.org("o1"), "actions", AT, 0));
        all.add(FactIdentifier.of("prod", "i-1", Subject.user("o1"), "actions", AT, 0));
        all.add(FactIdentifier.of("prod", "i-1", Subject.org("o1"), "credits", AT, 0));
        all.add(FactIdentifier.of("prod", "i-1", Subject.org("o1"), "actions", AT.plusSeconds(300), 0));
        all.add(FactIdentifier.of("prod", "i-1", Subject.org("o1"), "actions", AT, 1));
        all.add(FactIdentifier.of("prodi", "-1", Subject.org("o1"), "actions", AT, 0));

        // Then
        assertThat(all).hasSize(8);
    }
}
