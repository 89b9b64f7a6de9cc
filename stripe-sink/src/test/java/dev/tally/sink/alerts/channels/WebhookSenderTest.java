package dev.tally.sink.alerts.channels;

import static org.assertj.core.api.Assertions.assertThat;

import com.standardwebhooks.Webhook;
import dev.tally.sink.alerts.AlertExamples;
import dev.tally.sink.alerts.AlertJson;
import dev.tally.sink.alerts.Attempt;
import dev.tally.sink.alerts.WebhookSecrets;
import dev.tally.sink.testing.WebhookEndpoint;
import dev.tally.sink.testing.WebhookEndpoint.Received;
import java.io.IOException;
import java.io.OutputStream;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.concurrent.atomic.AtomicInteger;
import org.apache.hc.client5.http.DnsResolver;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

final class WebhookSenderTest {
    private static final String SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";
    private static final Duration TIMEOUT = Duration.ofSeconds(5);

    @Test
    void shouldPostASignedMessage() throws Exception {
        try (WebhookEndpoint endpoint = WebhookEndpoint.start();
                WebhookSender sender = sender(SECRET, TIMEOUT)) {
            // When
            Instant now = Instant.now();
            Attempt attempt = sender.send(
                    AlertExamples.alert(), endpoint.url("/hook?token=1").replace("//", "//me:my%20word@"), now);

            // Then
            assertThat(attempt).isEqualTo(new Attempt.Delivered());
            Received received = endpoint.received().getFirst();
            assertThat(received.path()).isEqualTo("/hook?token=1");
            assertThat(received.body()).isEqualTo(AlertJson.body(AlertExamples.alert()));
            assertThat(received.header("webhook-id")).isEqualTo("a-1");
            assertThat(received.header("Content-Type")).startsWith("application/json");
            assertThat(received.header("Authorization")).isEqualTo("Basic bWU6bXkgd29yZA==");
            new Webhook(SECRET)
                    .verify(
                            received.body(),
                            Map.of(
                                    "webhook-id", List.of(received.header("webhook-id")),
                                    "webhook-timestamp", List.of(received.header("webhook-timestamp")),
                                    "webhook-signature", List.of(received.header("webhook-signature"))));
        }
    }

