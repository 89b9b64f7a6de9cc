package dev.tally.cli.stack;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class LocalStackTest {

    @TempDir
    private Path data = Path.of("unset");

    @Test
    void shouldNameEveryPortThatCannotBeUsed() throws IOException {
        // Given
        List<Integer> free = freePorts(3);
        try (ServerSocket taken = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
            // When
            List<String> problems = LocalStack.portProblems(
                    options(free.get(0), taken.getLocalPort(), free.get(1), free.get(1), 70_000));

            // Then
            assertThat(problems)
                    .containsExactly(
                            "port " + taken.getLocalPort() + " is busy (--registry-port chooses another)",
                            "--sink-port and --http-port are both " + free.get(1),
                            "--stripe-port 70000 is no port");
        }
    }

    @Test
    void shouldNameTheControllersPortOfEarlierStarts() throws IOException {
        // Given
        List<Integer> free = freePorts(5);
        try (ServerSocket taken = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
            Files.createDirectories(data.resolve("kafka"));
            Files.writeString(data.resolve("kafka/controller.port"), taken.getLocalPort() + "\n");

            // When
            List<String> problems =
                    LocalStack.portProblems(options(free.get(0), free.get(1), free.get(2), free.get(3), free.get(4)));

            // Then
            assertThat(problems).singleElement().asString().contains("" + taken.getLocalPort(), "controller");
        }
    }

    @Test
    void shouldFindNothingWrongWithFreePorts() throws IOException {
        // Given
        List<Integer> free = freePorts(5);

        // When, then
        assertThat(LocalStack.portProblems(options(free.get(0), free.get(1), free.get(2), free.get(3), free.get(4))))
                .isEmpty();
    }

    @Test
    void shouldDeleteItsOwnStateAndNothingElse() throws IOException {
        // Given
        Files.writeString(data.resolve(LocalStack.LOCK), "");
        Files.createDirectories(data.resolve("kafka/data/actions-0"));
        Files.writeString(data.resolve("kafka/data/actions-0/00.log"), "x");
        Files.writeString(data.resolve("notes.txt"), "mine");

        // When
        LocalStack.deleteState(data);

        // Then
        assertThat(data.resolve("kafka")).doesNotExist();
        assertThat(data.resolve("notes.txt")).exists();
        assertThat(data.resolve(LocalStack.LOCK)).exists();
    }

    @Test
    void shouldTellItsOwnFolderFromOthers() throws IOException {
        // Given
        Path others = data.resolve("others");
        Path empty = Files.createDirectories(others.resolve("logs"));
        Path own = Files.createDirectories(data.resolve("own"));
        Files.writeString(own.resolve(LocalStack.LOCK), "");

        // When, then
        assertThat(LocalStack.looksLikeState(others)).isFalse();
        assertThat(LocalStack.looksLikeState(own)).isTrue();
        assertThat(LocalStack.looksLikeState(empty)).as("empty").isTrue();
        assertThat(LocalStack.looksLikeState(data.resolve("absent"))).isTrue();
    }

    private StackOptions options(int kafka, int registry, int http, int sink, int stripe) {
        return new StackOptions(data, data, kafka, registry, http, sink, stripe, null, Map.of());
    }

    private static List<Integer> freePorts(int count) throws IOException {
        List<ServerSocket> sockets = new ArrayList<>();
        List<Integer> ports = new ArrayList<>();
        for (int i = 0; i < count; i++) {
            ServerSocket socket = new ServerSocket(0, 1, InetAddress.getLoopbackAddress());
            sockets.add(socket);
            ports.add(socket.getLocalPort());
        }
        for (ServerSocket socket : sockets) {
            socket.close();
        }
        return ports;
    }
}
