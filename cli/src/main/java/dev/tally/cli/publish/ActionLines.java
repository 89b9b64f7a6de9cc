package dev.tally.cli.publish;

import dev.tally.schemas.ActionEvent;
import java.io.BufferedInputStream;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStream;
import java.io.InputStreamReader;
import java.nio.charset.CodingErrorAction;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.function.Consumer;
import java.util.zip.GZIPInputStream;

/** Lines of NDJSON. */
public final class ActionLines {

    private static final int GZIP_FIRST = 0x1f;
    private static final int GZIP_SECOND = 0x8b;

    private ActionLines() {}

    /** Opens a file, or standard input for {@code -}; compressed or not. */
    public static BufferedReader open(String file) throws IOException {
        InputStream raw = new BufferedInputStream(file.equals("-") ? System.in : Files.newInputStream(Path.of(file)));
        raw.mark(2);
        boolean gzip = raw.read() == GZIP_FIRST && raw.read() == GZIP_SECOND;
        raw.reset();
        InputStream in = gzip ? new GZIPInputStream(raw, 65_536) : raw;
        return new BufferedReader(new InputStreamReader(
                in, StandardCharsets.UTF_8.newDecoder().onMalformedInput(CodingErrorAction.REPORT)));
    }

    /** Reads all lines; blank ones are passed over. A problem is {@code line: what is wrong}. */
    public static void read(BufferedReader lines, Consumer<ActionEvent> good, Consumer<String> bad) throws IOException {
        int number = 0;
        for (String line = lines.readLine(); line != null; line = lines.readLine()) {
            number++;
            if (line.isBlank()) {
                continue;
            }
            try {
                good.accept(ActionJson.parse(line));
            } catch (ActionJson.BadLineException e) {
                bad.accept(number + ": " + e.getMessage());
            }
        }
    }
}
