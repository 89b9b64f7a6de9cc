package dev.tally.streams.state.ids;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.charset.StandardCharsets;
import java.util.HashSet;
import java.util.HexFormat;
import java.util.List;
import java.util.Set;
import org.bouncycastle.crypto.macs.SipHash128;
import org.bouncycastle.crypto.params.KeyParameter;
import org.junit.jupiter.api.Test;

class IdHashTest {

    private static final byte[] KEY = "a key of any length".getBytes(StandardCharsets.UTF_8);

    private static String hex(IdHash hash) {
        return HexFormat.of().toHexDigits(hash.hi()) + HexFormat.of().toHexDigits(hash.lo());
    }

    private static String of(String user, String event) {
        IdHash hash = new IdHash(KEY);
        hash.hash(user, event);
        return hex(hash);
    }

    @Test
    void shouldNeverChangeWhatItGives() {
        assertThat(of("user-1", "event-1")).isEqualTo("120f7e70f87e40e8f736307549507104");
    }

    @Test
    void shouldTellIdentitiesApart() {
        Set<String> seen = new HashSet<>();
        for (List<String> id : List.of(
                List.of("ab", "c"),
                List.of("a", "bc"),
                List.of("abc", ""),
                List.of("", "abc"),
                List.of("?", "x"),
                List.of("\ud800", "x"),
                List.of("\ud801", "x"),
                List.of("\ud801\udc37", "x"))) {
            assertThat(seen.add(of(id.getFirst(), id.getLast()))).isTrue();
        }
    }

    @Test
    void shouldGiveTheSameForTextAndItsBytes() {
        for (String text : List.of("plain", "gr\u00fc\u00df", "\u4f60\u597d", "\ud83d\ude00", "x".repeat(1_000))) {
            byte[] utf8 = ("<" + text).getBytes(StandardCharsets.UTF_8);
            IdHash hash = new IdHash(KEY);
            hash.hash(utf8, 1, utf8.length - 1, utf8, 0, utf8.length);
            assertThat(hex(hash)).isEqualTo(of(text, "<" + text));
        }
    }

    @Test
    void shouldDependOnTheKey() {
        IdHash other = new IdHash("another".getBytes(StandardCharsets.UTF_8));
        other.hash("u", "e");
        assertThat(hex(other)).isNotEqualTo(of("u", "e"));
    }

    /** Published by the authors of SipHash: guards the library. */
    @Test
    void shouldBeTheSipHashThatWasPublished() {
        SipHash128 sipHash = new SipHash128(2, 4);
        sipHash.init(new KeyParameter(HexFormat.of().parseHex("000102030405060708090a0b0c0d0e0f")));
        byte[] out = new byte[16];
        sipHash.doFinal(out, 0);
        assertThat(HexFormat.of().formatHex(out)).isEqualTo("a3817f04ba25a8e66df67214c7550293");
        sipHash.update((byte) 0);
        sipHash.doFinal(out, 0);
        assertThat(HexFormat.of().formatHex(out)).isEqualTo("da87c1d86b99af44347659119b22fc45");
    }
}
