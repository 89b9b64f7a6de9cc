package dev.tally.sink.alerts.delivery;

import java.util.List;

/**
 * The topics of alert delivery.
 *
 * @param alerts quota alerts, key subject
 * @param ledger state of each alert at each address, same partition number as the alert
 * @param deadLetters alerts that an address was not told of, key subject
 * @param subscriptions name webhooks and e-mail addresses
 * @param memberships name the owners of organisations
 */
public record AlertTopics(String alerts, String ledger, String deadLetters, String subscriptions, String memberships) {
    List<String> all() {
        return List.of(alerts, ledger, deadLetters, subscriptions, memberships);
    }
}
