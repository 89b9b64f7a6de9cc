package dev.tally.e2e;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.Test;

/** Both apps, started before broker, topics and registry are there: they wait, say for what, and then work. */
class AwayAtStartE2E {

    private static final String PREFIX = "away.";
    private static final Duration PATIENCE = Duration.ofMinutes(2);
    private static final int ACTIONS = 10;

    private final HttpClient http = HttpClient.newHttpClient();

    @Test
    void shouldWaitForBrokerTopicsAndRegistryThenWork() throws Exception {
        Path folder = Files.createDirectories(Tally.ROOT.resolve(
                "e2e/target/stacks/away-apps-" + ProcessHandle.current().pid()));
        try (LocalStack stack = new LocalStack("away");
                RegistryGate registry = new RegistryGate(LocalStack.freePort())) {
            // When nothing is there
            int appPort = LocalStack.freePort();
            int sinkPort = LocalStack.freePort();
            Path appLog = folder.resolve("streams-app.log");
            Path sinkLog = folder.resolve("stripe-sink.log");
            Process app = start("dev.tally.streams.app.Main", appLog, stack, registry, appPort, folder);
            Process sink = start("dev.tally.sink.app.Main", sinkLog, stack, registry, sinkPort, folder);
            try {
                // Then
                awaitText(appLog, "waiting for Kafka at " + stack.bootstrapServers());
                awaitText(sinkLog, "Kafka at");
                assertWaits(appPort);
                assertWaits(sinkPort);

                // When the broker is there, without their topics
                stack.start();

                // Then
                awaitText(appLog, "tally topics apply");
                awaitText(sinkLog, "tally topics apply");
                assertWaits(appPort);
                assertWaits(sinkPort);

                // When topics, catalogue and actions are there, and the registry is not
                run(stack, "topics", "apply");
                run(stack, "catalog", "apply", "demo");
                publish(stack);

                // Then
                awaitText(appLog, registry.url());
                awaitText(sinkLog, "127.0.0.1:" + URI.create(registry.url()).getPort());
                assertWaits(sinkPort);
                assertThat(app.isAlive()).isTrue();
                assertThat(sink.isAlive()).isTrue();

                // When it comes
                registry.open(stack.registryOrigin());

                // Then
                Awaitility.await().atMost(PATIENCE).untilAsserted(() -> {
                    HttpResponse<String> usage = get(appPort, "/v1/users/waited/usage");
                    assertThat(usage.statusCode()).as(usage.body()).isEqualTo(200);
                    assertThat(usage.body()).contains("\"used\":" + ACTIONS + ",");
                });
                Awaitility.await()
                        .atMost(PATIENCE)
                        .untilAsserted(
                                () -> assertThat(get(sinkPort, "/health/ready").statusCode())
                                        .isEqualTo(200));
                assertThat(new Wire(stack).records(PREFIX + "dead-letters")).isEmpty();
            } finally {
                end(app);
                end(sink);
            }
            assertThat(app.exitValue()).isIn(0, 143);
            assertThat(sink.exitValue()).isIn(0, 143);
        }
    }

    private static Process start(String main, Path log, LocalStack stack, RegistryGate registry, int port, Path folder)
            throws IOException {
        List<String> settings = new ArrayList<>(List.of(
                "bootstrap.servers=" + stack.bootstrapServers(),
                "schema.registry.url=" + registry.url(),
                "http.port=" + port,
                "application.id=away",
                "topic.prefix=" + PREFIX));
        settings.add(
                main.startsWith("dev.tally.sink")
                        ? "stripe.api.base=" + stack.stripe()
                        : "state.dir=" + folder.resolve("state"));
        return Tally.start(main, folder, log, settings);
    }

    private static void end(Process process) throws InterruptedException {
        process.destroy();
        if (!process.waitFor(40, TimeUnit.SECONDS)) {
            process.destroyForcibly().waitFor();
        }
    }

    private static void awaitText(Path log, String text) {
        Awaitility.await()
                .atMost(PATIENCE)
                .untilAsserted(() -> assertThat(Files.readString(log)).contains(text));
    }

    /** Lives, and says that it is not ready. */
    private void assertWaits(int port) {
        assertThat(get(port, "/health/live").statusCode()).isEqualTo(200);
        assertThat(get(port, "/health/ready").statusCode()).isEqualTo(503);
    }

    private HttpResponse<String> get(int port, String path) {
        try {
            return http.send(
                    HttpRequest.newBuilder(URI.create("http://127.0.0.1:" + port + path))
                            .build(),
                    HttpResponse.BodyHandlers.ofString());
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new IllegalStateException(e);
        }
    }

    private static void publish(LocalStack stack) {
        StringBuilder lines = new StringBuilder();
        for (int i = 0; i < ACTIONS; i++) {
            lines.append("{\"eventId\":\"w%d\",\"occurredAt\":\"%s\",\"userId\":\"waited\",\"actionType\":\"x\"}\n"
                    .formatted(i, Instant.now()));
        }
        run(stack, lines.toString(), List.of("publish", "-"));
    }

    private static void run(LocalStack stack, String... command) {
        run(stack, "", List.of(command));
    }

    private static void run(LocalStack stack, String input, List<String> command) {
        List<String> all = new ArrayList<>(command);
        all.addAll(List.of(stack.servers()));
        all.addAll(List.of("--prefix", PREFIX));
        Tally.Result result = Tally.run(all, input);
        assertThat(result.code()).as(result.output()).isZero();
    }
}
