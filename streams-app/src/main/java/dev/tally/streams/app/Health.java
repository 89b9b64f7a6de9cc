package dev.tally.streams.app;

import java.util.Optional;
import org.apache.kafka.streams.KafkaStreams;
import org.jspecify.annotations.Nullable;

/** What the process is doing, as its health endpoints tell it. */
final class Health {

    private volatile String waitingFor = "starting";
    private volatile @Nullable KafkaStreams streams;

    void waitingFor(String what) {
        waitingFor = what;
    }

    void running(KafkaStreams started) {
        streams = started;
    }

    /** Whether the process can still do its work; false once only a restart can help. */
    boolean live() {
        KafkaStreams started = streams;
        return started == null || !started.state().hasStartedOrFinishedShuttingDown();
    }

    /** Why requests cannot be answered; empty when they can. */
    Optional<String> notReadyBecause() {
        KafkaStreams started = streams;
        if (started == null) {
            return Optional.of(waitingFor);
        }
        KafkaStreams.State state = started.state();
        return state == KafkaStreams.State.RUNNING ? Optional.empty() : Optional.of("Kafka Streams is " + state);
    }
}
