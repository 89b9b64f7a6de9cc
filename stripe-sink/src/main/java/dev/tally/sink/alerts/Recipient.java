package dev.tally.sink.alerts;

/**
 * Who is told of an alert.
 *
 * @param address of the webhook, or e-mail address
 */
public record Recipient(Channel channel, String address) {

    /** Key of the ledger entry of an alert to this recipient. */
    public String ledgerKey(String alertId) {
        return alertId + "/" + Digests.hex(channel.name(), address).substring(0, 32);
    }

    /** The channel alone: addresses may hold secrets. */
    @Override
    public String toString() {
        return "Recipient[" + channel.code() + "]";
    }
}
