package dev.tally.e2e;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import org.junit.jupiter.api.Test;

/** Starts that cannot work say why and end. */
class BadStartE2E {

    @Test
    void shouldNameABusyPort() throws IOException {
        try (ServerSocket taken = new ServerSocket()) {
            taken.bind(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0));

            // When
            Tally.Result result = Tally.run(
                    "up",
                    "--data",
                    Tally.ROOT.resolve("e2e/target/stacks/busy").toString(),
                    "--http-port",
                    "" + taken.getLocalPort());

            // Then
            assertThat(result.code()).isEqualTo(2);
            assertThat(result.output()).contains("port " + taken.getLocalPort() + " is busy");
        }
    }

    @Test
    void shouldNotStartTwice() {
        try (LocalStack running = new LocalStack("twice")) {
            running.start();

            // When
            Tally.Result second =
                    Tally.run(running.command().subList(1, running.command().size()), "");

            // Then it names every port, and the first one lives
            assertThat(second.code()).as(second.output()).isEqualTo(2);
            assertThat(second.output())
                    .contains("--kafka-port", "--registry-port", "--http-port", "--sink-port", "--stripe-port")
                    .contains("is busy");
            assertThat(new Wire(running).get(running.app() + "/health/ready").isObject())
                    .isTrue();
        }
    }

    @Test
    void shouldListAllProblemsOfSettings() {
        // When
        Tally.Result result = Tally.run(
                "up",
                "--set",
                "lateness.horizn=1h",
                "--set",
                "history.retention=soon",
                "--set",
                "num.stream.threads=0",
                "--set",
                "stripe.max.in.flight=-1");

        // Then
        assertThat(result.code()).isEqualTo(2);
        assertThat(result.output())
                .contains("lateness.horizn", "history.retention", "num.stream.threads", "stripe.max.in.flight");
    }

    @Test
    void shouldSayThatAServerCannotBeReached() {
        // When
        Tally.Result result = Tally.run("topics", "check", "--bootstrap-server", "127.0.0.1:1");

        // Then
        assertThat(result.code()).isEqualTo(3);
        assertThat(result.output()).contains("cannot reach Kafka at 127.0.0.1:1");
    }
}
