package dev.tally.streams.state;

import java.nio.charset.StandardCharsets;
import java.util.Locale;
import java.util.Optional;
import org.apache.kafka.common.header.Header;
import org.apache.kafka.common.header.Headers;
import org.apache.kafka.common.header.internals.RecordHeaders;

/**
 * How an admission's present state comes to an instance that does not have the payer's partition, where it was published before: the
 * input of {@code subject-log} has a header that asks for it, and the decision is published once more, as it was, with a header that says
 * so. Whoever counts decisions passes over those; actionId and revision are the same.
 */
public enum Repetition {
    /** Something is held or waits. */
    OPEN,
    /** Nothing is held or waits any more; of an admitted action: its event has come. */
    OVER;

    private static final String HEADER = "tally.again";
    private static final byte[] ASKED = "asked".getBytes(StandardCharsets.UTF_8);

    /** Asks, with the headers of an input, for a repetition where there is nothing new to say. */
    public static void ask(Headers input) {
        input.remove(HEADER).add(HEADER, ASKED);
    }

    /** Whether the headers of an input ask for a repetition. */
    public static boolean isAsked(Headers input) {
        return input.lastHeader(HEADER) != null;
    }

    /** The headers of a decision that is published once more. */
    public RecordHeaders headers() {
        RecordHeaders headers = new RecordHeaders();
        headers.add(HEADER, name().toLowerCase(Locale.ROOT).getBytes(StandardCharsets.UTF_8));
        return headers;
    }

    /** What the headers of a published decision say; empty: it is new. */
    public static Optional<Repetition> of(Headers decision) {
        Header header = decision.lastHeader(HEADER);
        if (header == null) {
            return Optional.empty();
        }
        String text = new String(header.value(), StandardCharsets.UTF_8);
        return Optional.of(text.equals("over") ? OVER : OPEN);
    }
}
