package dev.tally.sink.alerts.delivery;

import dev.tally.sink.reporting.RetryRule;
import java.time.Duration;
import java.util.Map;
import java.util.Optional;

/**
 * Everything alert delivery needs to know.
 *
 * @param kafka client settings common to consumers, producer and admin client
 * @param group consumer group
 * @param transactionalId id of the transactional producer; another process with the same one is fenced
 * @param groupInstanceId static membership, where the instance has a lasting name
 * @param webhooksOn whether webhooks can be signed; without it their alerts wait
 * @param mailOn whether there is an SMTP server; without it nobody is mailed
 * @param retryRule waits between attempts
 * @param maxWaiting alerts of one partition that wait for one address; more become dead letters while attempts there fail
 * @param maxWaitingInAll alerts that wait in this process before reading pauses
 * @param maxInFlight attempts at the same time over one channel
 * @param revokeWait how long a lost partition's running attempts are waited for
 */
public record AlertSettings(
        Map<String, Object> kafka,
        AlertTopics topics,
        String group,
        String transactionalId,
        Optional<String> groupInstanceId,
        boolean webhooksOn,
        boolean mailOn,
        RetryRule retryRule,
        int maxWaiting,
        int maxWaitingInAll,
        int maxInFlight,
        Duration revokeWait) {
    /** Copies the client settings and refuses limits under 1. */
    public AlertSettings {
        kafka = Map.copyOf(kafka);
        if (maxWaiting < 1 || maxWaitingInAll < 1 || maxInFlight < 1) {
            throw new IllegalArgumentException("limits must be at least 1");
        }
    }
}
