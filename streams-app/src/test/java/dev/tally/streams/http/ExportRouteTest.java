package dev.tally.streams.http;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.assertj.core.api.Assertions.assertThatIOException;

import dev.tally.keys.Subject;
import dev.tally.streams.export.ActionRow;
import dev.tally.streams.export.Place;
import dev.tally.streams.metering.Action;
import dev.tally.units.UnitAmounts;
import java.io.IOException;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.Socket;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.time.Instant;
import java.time.LocalDate;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import org.awaitility.Awaitility;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** The audit export over a real socket: its forms, its limits, and that a part never looks like the whole. */
final class ExportRouteTest {

    private static final Instant AT = Instant.parse("2026-11-20T12:00:00Z");

    private final ServedApi served = new ServedApi();

    @AfterEach
    void stop() {
        served.close();
    }

    private static ActionRow row(String eventId, String actionType, List<String> meters, long... amounts) {
        return row(eventId, actionType, null, meters, amounts);
    }

    private static ActionRow row(
            String eventId, String actionType, @Nullable String spaceId, List<String> meters, long... amounts) {
        Action action = new Action(
                eventId,
                AT,
                "u1",
                "acme",
                spaceId,
                null,
                actionType,
                "OTHER",
                false,
                UnitAmounts.of(Map.of("credits", 3L)),
                null,
                null);
        return new ActionRow(new Place(1, 17), AT.plusSeconds(1), action, meters, amounts, Subject.org("acme"));
    }

    @Test
    void shouldWriteALineForEachActionAndSayAtTheEndThatAllAreThere() {
        // Given
        served.actions.add(row("e1", "mail\n\"send\"", List.of("actions", "credits"), 1, 3));

        // When
        HttpResponse<String> response = served.get("/v1/orgs/acme/actions?from=2026-11-01&to=2026-11-20");

        // Then
        assertThat(response.statusCode()).isEqualTo(200);
        assertThat(response.headers().firstValue("Content-Type")).hasValue("application/x-ndjson");
        assertThat(response.headers().firstValue("Tally-Until")).hasValue("0:7,2:40");
        assertThat(response.headers().firstValue("Tally-Behind")).hasValue("3");
        assertThat(response.headers().firstValue("Content-Disposition"))
                .hasValue("attachment; filename=\"actions-2026-11-01-2026-11-20.ndjson\"");
        assertThat(response.body())
                .isEqualTo("{\"partition\":1,\"offset\":17,\"appendedAt\":\"2026-11-20T12:00:01Z\",\"eventId\":\"e1\","
                        + "\"occurredAt\":\"2026-11-20T12:00:00Z\",\"userId\":\"u1\",\"orgId\":\"acme\",\"spaceId\":null,"
                        + "\"model\":null,\"actionType\":\"mail\\n\\\"send\\\"\",\"trigger\":\"OTHER\",\"admissionId\":null,"
                        + "\"usage\":{\"credits\":3},\"amounts\":{\"actions\":1,\"credits\":3},\"payer\":\"org:acme\","
                        + "\"coveredBy\":null}\n"
                        + "{\"complete\":true,\"rows\":1,\"until\":\"0:7,2:40\",\"behind\":3}\n");
        assertThat(served.actions.asked().subject()).isEqualTo(Subject.org("acme"));
    }

    @Test
    void shouldWriteCsvThatNoSpreadsheetTakesForFormulas() {
        // Given
        served.actions.add(row("=1+1", "a,\"b\"\nc", "@x", List.of("actions", "credits"), 1, 3));
        served.actions.add(row("'e", "-2", List.of("credits", "gone"), 5, 6));

        // When
        HttpResponse<String> response = served.get("/v1/users/u1/actions?from=2026-11-01&to=2026-11-20&format=csv");

        // Then
        assertThat(response.headers().firstValue("Content-Type")).hasValue("text/csv; charset=utf-8; header=present");
        assertThat(response.body())
                .isEqualTo(
                        "partition,offset,appendedAt,eventId,occurredAt,userId,orgId,spaceId,model,actionType,trigger,"
                                + "admissionId,usage,payer,coveredBy,amount:actions,amount:credits,otherAmounts\r\n"
                                + "1,17,2026-11-20T12:00:01Z,'=1+1,2026-11-20T12:00:00Z,u1,acme,'@x,,\"a,\"\"b\"\"\nc\",OTHER,,"
                                + "\"{\"\"credits\"\":3}\",org:acme,,1,3,\r\n"
                                + "1,17,2026-11-20T12:00:01Z,''e,2026-11-20T12:00:00Z,u1,acme,,,'-2,OTHER,,"
                                + "\"{\"\"credits\"\":3}\",org:acme,,0,5,\"{\"\"gone\"\":6}\"\r\n");
    }

