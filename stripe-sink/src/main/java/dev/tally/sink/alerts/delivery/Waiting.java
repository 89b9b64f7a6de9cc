package dev.tally.sink.alerts.delivery;

import dev.tally.sink.alerts.Recipient;
import dev.tally.sink.delivery.FactRecord;

/**
 * An alert on its way to one address.
 *
 * @param origin the alert as it was read
 * @param catalogueOffset the subscription record that named the address
 */
record Waiting(FactRecord origin, String alertId, String subject, Recipient recipient, long catalogueOffset) {
    String ledgerKey() {
        return recipient.ledgerKey(alertId);
    }
}
