package dev.tally.sink.app;

import dev.tally.sink.alerts.AlertOutcome;
import dev.tally.sink.alerts.Channel;
import dev.tally.sink.alerts.Routing;
import dev.tally.sink.alerts.delivery.AlertListener;
import dev.tally.sink.delivery.DeliveryStatus;
import io.micrometer.core.instrument.Gauge;
import io.micrometer.core.instrument.MeterRegistry;
import java.time.InstantSource;

/** The metrics of alert delivery; their names and tags are part of what operators rely on. */
final class AlertMetrics implements AlertListener {
    /** Alerts per address by {@code channel}, {@code outcome} (delivered, dead) and {@code reason}. */
    static final String OUTCOMES = "tally.alerts.outcomes";

    /** Failed attempts that are made again, by {@code channel} and {@code reason}. */
    static final String RETRIES = "tally.alerts.retries";

    /** Alerts that somebody, or everybody, was not told of, by {@code reason}: expired, late, mail_off, nobody, read_again, unreadable. */
    static final String SKIPPED = "tally.alerts.skipped";

    /** Alerts that wait for an address. */
    static final String WAITING = "tally.alerts.waiting";

    /** Age in seconds of the oldest of them, by its time in the topic; 0 when there is none. */
    static final String OLDEST_WAITING_AGE = "tally.alerts.oldest.waiting.age";

    private final MeterRegistry registry;

    AlertMetrics(MeterRegistry registry, DeliveryStatus status, InstantSource clock) {
        this.registry = registry;
        for (Channel channel : Channel.values()) {
            registry.counter(OUTCOMES, "channel", channel.code(), "outcome", "delivered", "reason", "none");
        }
        Gauge.builder(WAITING, status, now -> now.snapshot().pending()).register(registry);
        Gauge.builder(OLDEST_WAITING_AGE, status, now -> SinkMetrics.oldestAge(now, clock))
                .baseUnit("seconds")
                .register(registry);
    }

    @Override
    public void retried(Channel channel, String reason) {
        registry.counter(RETRIES, "channel", channel.code(), "reason", reason).increment();
    }

    @Override
    public void settled(Channel channel, AlertOutcome outcome) {
        switch (outcome) {
            case AlertOutcome.Delivered() -> count(channel, "delivered", "none");
            case AlertOutcome.Dead(String reason, String detail) -> count(channel, "dead", reason);
        }
    }

    private void count(Channel channel, String outcome, String reason) {
        registry.counter(OUTCOMES, "channel", channel.code(), "outcome", outcome, "reason", reason)
                .increment();
    }

    @Override
    public void skipped(Routing.Skip skip) {
        registry.counter(SKIPPED, "reason", skip.code()).increment();
    }

    @Override
    public void readAgain() {
        registry.counter(SKIPPED, "reason", "read_again").increment();
    }

    @Override
    public void unreadable(String reason) {
        registry.counter(SKIPPED, "reason", "unreadable").increment();
    }
}
