package dev.tally.sink.alerts.channels;

import dev.tally.sink.alerts.WebhookSecrets;
import java.time.Duration;

/**
 * How webhooks are called.
 *
 * @param secrets what messages are signed with; without any nothing is sent
 * @param httpAllowed whether addresses may begin with http://
 * @param privateAllowed whether addresses that are not public may be reached
 * @param timeout deadline of one call, from looking its name up to the head of the answer
 */
public record WebhookSettings(WebhookSecrets secrets, boolean httpAllowed, boolean privateAllowed, Duration timeout) {}
