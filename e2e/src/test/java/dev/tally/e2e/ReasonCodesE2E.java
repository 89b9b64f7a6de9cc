package dev.tally.e2e;

import static dev.tally.e2e.Inputs.GOOD;
import static dev.tally.e2e.Inputs.OF_EACH;
import static dev.tally.e2e.Inputs.USERS;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.fasterxml.jackson.databind.JsonNode;
import dev.tally.e2e.Inputs.Sent;
import dev.tally.keys.PercentEncoding;
import dev.tally.schemas.ActionEvent;
import dev.tally.schemas.testing.MetricFamilies;
import dev.tally.schemas.testing.ObservedFiles;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Random;
import java.util.concurrent.TimeUnit;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.errors.RecordTooLargeException;
import org.apache.kafka.common.header.Header;
import org.awaitility.Awaitility;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

/** Bad input of every kind between good input: each ends in its named outcome, and nobody's count is touched. */
class ReasonCodesE2E {

    private static final long SEED = 20261121;
    private static final int WARM = 200;

    private static final List<String> REASONS = List.of(
            "undecodable",
            "unknown_schema",
            "missing_field",
            "invalid_id",
            "timestamp_in_future",
            "negative_amount",
            "amount_too_large",
            "null_value",
            "unsupported");

    @Test
    void shouldGiveEveryRecordItsNamedOutcome() {
        try (LocalStack stack = new LocalStack("reasons")) {
            stack.start();
            Wire wire = new Wire(stack);
            try (var serdes = wire.servers().serdes();
                    KafkaProducer<byte[], byte[]> producer = wire.producer()) {
                Inputs inputs = new Inputs(serdes.of(ActionEvent.class), SEED);
                // Given stream time is now in every partition before anything comes late
                List<Sent> first = new ArrayList<>();
                for (int i = 0; i < WARM; i++) {
                    first.add(inputs.good("warm-" + i, "warm-user-" + i));
                }
                send(producer, first);
                awaitRead(wire, first.size());
                List<Sent> mixed = inputs.mixed(Inputs.registerWithoutUser(stack));
                Sent huge = Inputs.undecodableOfLimit();
                mixed.add(huge);
                Collections.shuffle(mixed, new Random(SEED));

                // When
                send(producer, mixed);
                assertOneByteMoreIsRefused(producer, huge);
                // A re-sent id with other content: the first wins.
                send(producer, List.of(inputs.good("g-0", USERS.get(0), Map.of("credits", 77L))));
                awaitRead(wire, first.size() + mixed.size() + 1L);

                // Then
                assertOutcomes(stack, wire);
                assertKept(wire, mixed);
                assertCounts(stack, wire, inputs.now());
            }
            Tally.Result audit = audit(stack);
            System.out.println(audit.output());
            assertThat(audit.code()).as(audit.output()).isZero();
        }
    }

    private static Tally.Result audit(LocalStack stack) {
        List<String> command = new ArrayList<>(List.of("audit", "--app", stack.app()));
        command.addAll(List.of(stack.servers()));
        return Tally.run(command, "");
    }

    private static void assertOutcomes(LocalStack stack, Wire wire) {
        for (String reason : REASONS) {
            // One more of these is the record at the topic's limit.
            assertThat(wire.deadLetters(reason))
                    .as(reason)
                    .isEqualTo(reason.equals("undecodable") ? OF_EACH + 1 : OF_EACH);
        }
        assertThat(wire.conservation("late")).isEqualTo(OF_EACH);
        assertThat(wire.conservation("duplicate")).isEqualTo(1);
        assertThat(wire.conservation("counted")).isEqualTo(WARM + GOOD);
        Map<Integer, Long> published = new HashMap<>();
        wire.records("actions").forEach(record -> published.merge(record.partition(), 1L, Long::sum));
        Map<Integer, Long> read = new HashMap<>();
        for (JsonNode of : wire.get(stack.app() + "/v1/conservation").path("partitions")) {
            read.put(of.path("partition").asInt(), of.path("read").asLong());
            assertThat(of.path("read").asLong())
                    .isEqualTo(of.path("counted").asLong()
                            + of.path("readOnly").asLong()
                            + of.path("duplicate").asLong()
                            + of.path("late").asLong()
                            + of.path("deadLettered").asLong());
        }
        assertThat(read).isEqualTo(published);
        assertMetrics(text(stack.app() + "/metrics"));
    }

    private static void assertMetrics(String metrics) {
        assertThat(ObservedFiles.misdocumented(Tally.ROOT, MetricFamilies.scraped(metrics)))
                .isEmpty();
        for (String reason : REASONS) {
            assertThat(metric(metrics, "tally_intake_dead_letters{", "reason=\"" + reason + "\""))
                    .as(reason)
                    .isEqualTo(reason.equals("undecodable") ? OF_EACH + 1 : OF_EACH);
        }
        assertThat(metric(metrics, "tally_intake_records{", "outcome=\"late\"")).isEqualTo(OF_EACH);
        assertThat(metric(metrics, "tally_intake_records{", "outcome=\"duplicate\""))
                .isEqualTo(1);
        assertThat(metric(metrics, "tally_intake_records{", "outcome=\"counted\""))
                .isEqualTo(WARM + GOOD);
    }

