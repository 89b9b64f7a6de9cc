package dev.tally.schemas.serde;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import dev.tally.schemas.ActionEvent;
import dev.tally.schemas.testing.ContractRecords;
import dev.tally.schemas.testing.RegistryFake;
import java.time.Instant;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.atomic.AtomicReference;
import org.apache.kafka.common.config.ConfigException;
import org.apache.kafka.common.errors.SerializationException;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** A registry that is away, ill, strict or wrong. */
final class RegistryFaultsTest {

    private RegistryFake registry;

    @BeforeEach
    void start() {
        registry = RegistryFake.start();
    }

    @AfterEach
    void stop() {
        registry.close();
    }

    @Test
    void shouldAskOnceForEachSchema() {
        try (RecordSerde<ActionEvent> serde = serde(Map.of())) {
            byte[] bytes = write(serde);
            write(serde);
            try (RecordSerde<ActionEvent> reader = serde(Map.of())) {
                for (int i = 0; i < 10; i++) {
                    assertThat(reader.decode("actions", null, bytes)).isInstanceOf(Decoded.Read.class);
                }
            }
        }
        assertThat(registry.requests()).isEqualTo(2);
    }

    @Test
    void shouldRetryPassingFaults() {
        registry.failNext(3);

        try (RecordSerde<ActionEvent> serde = serde(Map.of())) {
            assertThat(write(serde)).isNotEmpty();
        }
        assertThat(registry.requests()).isEqualTo(4);
    }

    @Test
    void shouldSayThatTheRegistryIsIllAndWorkWhenItIsWell() {
        registry.failNext(4, 503);

        try (RecordSerde<ActionEvent> serde = serde(Map.of())) {
            assertThatExceptionOfType(RegistryUnavailableException.class)
                    .isThrownBy(() -> serde.prepare("actions"))
                    .withMessageContaining("answered 503");
            serde.prepare("actions");
            int requests = registry.requests();
            write(serde);
            assertThat(registry.requests()).isEqualTo(requests);
        }
    }

    @Test
    void shouldKeepTheRecordWhenTheRegistryIsAway() {
        try (RecordSerde<ActionEvent> writer = serde(Map.of());
                RecordSerde<ActionEvent> reader = serde(Map.of())) {
            byte[] bytes = write(writer);
            int port = registry.port();
            registry.close();
            assertThatExceptionOfType(RegistryUnavailableException.class)
                    .isThrownBy(() -> reader.decode("actions", null, bytes))
                    .withMessageContaining("cannot be reached");

            registry = RegistryFake.start(port);
            try (RecordSerde<ActionEvent> other = serde(Map.of())) {
                write(other);
            }
            assertThat(reader.decode("actions", null, bytes)).isInstanceOf(Decoded.Read.class);
        }
    }

    @Test
    void shouldUseAnotherAddressWhenOneIsAway() {
        Map<String, Object> config =
                Map.of("schema.registry.url", "http://127.0.0.1:1, " + registry.url() + "/", "retries.wait.ms", 1);

        try (RecordSerde<ActionEvent> serde = RecordSerde.forValues(ActionEvent.class, config)) {
            assertThat(write(serde)).isNotEmpty();
        }
    }

    @Test
    void shouldSendCredentials() {
        registry.requireBasicAuth("tally", "s3:cret");

        try (RecordSerde<ActionEvent> none = serde(Map.of());
                RecordSerde<ActionEvent> right = serde(Map.of("basic.auth.user.info", "tally:s3:cret"));
                RecordSerde<ActionEvent> inUrl = serde(
                        Map.of("schema.registry.url", registry.url().replace("http://", "http://tally:s3:cret@")))) {
            assertThatExceptionOfType(RegistryUnavailableException.class)
                    .isThrownBy(() -> write(none))
                    .withMessageContaining("answered 401")
                    .withMessageContaining("credentials");
            assertThat(write(right)).isNotEmpty();
            assertThat(write(inUrl)).isNotEmpty();
        }
    }

    @Test
    void shouldNotTakeSomeOtherServerForARegistry() {
        try (RecordSerde<ActionEvent> serde = serde(Map.of("schema.registry.url", registry.url() + "/wrong"))) {
            assertThatExceptionOfType(RegistryUnavailableException.class)
                    .isThrownBy(() -> serde.decode("actions", null, new byte[] {0, 0, 0, 0, 1, 0}))
                    .withMessageContaining("is schema.registry.url right?");
        }
    }

    @Test
    void shouldAskAgainForAnUnknownSchemaAfterAWhile() {
        Instant start = Instant.parse("2026-11-21T00:00:00Z");
        AtomicReference<Instant> now = new AtomicReference<>(start);
        try (ConfluentFormatSerde serde = new ConfluentFormatSerde(now::get)) {
            serde.configure(config(Map.of()), false);
            RecordReader<ActionEvent> reader = RecordReader.ofOne(serde, ReaderType.of(ActionEvent.class));
            byte[] bytes = {0, 0, 0, 0, 1, 0};

            for (int i = 0; i < 5; i++) {
                assertThat(reader.decode("actions", null, bytes).toString()).contains("UNKNOWN_SCHEMA");
            }
            assertThat(registry.requests()).isEqualTo(1);
            registry.register("s", "\"string\"");
            now.set(start.plus(UnknownIds.KEPT_FOR));
            assertThat(reader.decode("actions", null, bytes).toString()).contains("UNDECODABLE");
        }
    }

