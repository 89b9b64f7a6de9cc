package dev.tally.sink.alerts.channels;

import dev.tally.sink.alerts.Alert;
import dev.tally.sink.alerts.AlertJson;
import dev.tally.sink.alerts.Attempt;
import dev.tally.sink.alerts.Sender;
import dev.tally.sink.alerts.WebhookAnswers;
import dev.tally.sink.alerts.WebhookUrl;
import java.io.IOException;
import java.net.UnknownHostException;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.util.Base64;
import java.util.Objects;
import java.util.Optional;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeoutException;
import javax.net.ssl.SSLException;
import org.apache.hc.client5.http.DnsResolver;
import org.apache.hc.client5.http.SystemDefaultDnsResolver;
import org.apache.hc.client5.http.classic.methods.HttpPost;
import org.apache.hc.client5.http.config.ConnectionConfig;
import org.apache.hc.client5.http.config.RequestConfig;
import org.apache.hc.client5.http.impl.DefaultSchemePortResolver;
import org.apache.hc.client5.http.impl.classic.CloseableHttpClient;
import org.apache.hc.client5.http.impl.classic.HttpClients;
import org.apache.hc.client5.http.impl.io.ManagedHttpClientConnectionFactory;
import org.apache.hc.client5.http.impl.io.PoolingHttpClientConnectionManagerBuilder;
import org.apache.hc.client5.http.impl.routing.DefaultRoutePlanner;
import org.apache.hc.core5.http.ClassicHttpResponse;
import org.apache.hc.core5.http.ContentType;
import org.apache.hc.core5.http.Header;
import org.apache.hc.core5.http.HttpHeaders;
import org.apache.hc.core5.http.config.Http1Config;
import org.apache.hc.core5.http.io.entity.ByteArrayEntity;
import org.apache.hc.core5.util.Timeout;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Posts alerts as Standard Webhooks has it (specification 1.0: headers {@code webhook-id}, {@code webhook-timestamp}, {@code webhook-signature}).
 *
 * <p>Each call uses a connection of its own, is made once, follows no redirect, sends no cookie and goes through no proxy. Of the answer the
 * status and {@code Retry-After} are read, never the body.
 */
public final class WebhookSender implements Sender, AutoCloseable {
    private static final Logger log = LoggerFactory.getLogger(WebhookSender.class);
    private static final int LONGEST_LINE = 8_192;
    private static final int MOST_HEADERS = 100;

    private final WebhookSettings settings;
    private final Deadline deadline;
    private final CloseableHttpClient client;

    /** Opens nothing yet. */
    public WebhookSender(WebhookSettings settings) {
        this(settings, SystemDefaultDnsResolver.INSTANCE);
    }

    /** @param names looks host names up */
    WebhookSender(WebhookSettings settings, DnsResolver names) {
        this.settings = settings;
        this.deadline = new Deadline(settings.timeout());
        Timeout timeout = Timeout.of(settings.timeout());
        Http1Config limits = Http1Config.custom()
                .setMaxLineLength(LONGEST_LINE)
                .setMaxHeaderCount(MOST_HEADERS)
                .build();
        this.client = HttpClients.custom()
                .setConnectionManager(PoolingHttpClientConnectionManagerBuilder.create()
                        .setDnsResolver(settings.privateAllowed() ? names : new PublicAddresses(names))
                        .setConnectionFactory(ManagedHttpClientConnectionFactory.builder()
                                .http1Config(limits)
                                .build())
                        .setDefaultConnectionConfig(ConnectionConfig.custom()
                                .setConnectTimeout(timeout)
                                .setSocketTimeout(timeout)
                                .build())
                        .setMaxConnTotal(Integer.MAX_VALUE)
                        .setMaxConnPerRoute(Integer.MAX_VALUE)
                        .build())
                .setConnectionReuseStrategy((request, response, context) -> false)
                .setRoutePlanner(new DefaultRoutePlanner(DefaultSchemePortResolver.INSTANCE))
                .setDefaultRequestConfig(RequestConfig.custom()
                        .setResponseTimeout(timeout)
                        .setConnectionRequestTimeout(timeout)
                        .setProtocolUpgradeEnabled(false)
                        .build())
                .setUserAgent("Tally")
                .disableAutomaticRetries()
                .disableRedirectHandling()
                .disableCookieManagement()
                .disableAuthCaching()
                .disableContentCompression()
                .build();
    }

