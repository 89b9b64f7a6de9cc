package dev.tally.streams.http;

import static org.assertj.core.api.Assertions.assertThat;

import dev.tally.keys.Subject;
import dev.tally.streams.http.EventStream.Event;
import dev.tally.streams.http.live.LiveTimes;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** Streams of usage over real sockets. */
class UsageStreamTest {

    private static final String DAY = "2026-11-21";
    private static final String PATH = "/v1/users/u1/usage/stream";
    private static final Subject USER = Subject.user("u1");

    private final ServedApi served = new ServedApi();

    @AfterEach
    void stop() {
        served.close();
    }

    @Test
    void shouldBeginWithWhatUsageAnswers() throws IOException {
        // Given
        served.counts.count(USER, "credits", DAY, 42);
        served.counts.limit(USER, 500);

        // When
        try (EventStream stream = served.stream(PATH + "?meter=credits")) {
            Event event = stream.next();

            // Then
            assertThat(event)
                    .isEqualTo(new Event(
                            "2026-11-21T00:00:00Z/42",
                            "usage",
                            served.get("/v1/users/u1/usage?meter=credits").body()));
            HttpResponse<?> response = stream.response();
            assertThat(response.statusCode()).isEqualTo(200);
            assertThat(response.headers().firstValue("Content-Type")).hasValue("text/event-stream");
            assertThat(response.headers().firstValue("Cache-Control")).hasValue("no-store");
            assertThat(response.headers().firstValue("X-Accel-Buffering")).hasValue("no");
            served.document().assertDescribes("GET", PATH, 200, "text/event-stream", "");
        }
    }

    @Test
    void shouldTellEachOfTwoListenersOfAChange() {
        // Given
        Subject org = Subject.org("o/1");
        String path = "/v1/orgs/o%2F1/usage/stream";
        try (EventStream one = served.stream(path);
                EventStream other = served.stream(path)) {
            one.next();
            other.next();

            // When
            served.counts.count(org, "actions", DAY, 7);
            served.changes.notice(org);

            // Then
            String usage = served.get("/v1/orgs/o%2F1/usage").body();
            assertThat(one.next().data()).isEqualTo(usage).contains("\"used\":7");
            assertThat(other.next().data()).isEqualTo(usage);
            assertThat(served.changes.watchers(org)).isEqualTo(1);
        }
    }

    @Test
    void shouldGoOnFromTheLastEventSeen() {
        // Given
        served.counts.count(USER, "actions", DAY, 40);

        // When
        try (EventStream byHeader = served.stream(PATH, "Last-Event-ID", "2026-11-21T00:00:00Z/42");
                EventStream byParameter = served.stream(PATH + "?lastEventId=2026-11-21T00:00:00Z/39")) {

            // Then
            assertThat(byHeader.next().name()).isEqualTo("status");
            assertThat(byParameter.next().id()).endsWith("/40");
            served.counts.count(USER, "actions", DAY, 43);
            served.changes.notice(USER);
            assertThat(byHeader.next().id()).endsWith("/43");
        }
    }

    @Test
    void shouldSayWhatIsWrongBeforeTheFirstEvent() {
        assertThat(served.get(PATH + "?meter=none").statusCode()).isEqualTo(404);
        assertThat(served.get(PATH + "?day=2026-11-21").statusCode()).isEqualTo(400);
        served.counts.goAway(Duration.ofSeconds(3));
        HttpResponse<String> away = served.get(PATH);
        assertThat(away.statusCode()).isEqualTo(503);
        assertThat(away.headers().firstValue("Retry-After")).hasValue("3");
        served.waitFor("waiting for Kafka");
        assertThat(served.get(PATH).body()).contains("waiting for Kafka");
    }

    @Test
    void shouldRefuseOneStreamTooMany() {
        try (EventStream one = served.stream(PATH);
                EventStream two = served.stream(PATH);
                EventStream three = served.stream(PATH)) {
            // Given
            assertThat(one.next().name()).isEqualTo("usage");
            assertThat(two.next().name()).isEqualTo("usage");
            assertThat(three.next().name()).isEqualTo("usage");

            // When
            HttpResponse<String> four = served.get(PATH);

            // Then
            assertThat(four.statusCode()).isEqualTo(503);
            assertThat(four.headers().firstValue("Retry-After")).isPresent();
        }
    }

    @Test
    void shouldAnswerHeadWithoutAStream() {
        HttpResponse<String> head = served.send("HEAD", PATH);
        assertThat(head.statusCode()).isEqualTo(200);
        assertThat(served.api().liveFigures().open()).isZero();
    }

    @Test
    void shouldNoticeThatAListenerIsGone() {
        // Given
        EventStream stream = served.stream(PATH);
        stream.next();
        assertThat(served.api().liveFigures().open()).isEqualTo(1);

        // When
        stream.close();

        // Then
        int[] used = {0};
        Awaitility.await().atMost(Duration.ofSeconds(20)).untilAsserted(() -> {
            served.counts.count(USER, "actions", DAY, ++used[0]);
            served.changes.notice(USER);
            assertThat(served.api().liveFigures().open()).isZero();
        });
        assertThat(served.changes.watchers(USER)).isZero();
    }

    @Test
    void shouldEndStreamsWhenItStops() {
        // Given
        try (EventStream stream = served.stream(PATH)) {
            stream.next();

            // When
            served.api().endStreams();

            // Then
            assertThat(stream.ends()).isTrue();
            assertThat(served.get(PATH).statusCode()).isEqualTo(503);
        }
    }

    /** The slow listener takes nothing, so what is sent to it fills its socket's buffers until a write does not come back. */
    @Test
    void shouldDropWhoDoesNotReadAndServeTheOthers() throws IOException {
        // Given
        LiveTimes usual = LiveTimes.USUAL;
        LiveTimes hasty = new LiveTimes(
                Duration.ZERO,
                usual.recheck(),
                usual.retry(),
                usual.beat(),
                Duration.ofMillis(300),
                usual.disbelief(),
                usual.lost());
        Subject longNamed = Subject.user("/".repeat(250));
        String path = "/v1/users/" + "%2F".repeat(250) + "/usage/stream";
        try (ServedApi quick = new ServedApi(true, hasty);
                Socket slow = new Socket()) {
            slow.setReceiveBufferSize(1_024);
            slow.connect(new InetSocketAddress(
                    InetAddress.getLoopbackAddress(), quick.api().port()));
            slow.getOutputStream()
                    .write(("GET " + path + " HTTP/1.1\r\nHost: localhost\r\n\r\n")
                            .getBytes(StandardCharsets.ISO_8859_1));
            Awaitility.await().until(() -> quick.api().liveFigures().open() == 1);

            // When
            long used = 0;
            long deadline = System.nanoTime() + Duration.ofSeconds(60).toNanos();
            while (quick.api().liveFigures().dropped() == 0 && System.nanoTime() < deadline) {
                quick.counts.count(longNamed, "actions", DAY, ++used);
                quick.changes.notice(longNamed);
            }

            // Then
            assertThat(quick.api().liveFigures().dropped()).isEqualTo(1);
            Awaitility.await()
                    .atMost(Duration.ofSeconds(20))
                    .until(() -> quick.api().liveFigures().open() == 0);
            try (EventStream other = quick.stream(path)) {
                assertThat(other.next().data()).contains("\"used\":" + used + ",");
            }
        }
    }
}
