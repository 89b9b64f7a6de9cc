package dev.tally.bench.variant;

import com.fasterxml.jackson.databind.ObjectMapper;
import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.util.function.Supplier;

/** How a baseline program is asked by the bench: {@code /phase}, and {@code /findings} once it is done. */
final class VariantServer {

    private static final ObjectMapper JSON = new ObjectMapper();

    private VariantServer() {}

    static void start(int port, Supplier<String> phase, Supplier<Findings> findings) {
        try {
            HttpServer server = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), port), 0);
            server.createContext("/phase", exchange -> answer(exchange, phase.get()));
            server.createContext("/findings", exchange -> answer(exchange, findings.get()));
            server.start();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private static void answer(HttpExchange exchange, Object value) throws IOException {
        byte[] bytes = JSON.writeValueAsBytes(value);
        exchange.sendResponseHeaders(200, bytes.length);
        exchange.getResponseBody().write(bytes);
        exchange.close();
    }

    /** Heap in use at the moment. */
    static long heapBytes() {
        Runtime runtime = Runtime.getRuntime();
        return runtime.totalMemory() - runtime.freeMemory();
    }
}
