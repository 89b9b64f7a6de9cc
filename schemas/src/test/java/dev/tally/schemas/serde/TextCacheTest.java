package dev.tally.schemas.serde;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.util.Collections;
import java.util.IdentityHashMap;
import java.util.List;
import java.util.Random;
import java.util.Set;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

final class TextCacheTest {

    @Test
    void shouldGiveTheSameStringForTheSameBytes() {
        TextCache cache = new TextCache(64, 64);
        byte[] bytes = "xuser-1xuser-1grüße".getBytes(StandardCharsets.UTF_8);

        String first = cache.text(bytes, 1, 6);
        assertThat(first).isEqualTo("user-1").isSameAs(cache.text(bytes, 8, 6));
        assertThat(cache.text(bytes, 14, 7)).isEqualTo("grüße");
        assertThat(cache.text(bytes, 0, 0)).isEmpty();
        assertThat(cache.text(bytes, 16, 1)).isNull();
    }

    @Test
    void shouldNeverMistakeOneTextForAnotherWhenPlacesCollide() {
        TextCache cache = new TextCache(2, 2);
        Random random = new Random(7);
        for (int i = 0; i < 50_000; i++) {
            String text = Integer.toString(random.nextInt(200)).repeat(1 + random.nextInt(30));
            byte[] bytes = text.getBytes(StandardCharsets.UTF_8);

            assertThat(cache.text(bytes, 0, bytes.length)).isEqualTo(text);
        }
    }

    @Test
    void shouldNotKeepLongTexts() {
        TextCache cache = new TextCache(64, 64);
        byte[] bytes = "x".repeat(TextCache.MAX_LENGTH + 1).getBytes(StandardCharsets.UTF_8);

        assertThat(cache.text(bytes, 0, bytes.length)).isNotSameAs(cache.text(bytes, 0, bytes.length));
        assertThat(cache.text(bytes, 1, bytes.length - 1)).isSameAs(cache.text(bytes, 1, bytes.length - 1));
    }

    @Test
    void shouldGrowWithTheTextsThatComeAgainAndNoFurtherThanItsBound() {
        TextCache cache = new TextCache(16, 1 << 12);
        List<byte[]> ids = IntStream.range(0, 500)
                .mapToObj(i -> ("user-" + i).getBytes(StandardCharsets.UTF_8))
                .toList();
        for (int round = 0; round < 50; round++) {
            ids.forEach(
                    id -> assertThat(cache.text(id, 0, id.length)).isEqualTo(new String(id, StandardCharsets.UTF_8)));
        }

        Set<Object> objects = Collections.newSetFromMap(new IdentityHashMap<>());
        for (int round = 0; round < 2; round++) {
            ids.forEach(id -> objects.add(cache.text(id, 0, id.length)));
        }
        assertThat(objects).hasSizeBetween(500, 600);
        assertThat(cache.size()).isBetween(1 << 10, 1 << 12);

        for (int i = 0; i < 100_000; i++) {
            byte[] hostile = ("hostile-" + i).getBytes(StandardCharsets.UTF_8);
            assertThat(cache.text(hostile, 0, hostile.length)).isEqualTo("hostile-" + i);
        }
        assertThat(cache.size()).isEqualTo(1 << 12);
    }

    @Test
    void shouldRefuseASizeThatIsNoPowerOfTwo() {
        assertThatIllegalArgumentException().isThrownBy(() -> new TextCache(12, 16));
        assertThatIllegalArgumentException().isThrownBy(() -> new TextCache(1, 16));
        assertThatIllegalArgumentException().isThrownBy(() -> new TextCache(16, 24));
        assertThatIllegalArgumentException().isThrownBy(() -> new TextCache(16, 8));
    }

    @Test
    void shouldTakeForUtf8WhatJavasDecoderTakes() {
        // Every pair of first bytes, with every kind of byte after them.
        int[] kinds = {0x7f, 0x80, 0xff};
        for (int two = 0; two < 1 << 16; two++) {
            for (int third : kinds) {
                for (int fourth : kinds) {
                    check(new byte[] {(byte) (two >> 8), (byte) two, (byte) third, (byte) fourth});
                }
            }
        }
        Random random = new Random(9);
        for (int i = 0; i < 100_000; i++) {
            StringBuilder text = new StringBuilder();
            random.ints(random.nextInt(20), 1, 0x110000)
                    .filter(point -> point < 0xd800 || point > 0xdfff)
                    .forEach(text::appendCodePoint);
            byte[] bytes = text.toString().getBytes(StandardCharsets.UTF_8);
            check(bytes);
            if (bytes.length > 0) {
                bytes[random.nextInt(bytes.length)] = (byte) random.nextInt(256);
                check(bytes);
            }
        }
    }

    private static void check(byte[] bytes) {
        String expected = strict(bytes);
        if (Utf8.isValid(bytes, 0, bytes.length) != (expected != null)) {
            assertThat(Utf8.isValid(bytes, 0, bytes.length)).as("%s", bytes).isEqualTo(expected != null);
        }
        if (expected != null && !expected.equals(Utf8.text(bytes, 0, bytes.length))) {
            assertThat(Utf8.text(bytes, 0, bytes.length)).isEqualTo(expected);
        }
    }

    private static @Nullable String strict(byte[] bytes) {
        try {
            return StandardCharsets.UTF_8
                    .newDecoder()
                    .decode(ByteBuffer.wrap(bytes))
                    .toString();
        } catch (CharacterCodingException e) {
            return null;
        }
    }
}
