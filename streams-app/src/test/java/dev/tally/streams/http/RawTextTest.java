package dev.tally.streams.http;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import dev.tally.keys.PercentEncoding;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

final class RawTextTest {

    @ParameterizedTest
    @ValueSource(
            strings = {"", "plain", "u/1", "a:b", "100%", "%2F", "ü", "日本", "\uD83E\uDD8A", " + &=?#;", "\u0000\u007F"})
    void shouldReadWhatPercentEncodingWrites(String raw) {
        // When
        String encoded = PercentEncoding.encode(raw);

        // Then
        assertThat(RawText.ofPath(encoded)).isEqualTo(raw);
        assertThat(RawText.ofQuery(encoded)).isEqualTo(raw);
    }

    @Test
    void shouldTakeAPlusAsASpaceInAQueryOnly() {
        // When
        String raw = "a+b%2Bc";

        // Then
        assertThat(RawText.ofPath(raw)).isEqualTo("a+b+c");
        assertThat(RawText.ofQuery(raw)).isEqualTo("a b+c");
    }

    @ParameterizedTest
    @ValueSource(strings = {"%", "%2", "a%", "%zz", "%-1", "%FF", "%C3", "%C3(", "%C0%AF", "%ED%A0%80", "%F4%90%80%80"})
    void shouldRefuseWhatIsNotPercentEncodedUtf8(String raw) {
        // Then
        assertThatIllegalArgumentException().isThrownBy(() -> RawText.ofPath(raw));
        assertThatIllegalArgumentException().isThrownBy(() -> RawText.ofQuery(raw));
    }
}