    @Test
    void shouldRememberTheLatestOfMoreUnknownSchemasThanItKeeps() {
        UnknownIds unknown = new UnknownIds(3);
        Instant start = Instant.parse("2026-11-21T00:00:00Z");
        Refusal refusal = new Refusal(RefusalReason.UNKNOWN_SCHEMA, "no");

        for (int id = 1; id <= 5; id++) {
            unknown.add(id, refusal, start.plusSeconds(id));
        }

        assertThat(unknown.find(1, start.plusSeconds(5))).isNull();
        assertThat(unknown.find(2, start.plusSeconds(5))).isNull();
        assertThat(unknown.find(3, start.plusSeconds(5))).isSameAs(refusal);
        assertThat(unknown.find(5, start.plusSeconds(5))).isSameAs(refusal);
        assertThat(unknown.find(
                        5, start.plusSeconds(5).plus(UnknownIds.KEPT_FOR).minusNanos(1)))
                .isSameAs(refusal);
        assertThat(unknown.find(5, start.plusSeconds(5).plus(UnknownIds.KEPT_FOR)))
                .isNull();
        unknown.add(3, refusal, start.plusSeconds(6));
        unknown.add(6, refusal, start.plusSeconds(7));
        assertThat(unknown.find(3, start.plusSeconds(7))).isSameAs(refusal);
        assertThat(unknown.find(4, start.plusSeconds(7))).isNull();
    }

    @Test
    void shouldLookUpOnlyWhereRegisteringIsForbidden() {
        try (RecordSerde<ActionEvent> strict = serde(Map.of("auto.register.schemas", false));
                RecordSerde<ActionEvent> free = serde(Map.of())) {
            assertThatExceptionOfType(SerializationException.class)
                    .isThrownBy(() -> write(strict))
                    .withMessageContaining("actions-value")
                    .withMessageContaining("auto.register.schemas is false");
            byte[] bytes = write(free);
            assertThat(write(strict)).isEqualTo(bytes);
        }
    }

    @Test
    void shouldWriteWithTheLatestSchemaWhereAskedTo() {
        try (RecordSerde<ActionEvent> latest = serde(Map.of("use.latest.version", "true"));
                RecordSerde<ActionEvent> free = serde(Map.of())) {
            assertThatExceptionOfType(SerializationException.class)
                    .isThrownBy(() -> write(latest))
                    .withMessageContaining("has no schema");
            byte[] bytes = write(free);
            assertThat(write(latest)).isEqualTo(bytes);
            String newer = registry.schemas("actions-value")
                    .getFirst()
                    .replace(
                            "\"fields\":[{\"name\":\"eventId\"",
                            "\"fields\":[{\"name\":\"added\",\"type\":\"string\",\"default\":\"d\"},{\"name\":\"eventId\"");
            int id = registry.register("actions-value", newer);
            try (RecordSerde<ActionEvent> other = serde(Map.of("use.latest.version", true))) {
                byte[] written = write(other);
                assertThat(written[4]).isEqualTo((byte) id);
                assertThat(free.decode("actions", null, written))
                        .isEqualTo(new Decoded.Read<>(ContractRecords.action()));
            }
        }
    }

    @Test
    void shouldNameTheProfileWhenConfluentsClassIsNotThere() {
        Map<String, Object> config =
                config(Map.of("avro.serde.class", "io.confluent.kafka.streams.serdes.avro.SomeSerdeThatIsNotThere"));

        assertThatExceptionOfType(ConfigException.class)
                .isThrownBy(() -> RecordSerde.forValues(ActionEvent.class, config))
                .withMessageContaining("Maven profile confluent");
        assertThatExceptionOfType(ConfigException.class)
                .isThrownBy(() -> new RecordSerdes(config(Map.of("avro.serde.class", "java.lang.String"))))
                .withMessageContaining("is not a org.apache.kafka.common.serialization.Serde");
        assertThatExceptionOfType(ConfigException.class)
                .isThrownBy(() -> new RecordSerdes(config(Map.of("avro.serde.class", "no.such.Serde"))))
                .withMessageContaining("is not on the class path");
    }

    @Test
    void shouldRefuseAWrongConfiguration() {
        for (Map<String, Object> wrong : List.<Map<String, Object>>of(
                Map.of("schema.registry.url", ""),
                Map.of("schema.registry.url", "localhost:8081"),
                Map.of("schema.registry.url", "ftp://x"),
                Map.of("auto.register.schemas", "maybe"),
                Map.of("max.retries", "-1"),
                Map.of("value.subject.name.strategy", "com.acme.Mine"))) {
            assertThatExceptionOfType(ConfigException.class).isThrownBy(() -> serde(wrong));
        }
        assertThat(RegistryConfig.of(config(Map.of("basic.auth.user.info", "u:secret")), false)
                        .toString())
                .doesNotContain("secret");
    }

    private RecordSerde<ActionEvent> serde(Map<String, Object> more) {
        return RecordSerde.forValues(ActionEvent.class, config(more));
    }

    private Map<String, Object> config(Map<String, Object> more) {
        Map<String, Object> config = new HashMap<>(Map.of("schema.registry.url", registry.url(), "retries.wait.ms", 1));
        config.putAll(more);
        return config;
    }

    private static byte[] write(RecordSerde<ActionEvent> serde) {
        byte[] bytes = serde.serializer().serialize("actions", ContractRecords.action());
        assertThat(bytes).isNotNull();
        return bytes;
    }
}