    @Test
    void shouldAskForTheDaysAndPlacesThatItWasAskedFor() {
        // When
        served.get("/v1/users/u1/actions?from=2026-11-01&to=2026-11-20&after=2:17&since=0:4,1:5&until=0:9");

        // Then
        assertThat(served.actions.asked().after()).isEqualTo(new Place(2, 17));
        assertThat(served.actions.asked().since()).isEqualTo(Map.of(0, 4L, 1, 5L));
        assertThat(served.actions.asked().until()).isEqualTo(Map.of(0, 9L));

        // And days that nobody chose give way to the oldest one that is known
        served.get("/v1/users/u1/actions");
        assertThat(served.actions.asked().from()).isEqualTo(ActionsInMemory.OLDEST);
        assertThat(served.actions.asked().to()).isEqualTo(LocalDate.parse("2026-11-21"));
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "format=xml",
                "after=1",
                "after=1:-2",
                "after=0:1,1:2",
                "since=0:1,0:2",
                "until=0:1,",
                "day=2026-11-20",
                "from=2026-11-20&to=2026-11-19"
            })
    void shouldRefuseWhatItDoesNotUnderstand(String query) {
        assertThat(served.get("/v1/users/u1/actions?" + query).statusCode()).isEqualTo(400);
    }

    @Test
    void shouldSayWhatIsNotKeptOrNotDecided() {
        assertThat(served.get("/v1/users/u1/actions?from=2026-10-01").statusCode())
                .isEqualTo(410);

        served.actions.decideNothing();
        HttpResponse<String> response = served.get("/v1/users/u1/actions");
        assertThat(response.statusCode()).isEqualTo(503);
        assertThat(response.headers().firstValue("Retry-After")).hasValue("5");
    }

    @Test
    void shouldReadNothingForAHead() {
        assertThat(served.send("HEAD", "/v1/users/u1/actions").statusCode()).isEqualTo(200);
        assertThat(served.actions.ended.getCount()).isEqualTo(1);
    }

    @ParameterizedTest
    @ValueSource(strings = {"ndjson", "csv"})
    void shouldBreakOffTheConnectionWhereItCannotBeCompleted(String format) {
        // Given
        served.actions.add(row("e1", "a", List.of("actions", "credits"), 1, 3));
        served.actions.repeat(1_000);
        served.actions.failAtTheEnd();

        // When, then
        assertThatExceptionOfType(UncheckedIOException.class)
                .isThrownBy(() -> served.send("GET", "/v1/users/u1/actions?format=" + format));
    }

    @ParameterizedTest
    @ValueSource(strings = {"ndjson", "csv"})
    void shouldBreakOffTheConnectionWhereMemoryEnds(String format) {
        // Given
        served.actions.add(row("e1", "a", List.of("actions", "credits"), 1, 3));
        served.actions.runOutOfMemoryAtTheEnd();

        // When, then
        assertThatExceptionOfType(UncheckedIOException.class)
                .isThrownBy(() -> served.send("GET", "/v1/users/u1/actions?format=" + format));
    }

    private static String request(String version, String format) {
        return "GET /v1/users/u1/actions?format=" + format + " " + version
                + "\r\nHost: localhost\r\nConnection: close\r\n\r\n";
    }

    /** To whoever closes each connection, as many libraries and proxies do, the end of one is no sign that something is missing. */
    @Test
    void shouldTellAPartFromTheWholeWhereTheConnectionIsToBeClosed() {
        // Given
        served.actions.add(row("e1", "a", List.of("actions", "credits"), 1, 3));

        // When, then the last chunk is there
        assertThat(served.sendRaw(request("HTTP/1.1", "csv")))
                .contains("Transfer-Encoding: chunked", "e1")
                .endsWith("\r\n0\r\n\r\n");

        // And where it cannot be finished, it is not
        served.actions.failAtTheEnd();
        served.actions.repeat(1_000);
        assertThat(served.sendRaw(request("HTTP/1.1", "csv")))
                .contains("Transfer-Encoding: chunked")
                .doesNotEndWith("0\r\n\r\n");
    }

    @Test
    void shouldGiveCsvOnlyWhereItCanTellThatItIsWhole() {
        // Given
        served.actions.add(row("e1", "a", List.of("actions", "credits"), 1, 3));

        // When, then
        assertThat(served.sendRaw(request("HTTP/1.0", "csv"))).contains(" 400 ", "proxy_http_version 1.1");
        assertThat(served.sendRaw(request("HTTP/1.0", "ndjson"))).contains(" 200 ", "\"complete\":true");
    }

    @Test
    void shouldRunTwoAtATime() throws Exception {
        // Given
        CountDownLatch gate = served.actions.holdBack();
        CompletableFuture<HttpResponse<String>> first = served.getLater("/v1/users/u1/actions");
        CompletableFuture<HttpResponse<String>> second = served.getLater("/v1/users/u2/actions");

        // When a third comes, then it is told when to come again
        Awaitility.await().atMost(Duration.ofSeconds(10)).until(() -> served.actions.begun() == 2);
        HttpResponse<String> third = served.get("/v1/users/u3/actions");
        assertThat(third.statusCode()).isEqualTo(503);
        assertThat(third.headers().firstValue("Retry-After")).hasValue("10");

        // And once they are done, it may
        gate.countDown();
        assertThat(first.get(10, TimeUnit.SECONDS).body()).contains("complete");
        assertThat(second.get(10, TimeUnit.SECONDS).body()).contains("complete");
        Awaitility.await()
                .atMost(Duration.ofSeconds(10))
                .until(() -> served.get("/v1/users/u3/actions").statusCode() == 200);
    }

    @Test
    void shouldStopWhereTheClientHasGone() throws Exception {
        // Given an export that would go on for long
        served.actions.add(row("e1", "a", List.of("actions", "credits"), 1, 3));
        served.actions.repeat(Integer.MAX_VALUE);

        // When
        try (Socket client =
                new Socket(InetAddress.getLoopbackAddress(), served.api().port())) {
            client.getOutputStream()
                    .write("GET /v1/users/u1/actions HTTP/1.1\r\nHost: localhost\r\n\r\n"
                            .getBytes(StandardCharsets.US_ASCII));
            assertThat(client.getInputStream().readNBytes(100_000)).hasSize(100_000);
        }

        // Then
        assertThat(served.actions.ended.await(10, TimeUnit.SECONDS)).isTrue();
    }

    @Test
    void shouldGiveUpAReaderThatDoesNotRead() throws IOException {
        // Given a stream that takes nothing until it is given up
        CountDownLatch givenUp = new CountDownLatch(1);
        OutputStream stuck = new OutputStream() {
            @Override
            public void write(int one) {
                write(new byte[] {(byte) one}, 0, 1);
            }

            @Override
            public void write(byte[] bytes, int from, int length) {
                try {
                    assertThat(givenUp.await(10, TimeUnit.SECONDS)).isTrue();
                } catch (InterruptedException e) {
                    Thread.currentThread().interrupt();
                }
            }
        };

        // When, then the write ends
        TimedStream.Patience patience = new TimedStream.Patience(Duration.ofMillis(50), Duration.ofHours(1), 0);
        try (TimedStream stream = new TimedStream(stuck, patience, givenUp::countDown)) {
            stream.write(new byte[8]);
        }
        assertThat(givenUp.getCount()).isZero();
    }

    @Test
    void shouldGiveUpAReaderThatTakesLittleOfEachPiece() throws IOException {
        // Given a reader of 100 bytes a second
        AtomicLong nanos = new AtomicLong();
        AtomicInteger givenUp = new AtomicInteger();
        OutputStream slow = new OutputStream() {
            @Override
            public void write(int one) {
                throw new AssertionError("bytes come in arrays");
            }

            @Override
            public void write(byte[] bytes, int from, int length) {
                nanos.addAndGet(Duration.ofSeconds(1).toNanos());
            }
        };
        TimedStream.Patience patience = new TimedStream.Patience(Duration.ofDays(1), Duration.ofSeconds(10), 1_050);

        // When, then it is waited for no longer than for enough
        try (TimedStream stream = new TimedStream(slow, patience, givenUp::incrementAndGet, nanos::get)) {
            for (int second = 0; second < 33; second++) {
                stream.write(new byte[100]);
            }
            for (int second = 0; second < 10; second++) {
                stream.write(new byte[90]);
            }
            assertThat(givenUp).hasValue(0);
            assertThatIOException().isThrownBy(() -> stream.write(new byte[90]));
            assertThat(givenUp).hasValue(1);
        }
    }
}