    @Override
    public Attempt send(Alert alert, String address, Instant now) throws InterruptedException {
        if (settings.secrets().isEmpty()) {
            return new Attempt.Failed("no_secret", "alerts.webhook.secrets is not set");
        }
        Optional<WebhookUrl> url = WebhookUrl.parse(address);
        if (url.isEmpty()) {
            return new Attempt.Refused("bad_address", "the address is no http or https address");
        }
        if (url.get().isPlainText() && !settings.httpAllowed()) {
            return new Attempt.Refused("http_refused", "http:// is not allowed by alerts.webhook.http");
        }
        try {
            HttpPost request = request(alert, url.get(), now);
            return deadline.call(() -> exchange(request, now), request::abort);
        } catch (TimeoutException late) {
            return new Attempt.Failed("timeout", "no answer within " + settings.timeout());
        } catch (ExecutionException failure) {
            return failed(Objects.requireNonNull(failure.getCause()));
        } catch (IllegalArgumentException odd) {
            return new Attempt.Refused("bad_address", "the address cannot be posted to");
        }
    }

    private HttpPost request(Alert alert, WebhookUrl url, Instant now) {
        String body = AlertJson.body(alert);
        HttpPost request = new HttpPost(url.target());
        request.setHeader("webhook-id", alert.alertId());
        request.setHeader("webhook-timestamp", Long.toString(now.getEpochSecond()));
        request.setHeader("webhook-signature", settings.secrets().sign(alert.alertId(), now, body));
        url.credentials()
                .ifPresent(user -> request.setHeader(
                        HttpHeaders.AUTHORIZATION,
                        "Basic " + Base64.getEncoder().encodeToString(user.getBytes(StandardCharsets.UTF_8))));
        request.setEntity(new ByteArrayEntity(body.getBytes(StandardCharsets.UTF_8), ContentType.APPLICATION_JSON));
        return request;
    }

    private Attempt exchange(HttpPost request, Instant now) throws IOException {
        ClassicHttpResponse response = client.executeOpen(null, request, null);
        int status = response.getCode();
        Header retryAfter = response.getFirstHeader(HttpHeaders.RETRY_AFTER);
        // Breaks the connection first: closing alone would read the rest of the body, however long it is.
        request.abort();
        try {
            response.close();
        } catch (IOException broken) {
            log.atDebug().log("The rest of an answer was not read");
        }
        return WebhookAnswers.of(status, retryAfter == null ? null : retryAfter.getValue(), now);
    }

    /** Messages of exceptions are left out: they may tell the whole address. */
    private static Attempt failed(Throwable cause) {
        return switch (cause) {
            case PublicAddresses.NotPublicException refused ->
                new Attempt.Refused("address_refused", "the host has an address that is not public");
            case UnknownHostException unknown -> new Attempt.Failed("unknown_host", "the host has no address");
            case SSLException tls ->
                new Attempt.Failed(
                        "tls", "no trusted connection: " + tls.getClass().getSimpleName());
            case IOException broken ->
                new Attempt.Failed(
                        "connection", "no answer: " + broken.getClass().getSimpleName());
            default -> Deadline.unexpected(cause);
        };
    }

    @Override
    public void close() {
        deadline.close();
        try {
            client.close();
        } catch (IOException broken) {
            log.atDebug().log("A connection to a webhook did not close in order");
        }
    }
}
