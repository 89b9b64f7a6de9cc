package dev.tally.cli.publish;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.tally.schemas.ActionEvent;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.EOFException;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.zip.GZIPOutputStream;
import org.junit.jupiter.api.Test;

class ActionLinesTest {

    private static final String GOOD =
            "{\"eventId\":\"e1\",\"occurredAt\":\"2026-11-21T10:00:00Z\",\"userId\":\"ü\",\"actionType\":\"x\"}";

    private final List<ActionEvent> good = new ArrayList<>();
    private final List<String> bad = new ArrayList<>();

    @Test
    void shouldNumberLinesFromOneAndPassOverBlankOnes() throws IOException {
        // When
        read(bytes(GOOD + "\r\n\n  \nnonsense\n" + GOOD));

        // Then
        assertThat(good).hasSize(2).extracting(ActionEvent::getUserId).containsOnly("ü");
        assertThat(bad).singleElement().asString().startsWith("4: no JSON");
    }

    @Test
    void shouldReadNothingFromNothing() throws IOException {
        // When
        read(new byte[0]);

        // Then
        assertThat(good).isEmpty();
        assertThat(bad).isEmpty();
    }

    @Test
    void shouldSpoilOnlyTheLineThatIsNoText() throws IOException {
        // Given
        ByteArrayOutputStream lines = new ByteArrayOutputStream();
        lines.write(bytes(GOOD + "\n"));
        lines.write(new byte[] {(byte) 0xc3, (byte) 0x28, '\n', 0, '\n'});
        lines.write(bytes(GOOD + "\n"));

        // When
        read(lines.toByteArray());

        // Then
        assertThat(good).hasSize(2);
        assertThat(bad).hasSize(2);
        assertThat(bad.getFirst()).isEqualTo("2: not UTF-8");
        assertThat(bad.getLast()).startsWith("3: no JSON");
    }

    @Test
    void shouldPassOverALineThatDoesNotEnd() throws IOException {
        // Given a line longer than any record may be, over many buffers
        byte[] longLine = new byte[3 * LineReader.MAX_BYTES];
        Arrays.fill(longLine, (byte) 'x');
        ByteArrayOutputStream lines = new ByteArrayOutputStream();
        lines.write(longLine);
        lines.write(bytes("\n" + GOOD));

        // When
        read(lines.toByteArray());

        // Then
        assertThat(good).hasSize(1);
        assertThat(bad).containsExactly("1: longer than " + LineReader.MAX_BYTES + " bytes");
    }

    @Test
    void shouldUnderstandGzipByItsFirstBytes() throws IOException {
        // When
        read(gzip((GOOD + "\n").repeat(1_000)));

        // Then
        assertThat(good).hasSize(1_000);
        assertThat(bad).isEmpty();
    }

    @Test
    void shouldFailWhereCompressedDataEndsInTheMiddle() throws IOException {
        // Given
        byte[] whole = gzip((GOOD + "\n").repeat(1_000));

        // When, then
        assertThatThrownBy(() -> read(Arrays.copyOf(whole, whole.length / 2))).isInstanceOf(EOFException.class);
    }

    private void read(byte[] bytes) throws IOException {
        try (InputStream in = ActionLines.unpacked(new ByteArrayInputStream(bytes))) {
            ActionLines.read(in, good::add, bad::add);
        }
    }

    private static byte[] bytes(String text) {
        return text.getBytes(StandardCharsets.UTF_8);
    }

    private static byte[] gzip(String text) throws IOException {
        ByteArrayOutputStream packed = new ByteArrayOutputStream();
        try (GZIPOutputStream out = new GZIPOutputStream(packed)) {
            out.write(bytes(text));
        }
        return packed.toByteArray();
    }
}