    /** Over all partitions. */
    private static long metric(String metrics, String name, String label) {
        return (long) metrics.lines()
                .filter(line -> line.startsWith(name) && line.contains(label))
                .mapToDouble(line -> Double.parseDouble(line.substring(line.lastIndexOf(' ') + 1)))
                .sum();
    }

    /** Every kept record has the bytes of an input that was to end so. */
    private static void assertKept(Wire wire, List<Sent> sent) {
        Map<String, Integer> expected = new HashMap<>();
        for (Sent one : sent) {
            if (!one.reason().isEmpty()) {
                expected.merge(identity(one.reason(), one.key(), one.value()), 1, Integer::sum);
            }
        }
        Map<String, ConsumerRecord<byte[], byte[]>> inputs = new HashMap<>();
        wire.records("actions").forEach(record -> inputs.put(record.partition() + "/" + record.offset(), record));
        Map<String, Integer> kept = new HashMap<>();
        for (String topic : List.of("dead-letters", "late-actions")) {
            for (ConsumerRecord<byte[], byte[]> record : wire.records(topic)) {
                kept.merge(identity(header(record, "tally.reason"), record.key(), record.value()), 1, Integer::sum);
                assertThat(header(record, "tally.topic")).isEqualTo("actions");
                // The coordinates lead to the very input, which no other kept record has.
                ConsumerRecord<byte[], byte[]> input = Objects.requireNonNull(
                        inputs.remove(header(record, "tally.partition") + "/" + header(record, "tally.offset")));
                assertThat(record.value()).isEqualTo(input.value());
                assertThat(record.key()).isEqualTo(input.key());
                assertThat(Instant.parse(header(record, "tally.at")).toEpochMilli())
                        .isEqualTo(input.timestamp());
                assertThat(header(record, "tally.detail")).isNotEmpty();
                assertThat(header(record, "tally.seen")).isEqualTo(topic.equals("late-actions") ? "no" : "");
            }
        }
        assertThat(kept).isEqualTo(expected);
        assertThat(inputs).hasSize(WARM + GOOD + 1);
    }

    private static String identity(String reason, byte @Nullable [] key, byte @Nullable [] value) {
        return reason + " " + Arrays.hashCode(key) + " " + Arrays.hashCode(value) + " "
                + (value == null ? -1 : value.length);
    }

    private static void assertCounts(LocalStack stack, Wire wire, Instant now) {
        for (String user : USERS) {
            assertUsed(stack, wire, "/v1/users/" + PercentEncoding.encode(user), now, GOOD / USERS.size());
        }
        assertUsed(stack, wire, "/v1/orgs/o%2F1", now, WARM + GOOD);
    }

    /** Actions, and credits of which each good one used one. */
    private static void assertUsed(LocalStack stack, Wire wire, String path, Instant now, long used) {
        String day = stack.app() + path + "/usage?day=" + now.toString().substring(0, 10) + "&meter=";
        for (String meter : List.of("actions", "credits")) {
            assertThat(wire.get(day + meter).path("used").asLong())
                    .as(path + " " + meter)
                    .isEqualTo(used);
        }
    }

    private static void assertOneByteMoreIsRefused(KafkaProducer<byte[], byte[]> producer, Sent huge) {
        byte[] more = new byte[Objects.requireNonNull(huge.value()).length + 1];
        assertThatThrownBy(() -> producer.send(new ProducerRecord<>("actions", huge.key(), more))
                        .get(30, TimeUnit.SECONDS))
                .hasCauseInstanceOf(RecordTooLargeException.class);
    }

    private static void send(KafkaProducer<byte[], byte[]> producer, List<Sent> all) {
        for (Sent one : all) {
            Wire.send(producer, new ProducerRecord<>("actions", null, one.key(), one.value(), one.headers()));
        }
        producer.flush();
    }

    private static void awaitRead(Wire wire, long count) {
        Awaitility.await()
                .atMost(Duration.ofMinutes(2))
                .ignoreExceptionsMatching(e -> e instanceof AssertionError)
                .untilAsserted(() -> assertThat(wire.conservation("counted")
                                + wire.conservation("readOnly")
                                + wire.conservation("duplicate")
                                + wire.conservation("late")
                                + wire.conservation("deadLettered"))
                        .isEqualTo(count));
    }

    private static String text(String url) {
        try {
            return HttpClient.newHttpClient()
                    .send(HttpRequest.newBuilder(URI.create(url)).build(), HttpResponse.BodyHandlers.ofString())
                    .body();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new IllegalStateException(e);
        }
    }

    private static String header(ConsumerRecord<byte[], byte[]> record, String name) {
        Header header = record.headers().lastHeader(name);
        return header == null ? "" : new String(header.value(), StandardCharsets.UTF_8);
    }
}
