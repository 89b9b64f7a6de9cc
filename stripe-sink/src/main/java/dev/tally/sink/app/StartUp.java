package dev.tally.sink.app;

import dev.tally.schemas.topics.Topics;
import dev.tally.settings.CommonSettings;
import dev.tally.sink.delivery.DeliveryStatus;
import dev.tally.sink.delivery.DeliveryTopics;
import dev.tally.sink.delivery.PartitionCounts;
import dev.tally.sink.seats.SeatsTopics;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.Base64;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.common.KafkaException;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Waits at start until everything the delivery needs is there, and says what it waits for. */
final class StartUp {
    private static final Logger log = LoggerFactory.getLogger(StartUp.class);
    private static final Duration PATIENCE = Duration.ofSeconds(5);
    private static final Duration PAUSE = Duration.ofSeconds(1);

    private final SinkSettings settings;
    private final DeliveryStatus status;
    private final CountDownLatch stop;

    /** {@code stop} ends the waiting. */
    StartUp(SinkSettings settings, DeliveryStatus status, CountDownLatch stop) {
        this.settings = settings;
        this.status = status;
        this.stop = stop;
    }

    /** Start cannot succeed, however long it waits. */
    static final class ImpossibleException extends RuntimeException {
        private static final long serialVersionUID = 1L;

        ImpossibleException(String message) {
            super(message);
        }
    }

    @FunctionalInterface
    private interface Check {
        /** What is missing; empty when nothing is. */
        Optional<String> missing() throws InterruptedException;
    }

    /** Returns true when all is there, false when the process is to stop. */
    boolean await() throws InterruptedException {
        try (Admin admin = Admin.create(settings.delivery().kafka())) {
            return await(() -> topicsMissing(admin)) && await(this::registryMissing);
        }
    }

    private boolean await(Check check) throws InterruptedException {
        String said = "";
        while (stop.getCount() > 0) {
            Optional<String> missing = check.missing();
            if (missing.isEmpty()) {
                return true;
            }
            status.notReady("waiting: " + missing.get());
            if (!said.equals(missing.get())) {
                said = missing.get();
                log.atWarn().addKeyValue("reason", said).log("Waiting, then starting by itself");
            }
            if (stop.await(PAUSE.toMillis(), TimeUnit.MILLISECONDS)) {
                return false;
            }
        }
        return false;
    }

    private Optional<String> topicsMissing(Admin admin) throws InterruptedException {
        DeliveryTopics topics = settings.delivery().topics();
        String meters = Topics.of(settings.parsed()).meters();
        SeatsTopics seats = settings.seats().topics();
        List<String> names = List.of(
                topics.facts(),
                topics.ledger(),
                topics.deadLetters(),
                topics.requests(),
                meters,
                seats.changes(),
                seats.ledger(),
                seats.subscriptions());
        PartitionCounts counts;
        try {
            counts = PartitionCounts.of(admin, names, PATIENCE);
        } catch (KafkaException silent) {
            return Optional.of("Kafka at " + brokers() + " does not answer: " + silent.getMessage());
        }
        if (!counts.missing().isEmpty()) {
            return Optional.of("topics " + counts.missing() + " are missing; `tally topics apply` creates them");
        }
        counts.inequality(topics.facts(), topics.ledger()).ifPresent(StartUp::fail);
        counts.inequality(topics.facts(), topics.requests()).ifPresent(StartUp::fail);
        counts.inequality(seats.changes(), seats.ledger()).ifPresent(StartUp::fail);
        return Optional.empty();
    }

    private static void fail(String reason) {
        throw new ImpossibleException(reason);
    }

    private Optional<String> registryMissing() throws InterruptedException {
        String urls = settings.parsed().string(CommonSettings.SCHEMA_REGISTRY_URL);
        String problem = "";
        try (HttpClient client =
                HttpClient.newBuilder().connectTimeout(PATIENCE).build()) {
            for (String url : urls.split(",", -1)) {
                try {
                    int answer = client.send(registryRequest(url.trim()), HttpResponse.BodyHandlers.discarding())
                            .statusCode();
                    if (answer == 200) {
                        return Optional.empty();
                    }
                    problem = "answers " + answer;
                } catch (IOException | IllegalArgumentException failure) {
                    problem = "does not answer: " + failure;
                }
            }
        }
        return Optional.of("schema registry at " + urls + " " + problem);
    }

    private HttpRequest registryRequest(String url) {
        HttpRequest.Builder request = HttpRequest.newBuilder(URI.create(url.replaceAll("/+$", "") + "/subjects"))
                .timeout(PATIENCE);
        String credentials = settings.parsed().string(CommonSettings.SCHEMA_REGISTRY_BASIC_AUTH);
        if (!credentials.isEmpty()) {
            byte[] bytes = credentials.getBytes(StandardCharsets.UTF_8);
            request.header("Authorization", "Basic " + Base64.getEncoder().encodeToString(bytes));
        }
        return request.build();
    }

    private String brokers() {
        return settings.parsed().string(CommonSettings.BOOTSTRAP_SERVERS);
    }
}