    @Test
    void shouldFollowNoRedirectAndRepeatNothing() throws Exception {
        try (WebhookEndpoint endpoint = WebhookEndpoint.start();
                WebhookSender sender = sender(SECRET, TIMEOUT)) {
            endpoint.answer(request -> request.path().equals("/busy") ? 503 : 307);

            assertThat(sender.send(AlertExamples.alert(), endpoint.url("/from"), Instant.now()))
                    .isEqualTo(new Attempt.Failed("redirect", "answered 307"));
            assertThat(sender.send(AlertExamples.alert(), endpoint.url("/busy"), Instant.now()))
                    .isEqualTo(new Attempt.Failed("server_error", "answered 503"));
            assertThat(endpoint.received()).extracting(Received::path).containsExactly("/from", "/busy");
        }
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "http://127.0.0.1:1/", "http://localhost:1/", "http://[::1]:1/", "http://[::ffff:127.0.0.1]:1/",
                "http://2130706433:1/", "http://0x7f.1:1/", "http://169.254.169.254/latest/meta-data", "http://0:1/"
            })
    void shouldNotReachPrivateAddresses(String address) throws Exception {
        try (WebhookSender sender =
                new WebhookSender(new WebhookSettings(WebhookSecrets.parse(SECRET), true, false, TIMEOUT))) {
            assertThat(sender.send(AlertExamples.alert(), address, Instant.now()))
                    .isIn(
                            new Attempt.Refused("address_refused", "the host has an address that is not public"),
                            new Attempt.Failed("unknown_host", "the host has no address"),
                            new Attempt.Refused("bad_address", "the address is no http or https address"));
        }
    }

    /** The name has a public address whenever somebody looks at it twice. */
    @Test
    void shouldConnectToTheVeryAddressThatWasChecked() throws Exception {
        try (WebhookEndpoint endpoint = WebhookEndpoint.start()) {
            AtomicInteger lookUps = new AtomicInteger();
            DnsResolver names =
                    names(() -> lookUps.incrementAndGet() == 1 ? List.of("127.0.0.1", "1.1.1.1") : List.of("1.1.1.1"));
            WebhookSettings settings = new WebhookSettings(WebhookSecrets.parse(SECRET), true, false, TIMEOUT);
            try (WebhookSender sender = new WebhookSender(settings, names)) {
                Attempt attempt = sender.send(
                        AlertExamples.alert(), endpoint.url("/").replace("127.0.0.1", "rebind.example"), Instant.now());

                assertThat(attempt).isInstanceOf(Attempt.Refused.class);
                assertThat(lookUps).hasValue(1);
                assertThat(endpoint.received()).isEmpty();
            }
        }
    }

    @Test
    void shouldLookANameUpOncePerAttempt() throws Exception {
        try (WebhookEndpoint endpoint = WebhookEndpoint.start()) {
            AtomicInteger lookUps = new AtomicInteger();
            DnsResolver names = names(() -> {
                lookUps.incrementAndGet();
                return List.of("127.0.0.1");
            });
            WebhookSettings settings = new WebhookSettings(WebhookSecrets.parse(SECRET), true, true, TIMEOUT);
            try (WebhookSender sender = new WebhookSender(settings, names)) {
                String address = endpoint.url("/").replace("127.0.0.1", "inside.example");
                assertThat(sender.send(AlertExamples.alert(), address, Instant.now()))
                        .isEqualTo(new Attempt.Delivered());
                assertThat(lookUps).hasValue(1);
            }
        }
    }

    @Test
    void shouldNotWaitForAnEndpointThatDripsOrNeverAnswers() throws Exception {
        try (ServerSocket silent = new ServerSocket(0, 10, InetAddress.getLoopbackAddress());
                ServerSocket dripping = new ServerSocket(0, 10, InetAddress.getLoopbackAddress());
                WebhookSender sender = sender(SECRET, Duration.ofMillis(400))) {
            Thread.startVirtualThread(() -> drip(dripping, "HTTP/1.1 200 OK\r\nX: " + "x".repeat(2_000)));

            assertThat(sender.send(AlertExamples.alert(), url(silent), Instant.now()))
                    .matches(WebhookSenderTest::isLate, "late");
            assertThat(sender.send(AlertExamples.alert(), url(dripping), Instant.now()))
                    .matches(WebhookSenderTest::isLate, "late");
        }
    }

    @Test
    void shouldNotReadTheBodyOfAnAnswer() throws Exception {
        try (ServerSocket endless = new ServerSocket(0, 10, InetAddress.getLoopbackAddress());
                WebhookSender sender = sender(SECRET, TIMEOUT)) {
            Thread.startVirtualThread(() ->
                    drip(endless, "HTTP/1.1 200 OK\r\nContent-Length: 1000000000\r\n\r\n" + "x".repeat(1_000_000)));

            assertThat(sender.send(AlertExamples.alert(), url(endless), Instant.now()))
                    .isEqualTo(new Attempt.Delivered());
        }
    }

    @Test
    void shouldSayWhyNothingIsSent() throws Exception {
        try (WebhookSender unsigned = sender("", TIMEOUT);
                WebhookSender strict =
                        new WebhookSender(new WebhookSettings(WebhookSecrets.parse(SECRET), false, true, TIMEOUT))) {
            assertThat(unsigned.send(AlertExamples.alert(), "https://h.example/", Instant.now()))
                    .isEqualTo(new Attempt.Failed("no_secret", "alerts.webhook.secrets is not set"));
            assertThat(strict.send(AlertExamples.alert(), "http://127.0.0.1:1/", Instant.now()))
                    .isEqualTo(new Attempt.Refused("http_refused", "http:// is not allowed by alerts.webhook.http"));
            assertThat(strict.send(AlertExamples.alert(), "gopher://h", Instant.now()))
                    .isInstanceOf(Attempt.Refused.class);
            assertThat(strict.send(AlertExamples.alert(), "https://127.0.0.1:1/secret-path", Instant.now()))
                    .isInstanceOf(Attempt.Failed.class)
                    .asString()
                    .doesNotContain("secret-path");
        }
    }

    private static boolean isLate(Attempt attempt) {
        return attempt instanceof Attempt.Failed(String reason, String detail, var retryAfter)
                && (reason.equals("timeout") || reason.equals("connection"));
    }

    private static WebhookSender sender(String secrets, Duration timeout) {
        return new WebhookSender(new WebhookSettings(WebhookSecrets.parse(secrets), true, true, timeout));
    }

    private static String url(ServerSocket server) {
        return "http://127.0.0.1:" + server.getLocalPort() + "/";
    }

    /** Reads nothing, and writes one byte after the other for as long as somebody listens. */
    private static void drip(ServerSocket server, String answer) {
        try (Socket socket = server.accept()) {
            OutputStream out = socket.getOutputStream();
            boolean inOne = answer.length() > 100_000;
            byte[] bytes = answer.getBytes(StandardCharsets.US_ASCII);
            if (inOne) {
                out.write(bytes);
            }
            for (int i = 0; !inOne && i < bytes.length; i++) {
                out.write(bytes[i]);
                out.flush();
                java.util.concurrent.locks.LockSupport.parkNanos(20_000_000);
            }
        } catch (IOException clientLeft) {
            // As it should be.
        }
    }

    private static DnsResolver names(java.util.function.Supplier<List<String>> addresses) {
        return new DnsResolver() {
            @Override
            public InetAddress[] resolve(String host) throws java.net.UnknownHostException {
                List<String> literals = addresses.get();
                InetAddress[] resolved = new InetAddress[literals.size()];
                for (int i = 0; i < resolved.length; i++) {
                    resolved[i] = InetAddress.getByName(literals.get(i));
                }
                return resolved;
            }

            @Override
            public String resolveCanonicalHostname(String host) {
                return host;
            }
        };
    }
}
