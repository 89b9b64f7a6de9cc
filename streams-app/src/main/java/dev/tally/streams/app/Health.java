package dev.tally.streams.app;

import dev.tally.streams.state.Freshness;
import java.time.Duration;
import java.time.InstantSource;
import java.util.Optional;
import org.apache.kafka.streams.KafkaStreams;
import org.jspecify.annotations.Nullable;

/** What the process is doing, as its health endpoints tell it. */
final class Health {

    private static final Duration SILENT_AT_MOST = Duration.ofSeconds(30);

    private final InstantSource clock;
    private volatile String waitingFor = "starting";
    private volatile @Nullable Running running;

    private record Running(KafkaStreams streams, Freshness freshness) {}

    Health(InstantSource clock) {
        this.clock = clock;
    }

    void waitingFor(String what) {
        waitingFor = what;
        running = null;
    }

    void running(KafkaStreams streams, Freshness freshness) {
        running = new Running(streams, freshness);
    }

    /** Whether the process can still do its work; false once only a restart can help. */
    boolean live() {
        Running started = running;
        return started == null || !started.streams().state().hasStartedOrFinishedShuttingDown();
    }

    /** Why requests cannot be answered; empty when they can. */
    Optional<String> notReadyBecause() {
        Running started = running;
        if (started == null) {
            return Optional.of(waitingFor);
        }
        KafkaStreams.State state = started.streams().state();
        if (state != KafkaStreams.State.RUNNING) {
            return Optional.of("Kafka Streams is " + state);
        }
        return started.freshness()
                .longestSilence(clock.instant())
                .filter(silence -> silence.compareTo(SILENT_AT_MOST) > 0)
                .map(silence ->
                        "a partition has not moved for " + silence.toSeconds() + " s: the brokers may be out of reach");
    }
}
