package dev.tally.cli.publish;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.util.Optional;

/** Splits a stream of bytes into lines, so that a line that is no text spoils only itself. */
final class LineReader {

    /** Longest line, in bytes; a record of Kafka is not longer by default. */
    static final int MAX_BYTES = 1_048_576;

    private static final int BUFFER = 65_536;

    private final InputStream in;
    private final byte[] buffer = new byte[BUFFER];
    private int from;
    private int to;

    LineReader(InputStream in) {
        this.in = in;
    }

    /** A line without its end, or why it cannot be one. */
    sealed interface Line {
        record Text(String text) implements Line {}

        record Unreadable(String why) implements Line {}
    }

    /** The next line; empty at the end. */
    Optional<Line> next() throws IOException {
        ByteArrayOutputStream line = new ByteArrayOutputStream(256);
        boolean any = false;
        boolean tooLong = false;
        while (true) {
            if (from == to) {
                from = 0;
                to = Math.max(0, in.read(buffer, 0, BUFFER));
                if (to == 0) {
                    return any ? Optional.of(line(line, tooLong)) : Optional.empty();
                }
            }
            any = true;
            int end = from;
            while (end < to && buffer[end] != '\n') {
                end++;
            }
            tooLong |= line.size() + (end - from) > MAX_BYTES;
            if (!tooLong) {
                line.write(buffer, from, end - from);
            }
            boolean ended = end < to;
            from = ended ? end + 1 : end;
            if (ended) {
                return Optional.of(line(line, tooLong));
            }
        }
    }

    private static Line line(ByteArrayOutputStream bytes, boolean tooLong) {
        if (tooLong) {
            return new Line.Unreadable("longer than " + MAX_BYTES + " bytes");
        }
        try {
            return new Line.Text(StandardCharsets.UTF_8
                    .newDecoder()
                    .decode(ByteBuffer.wrap(bytes.toByteArray()))
                    .toString());
        } catch (CharacterCodingException e) {
            return new Line.Unreadable("not UTF-8");
        }
    }
}
