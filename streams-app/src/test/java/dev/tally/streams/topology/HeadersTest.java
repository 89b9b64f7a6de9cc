package dev.tally.streams.topology;

import static org.assertj.core.api.Assertions.assertThat;

import dev.tally.schemas.serde.Decoded;
import dev.tally.schemas.serde.RefusalReason;
import dev.tally.streams.state.Origin;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import org.apache.kafka.common.header.internals.RecordHeaders;
import org.junit.jupiter.api.Test;

/** Headers of a record that goes on are ours, whatever a producer calls its own. */
class HeadersTest {

    private static final Message.Incoming RECORD = new Message.Incoming(
            null,
            null,
            "actions",
            2,
            17,
            Instant.parse("2026-11-21T10:00:00Z"),
            new Decoded.Refused<>(RefusalReason.UNDECODABLE, "x"),
            null);

    private static RecordHeaders ofAProducer() {
        RecordHeaders headers = new RecordHeaders();
        for (String name : new String[] {Origin.TOPIC, Origin.PARTITION, Origin.OFFSET, Origin.RESET}) {
            headers.add(name, "forged".getBytes(StandardCharsets.UTF_8));
        }
        return headers;
    }

    @Test
    void shouldCarryWhereARecordLay() {
        assertThat(Headers.carried(Headers.travelling(ofAProducer(), RECORD)).origin())
                .isEqualTo(new Origin("actions", 2, 17, 0));
        assertThat(Origin.of(Headers.aside(ofAProducer(), RECORD, "undecodable", "x", null, 0)))
                .isEqualTo(new Origin("actions", 2, 17, 0));
        assertThat(Origin.of(Headers.aside(ofAProducer(), RECORD, "undecodable", "x", null, 3)))
                .isEqualTo(new Origin("actions", 2, 17, 3));
    }
}
