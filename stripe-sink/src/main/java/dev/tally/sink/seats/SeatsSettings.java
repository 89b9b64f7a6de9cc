package dev.tally.sink.seats;

import dev.tally.sink.reporting.RetryRule;
import java.time.Duration;
import java.util.Map;
import java.util.Optional;

/**
 * Everything the seats need to know.
 *
 * @param kafka client settings common to consumers, producer and admin client
 * @param group consumer group
 * @param transactionalId id of the transactional producer; another process with the same one is fenced
 * @param groupInstanceId static membership, where the instance has a lasting name
 * @param maxInFlight calls to Stripe at the same time
 * @param callsPerSecond limit on calls to Stripe
 * @param updatesPerHour limit on updates of one subscription
 * @param debounce how long a change waits for further ones, and the shortest time between two updates of an item
 * @param checkInterval how often each item is compared with the ledger
 * @param repair whether an item that differs is set to the ledger's quantity
 * @param revokeWait how long a lost partition's running calls are waited for, so that their outcomes are kept
 * @param retryRule waits between attempts
 */
public record SeatsSettings(
        Map<String, Object> kafka,
        SeatsTopics topics,
        String group,
        String transactionalId,
        Optional<String> groupInstanceId,
        int maxInFlight,
        int callsPerSecond,
        int updatesPerHour,
        Duration debounce,
        Duration checkInterval,
        boolean repair,
        Duration revokeWait,
        RetryRule retryRule) {
    /** What Stripe takes of one subscription (its page on rate limits). */
    public static final int UPDATES_PER_HOUR = 200;

    /** Copies the client settings and refuses limits that let nothing pass. */
    public SeatsSettings {
        kafka = Map.copyOf(kafka);
        if (maxInFlight < 1 || callsPerSecond < 1 || updatesPerHour < 1 || debounce.isNegative()) {
            throw new IllegalArgumentException("limits must be at least 1, the debounce not negative");
        }
    }
}
