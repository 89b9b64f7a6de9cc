package dev.tally.streams.state;

import java.nio.charset.StandardCharsets;
import org.apache.kafka.common.header.Header;
import org.apache.kafka.common.header.Headers;

/**
 * Where a record lay that was carried on or kept aside, as its headers say.
 *
 * @param topic the topic it was first read from
 * @param partition its partition there
 * @param offset its offset there
 * @param reset how many times the state had been given up before this was decided
 */
public record Origin(String topic, int partition, long offset, int reset) {

    /** Header: the topic. */
    public static final String TOPIC = "tally.topic";

    /** Header: the partition. */
    public static final String PARTITION = "tally.partition";

    /** Header: the offset. */
    public static final String OFFSET = "tally.offset";

    /** Header: how many resets there were; absent before the first. */
    public static final String RESET = "tally.reset";

    /** What headers say. */
    public static Origin of(Headers headers) {
        return new Origin(
                text(headers, TOPIC),
                Integer.parseInt(text(headers, PARTITION)),
                Long.parseLong(text(headers, OFFSET)),
                headers.lastHeader(RESET) == null ? 0 : Integer.parseInt(text(headers, RESET)));
    }

    /** A header that must be there. */
    public static String text(Headers headers, String name) {
        Header header = headers.lastHeader(name);
        if (header == null || header.value() == null) {
            throw new IllegalStateException("a record that was carried on has no header " + name);
        }
        return new String(header.value(), StandardCharsets.UTF_8);
    }
}
