package dev.tally.cli.publish;

import dev.tally.schemas.ActionEvent;
import java.io.BufferedInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;
import java.util.function.Consumer;
import java.util.zip.GZIPInputStream;

/** Lines of NDJSON. */
public final class ActionLines {

    private static final int GZIP_FIRST = 0x1f;
    private static final int GZIP_SECOND = 0x8b;

    private ActionLines() {}

    /** Opens a file, or standard input for {@code -}; compressed or not. */
    public static InputStream open(String file) throws IOException {
        return unpacked(file.equals("-") ? System.in : Files.newInputStream(Path.of(file)));
    }

    static InputStream unpacked(InputStream in) throws IOException {
        InputStream raw = new BufferedInputStream(in);
        raw.mark(2);
        boolean gzip = raw.read() == GZIP_FIRST && raw.read() == GZIP_SECOND;
        raw.reset();
        return gzip ? new GZIPInputStream(raw, 65_536) : raw;
    }

    /**
     * Reads all lines; blank ones are passed over. A problem is {@code line: what is wrong}.
     *
     * @throws IOException when the input cannot be read, or ends in the middle of compressed data
     */
    public static void read(InputStream in, Consumer<ActionEvent> good, Consumer<String> bad) throws IOException {
        LineReader lines = new LineReader(in);
        long number = 0;
        for (Optional<LineReader.Line> line = lines.next(); line.isPresent(); line = lines.next()) {
            number++;
            switch (line.get()) {
                case LineReader.Line.Text(String text) -> {
                    if (!text.isBlank()) {
                        read(number, text, good, bad);
                    }
                }
                case LineReader.Line.Unreadable(String why) -> bad.accept(number + ": " + why);
            }
        }
    }

    private static void read(long number, String text, Consumer<ActionEvent> good, Consumer<String> bad) {
        ActionEvent action;
        try {
            action = ActionJson.parse(text);
        } catch (ActionJson.BadLineException e) {
            bad.accept(number + ": " + e.getMessage());
            return;
        }
        good.accept(action);
    }
}
