package dev.tally.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.PrintStream;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

class WatchCommandTest {

    private final ByteArrayOutputStream printed = new ByteArrayOutputStream();
    private final Deque<String> answers = new ArrayDeque<>();
    private final List<Optional<String>> seen = new ArrayList<>();
    private HttpServer app;

    @BeforeEach
    void start() throws IOException {
        app = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
        app.createContext("/", this::answer);
        app.start();
    }

    @AfterEach
    void stop() {
        app.stop(0);
    }

    /** The next of the answers: a stream, or a problem with the status that it begins with. */
    private void answer(HttpExchange exchange) throws IOException {
        seen.add(Optional.ofNullable(exchange.getRequestHeaders().getFirst("Last-Event-ID")));
        String next = answers.remove();
        boolean refused = next.startsWith("4") || next.startsWith("5");
        byte[] body = (refused ? next.substring(3) : next).getBytes(StandardCharsets.UTF_8);
        exchange.sendResponseHeaders(refused ? Integer.parseInt(next.substring(0, 3)) : 200, body.length);
        exchange.getResponseBody().write(body);
        exchange.close();
    }

    private static String usage(int used) {
        return "id: 2026-11-21T00:00:00Z/" + used
                + "\nevent: usage\ndata: {\"subject\":\"user:u%2F1\",\"meter\":\"actions\","
                + "\"window\":{\"start\":\"2026-11-21T00:00:00Z\"},\"used\":" + used + ",\"limit\":null}\n\n";
    }

    @Test
    void shouldPrintEachChangeAndTakeUpAStreamThatBreaks() {
        // Given
        answers.add("retry: 700\n\n" + usage(1) + ": beat\n\n" + usage(2) + "event: other\ndata: {}\n\n");
        answers.add("503{}");
        answers.add(usage(2) + "event: status\ndata: {\"ready\":false,\"reason\":\"moving\"}\n\n" + usage(3));
        answers.add("404{\"title\":\"The catalogue has no such meter\",\"detail\":\"meter actions\"}");
        String address = "http://127.0.0.1:" + app.getAddress().getPort();

        // When
        Exit exit = catchThrowableOfType(
                Exit.class,
                () -> new WatchCommand.Watch(
                                new AppClient(address),
                                new PrintStream(printed, true, StandardCharsets.UTF_8),
                                () -> {})
                        .follow(UsageCommand.pathBelow("user:u%2F1", "/usage/stream", "actions")));

        // Then
        assertThat(exit.code()).isEqualTo(Exit.USAGE);
        assertThat(printed.toString(StandardCharsets.UTF_8).lines())
                .containsExactly(
                        "user:u%2F1 actions 2026-11-21: 1",
                        "user:u%2F1 actions 2026-11-21: 2",
                        "(no answer at the moment)",
                        "user:u%2F1 actions 2026-11-21: 2",
                        "(no answer at the moment)",
                        "user:u%2F1 actions 2026-11-21: 3",
                        "(no answer at the moment)");
        assertThat(seen)
                .containsExactly(
                        Optional.empty(),
                        Optional.of("2026-11-21T00:00:00Z/2"),
                        Optional.of("2026-11-21T00:00:00Z/2"),
                        Optional.of("2026-11-21T00:00:00Z/3"));
    }

    @Test
    void shouldEndWhereNobodyCanAnswerAtTheBeginning() {
        answers.add("503{\"title\":\"The answer is not available at the moment\",\"detail\":\"starting\"}");
        assertThat(Main.run(
                        "watch",
                        "user:u%2F1",
                        "--app",
                        "http://127.0.0.1:" + app.getAddress().getPort()))
                .isEqualTo(Exit.UNREACHABLE);
        assertThat(Main.run("watch", "user:u%2F1", "--app", "http://127.0.0.1:1"))
                .isEqualTo(Exit.UNREACHABLE);
    }
}
