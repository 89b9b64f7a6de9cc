package dev.tally.keys;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.util.Random;
import org.apache.kafka.common.utils.Utils;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

final class KeysTest {

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "u1|u1",
                "a/b|a%2Fb",
                "a:b%c|a%3Ab%25c",
                "é|%C3%A9",
                "😀|%F0%9F%98%80",
                "A.z_0~@-|A.z_0~@-",
                "a b|a%20b"
            })
    void shouldEncodeAndDecode(String raw, String encoded) {
        assertThat(PercentEncoding.encode(raw)).isEqualTo(encoded);
        assertThat(PercentEncoding.decode(encoded)).isEqualTo(raw);
    }

    @ParameterizedTest
    @ValueSource(strings = {"%", "%2", "%2G", "a/b", "a b", "%C3", "%FF", "é", "a%"})
    void shouldRefuseMalformedEncodings(String text) {
        assertThatIllegalArgumentException().isThrownBy(() -> PercentEncoding.decode(text));
    }

    @Test
    void shouldBringBackEveryId() {
        Random random = new Random(42);
        for (int i = 0; i < 2_000; i++) {
            String raw = random.ints(1 + random.nextInt(20), 0x20, 0x2FFFF)
                    .filter(c -> Character.getType(c) != Character.SURROGATE && !Character.isISOControl(c))
                    .collect(StringBuilder::new, StringBuilder::appendCodePoint, StringBuilder::append)
                    .toString();
            if (!raw.isEmpty()) {
                Subject subject = Subject.org(raw);
                assertThat(Subject.parse(subject.text())).isEqualTo(subject);
                assertThat(subject.text()).matches("org:[A-Za-z0-9._~@%-]+");
            }
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"", "u1", "team:x", "user:", "USER:x", "user:a/b", "user:%0A", "user:%zz"})
    void shouldRefuseWhatIsNoSubject(String text) {
        assertThatIllegalArgumentException().isThrownBy(() -> Subject.parse(text));
    }

    @Test
    void shouldSayWhatIsWrongWithAnId() {
        assertThat(Ids.problem("")).contains("is empty");
        assertThat(Ids.problem("a\nb")).contains("has a control character at position 1");
        assertThat(Ids.problem("\ud83d")).contains("has half a surrogate pair at position 0");
        assertThat(Ids.problem("x".repeat(256))).isEmpty();
        assertThat(Ids.problem("x".repeat(257))).contains("is longer than 256 bytes");
        assertThat(Ids.problem("é".repeat(128))).isEmpty();
        assertThat(Ids.problem("é".repeat(128) + "x")).contains("is longer than 256 bytes");
        assertThat(Ids.problem("a/b:c%d é 😀")).isEmpty();
    }

    @Test
    void shouldKeepTheKeysOfOtherAmountsApartFromAllIdentifiers() {
        byte[] key = Keys.ledgerOfOtherAmount("id", -6);
        assertThat(key).startsWith(Keys.ledger("id")).endsWith("-6".getBytes(StandardCharsets.UTF_8));
        assertThat(new String(key, StandardCharsets.UTF_8)).as("no text").contains("\uFFFD");
        assertThat(key).isNotEqualTo(Keys.ledgerOfOtherAmount("id", 6));
    }

    @Test
    void shouldMakeCompositeKeys() {
        Subject user = Subject.user("u/1");
        assertThat(Keys.usage(user, "actions", "DAY", Instant.parse("2026-11-21T00:00:00Z")))
                .isEqualTo("user:u%2F1/actions/DAY/2026-11-21T00:00:00Z");
        assertThat(Keys.plan("team", 1)).isEqualTo("team@1");
        assertThat(Keys.grant(user, "top up")).isEqualTo("user:u%2F1/top%20up");
        assertThat(Keys.membership("a/b", "c")).isEqualTo("a%2Fb/c");
    }

    @Test
    void shouldChooseThePartitionThatKafkaChooses() {
        Random random = new Random(7);
        for (int i = 0; i < 5_000; i++) {
            byte[] key = new byte[random.nextInt(40)];
            random.nextBytes(key);
            int partitions = 1 + random.nextInt(50);
            assertThat(Partitions.ofKey(key, partitions)).isEqualTo(Utils.toPositive(Utils.murmur2(key)) % partitions);
        }
        assertThat(Partitions.ofKey("demo-pro".getBytes(StandardCharsets.UTF_8), 1))
                .isZero();
        assertThatIllegalArgumentException().isThrownBy(() -> Partitions.ofKey(new byte[0], 0));
    }
}
