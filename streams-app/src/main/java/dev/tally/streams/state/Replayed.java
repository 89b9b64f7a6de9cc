package dev.tally.streams.state;

import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.util.Optional;
import org.apache.kafka.common.header.Header;
import org.apache.kafka.common.header.Headers;

/**
 * Tells a catalogue record of {@code subject-log} that was in force before the state began from one that is new: a header says when it
 * was published first. What followed from it then is not told again.
 */
public final class Replayed {

    private static final String HEADER = "tally.replayed";

    private Replayed() {}

    /** Marks a record as published at an instant, in milliseconds of precision. */
    public static void mark(Headers headers, Instant at) {
        headers.remove(HEADER).add(HEADER, Long.toString(at.toEpochMilli()).getBytes(StandardCharsets.UTF_8));
    }

    /** When a record was published first; empty where it is new. */
    public static Optional<Instant> at(Headers headers) {
        Header header = headers.lastHeader(HEADER);
        return header == null
                ? Optional.empty()
                : Optional.of(Instant.ofEpochMilli(Long.parseLong(new String(header.value(), StandardCharsets.UTF_8))));
    }
}
