package dev.tally.sink.testing;

import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.function.ToIntFunction;

/** Receives webhooks on a free port of 127.0.0.1, and answers as a test says. */
public final class WebhookEndpoint implements AutoCloseable {
    private final HttpServer server;
    private final ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor();
    private final List<Received> received = new CopyOnWriteArrayList<>();
    private volatile ToIntFunction<Received> answer = request -> 204;

    /** One request. */
    public record Received(String path, Map<String, List<String>> headers, String body) {
        public String header(String name) {
            return headers.entrySet().stream()
                    .filter(header -> header.getKey().equalsIgnoreCase(name))
                    .map(header -> header.getValue().getFirst())
                    .findFirst()
                    .orElse("");
        }

        /** The alert it is about. */
        public String alertId() {
            return header("webhook-id");
        }
    }

    private WebhookEndpoint(HttpServer server) {
        this.server = server;
    }

    public static WebhookEndpoint start() throws IOException {
        WebhookEndpoint endpoint =
                new WebhookEndpoint(HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 100));
        endpoint.server.setExecutor(endpoint.threads);
        endpoint.server.createContext("/", endpoint::handle);
        endpoint.server.start();
        return endpoint;
    }

    public String url(String path) {
        return "http://127.0.0.1:" + server.getAddress().getPort() + path;
    }

    /** Decides the status of answers from here on. */
    public void answer(ToIntFunction<Received> status) {
        answer = status;
    }

    public List<Received> received() {
        return received;
    }

    /** Ids of the alerts that were posted to a path, in order. */
    public List<String> alerts(String path) {
        return received.stream()
                .filter(one -> one.path().equals(path))
                .map(Received::alertId)
                .toList();
    }

    private void handle(HttpExchange exchange) throws IOException {
        String body = new String(exchange.getRequestBody().readAllBytes(), StandardCharsets.UTF_8);
        Received one = new Received(
                Objects.toString(exchange.getRequestURI()), Map.copyOf(exchange.getRequestHeaders()), body);
        received.add(one);
        int status = answer.applyAsInt(one);
        if (status / 100 == 3) {
            exchange.getResponseHeaders().set("Location", url("/redirected"));
        }
        exchange.sendResponseHeaders(status, -1);
        exchange.close();
    }

    @Override
    public void close() {
        server.stop(0);
        threads.shutdownNow();
    }
}
