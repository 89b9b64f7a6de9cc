package dev.tally.sink.delivery;

import dev.tally.sink.reporting.RetryRule;
import java.time.Duration;
import java.util.Map;
import java.util.Optional;

/**
 * Everything the delivery needs to know.
 *
 * @param kafka client settings common to consumers, producer and admin client
 * @param group consumer group
 * @param transactionalId id of the transactional producer; another process with the same one is fenced
 * @param groupInstanceId static membership, where the instance has a lasting name
 * @param maxInFlight calls to Stripe at the same time
 * @param maxPending facts per partition that are being delivered before reading pauses
 * @param commitInterval longest time an outcome waits for its transaction while others are still open
 * @param revokeWait how long a lost partition's running calls are waited for, so that their outcomes are kept
 * @param ledgerMemory how far back the ledger is remembered; Stripe takes nothing older than 35 days
 * @param retryRule waits between attempts
 * @param sumsDelay how long what Stripe took may be missing from its sums
 */
public record DeliverySettings(
        Map<String, Object> kafka,
        DeliveryTopics topics,
        String group,
        String transactionalId,
        Optional<String> groupInstanceId,
        int maxInFlight,
        int maxPending,
        Duration commitInterval,
        Duration revokeWait,
        Duration ledgerMemory,
        RetryRule retryRule,
        Duration sumsDelay) {
    /** Copies the client settings and refuses limits under 1. */
    public DeliverySettings {
        kafka = Map.copyOf(kafka);
        if (maxInFlight < 1 || maxPending < 1) {
            throw new IllegalArgumentException("limits must be at least 1");
        }
    }
}
