package dev.tally.streams.state.ids;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.tally.streams.state.ids.Manifest.Doomed;
import dev.tally.streams.state.ids.Manifest.Generation;
import dev.tally.streams.state.ids.Manifest.Merging;
import dev.tally.streams.state.ids.Manifest.Sealing;
import java.util.HexFormat;
import java.util.List;
import org.junit.jupiter.api.Test;

/** The bytes in stores and changelogs are contract. */
class IdRowsTest {

    private static final HexFormat HEX = HexFormat.of();

    @Test
    void shouldWriteTheseKeys() {
        assertThat(HEX.formatHex(IdRows.manifestKey().get())).isEqualTo("6d");
        assertThat(HEX.formatHex(IdRows.blockKey(5).get())).isEqualTo("628000000000000005");
        assertThat(HEX.formatHex(IdRows.bucketKey(5, 6).get())).isEqualTo("7280000000000000058000000000000006");
        assertThat(HEX.formatHex(IdRows.chunkKey(5, 6).get())).isEqualTo("6680000000000000058000000000000006");
        assertThat(IdRows.blockSequence(IdRows.blockKey(5))).isEqualTo(5);
    }

    @Test
    void shouldWriteTheseRows() {
        long[] ids = {1, 2, -1, 4};
        assertThat(HEX.formatHex(IdRows.block(9, ids, 4)))
                .isEqualTo("01" + "0000000000000009" + "00000000000000010000000000000002"
                        + "ffffffffffffffff0000000000000004");
        assertThat(HEX.formatHex(IdRows.bucket(ids, 4)))
                .isEqualTo("01" + "00000000000000010000000000000002" + "ffffffffffffffff0000000000000004");
        assertThat(HEX.formatHex(IdRows.chunk(ids, 1))).isEqualTo("01" + "0000000000000001");
        assertThat(IdRows.readChunk(IdRows.chunk(ids, 4))).isEqualTo(ids);
    }

    @Test
    void shouldSetTheseBitsOfAFilter() {
        long[] chunk = new long[Filter.wordsOf(1)];
        Filter.set(chunk, 1, 0x3000_0000_0000_0000L, 0x0123_4567_89ab_cdefL);
        StringBuilder set = new StringBuilder();
        for (int i = 0; i < chunk.length; i++) {
            if (chunk[i] != 0) {
                set.append(i).append(':').append(Long.toHexString(chunk[i])).append(' ');
            }
        }
        assertThat(set.toString()).isEqualTo("9:40000400000 11:2000000000000 12:4000000 15:804000000000 ");
    }

    @Test
    void shouldWriteThisManifest() {
        // Given
        Manifest manifest = new Manifest();
        manifest.forgottenUpTo = 1;
        manifest.nextRun = 2;
        manifest.nextGeneration = 3;
        manifest.doomedBlocksFrom = 4;
        manifest.blocksFrom = 5;
        manifest.generations.add(new Generation(6, 7, 8));
        manifest.runs.add(new Run(9, 10, 11, 12, 13));
        manifest.doomed.add(new Doomed(14, 15, 16));
        manifest.sealing = new Sealing(new Run(17, 18, 19, 20, 21), 22);
        manifest.merging = new Merging(new Run(23, 24, 25, 26, 27), List.of(28L, 29L), 30);

        // When
        byte[] row = manifest.encode();

        // Then
        assertThat(HEX.formatHex(row))
                .isEqualTo("01" + longs(1, 2, 3, 4, 5) + ints(1) + longs(6, 7, 8) + ints(1) + longs(9, 10) + ints(11)
                        + longs(12) + ints(13) + ints(1) + longs(14) + ints(15, 16) + "01" + longs(17, 18) + ints(19)
                        + longs(20) + ints(21) + longs(22) + "01" + longs(23, 24) + ints(25) + longs(26)
                        + ints(27, 30, 2) + longs(28, 29));
        assertThat(Manifest.decode(row).encode()).isEqualTo(row);
        assertThat(Manifest.decode(new Manifest().encode()).encode()).isEqualTo(new Manifest().encode());
    }

    @Test
    void shouldRefuseARowOfANewerRelease() {
        byte[] row = new Manifest().encode();
        row[0] = 2;
        assertThatThrownBy(() -> Manifest.decode(row)).isInstanceOf(IllegalStateException.class);
    }

    private static String longs(long... numbers) {
        StringBuilder hex = new StringBuilder();
        for (long number : numbers) {
            hex.append(HEX.toHexDigits(number));
        }
        return hex.toString();
    }

    private static String ints(int... numbers) {
        StringBuilder hex = new StringBuilder();
        for (int number : numbers) {
            hex.append(HEX.toHexDigits(number));
        }
        return hex.toString();
    }
}
