package dev.tally.sink.testing;

import static org.assertj.core.api.Assertions.assertThat;

import java.net.InetAddress;
import java.net.Socket;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.Test;

final class MailServerTest {

    @Test
    void shouldFailNoTestThatWaitsWhileAClientHangsUp() throws Exception {
        try (MailServer server = new MailServer()) {
            server.start();
            Socket client = new Socket(InetAddress.getLoopbackAddress(), server.port());
            assertThat(client.getInputStream().read()).isEqualTo('2');
            int port = client.getLocalPort();
            assertThat(served(port)).isTrue();

            // Awaitility throws what any thread dies of while it waits.
            client.setSoLinger(true, 0);
            Awaitility.await().until(() -> {
                client.close();
                return !served(port);
            });
        }
    }

    private static boolean served(int port) {
        return Thread.getAllStackTraces().keySet().stream()
                .anyMatch(thread -> thread.getName().endsWith(":" + port));
    }
}
