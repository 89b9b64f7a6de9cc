package dev.tally.sink.alerts;

import java.util.List;

/**
 * Where the alerts of one subject go, as the catalogue has it now.
 *
 * @param webhooks addresses of webhooks, none twice
 * @param emails e-mail addresses, none twice
 * @param catalogueOffset offset of the subscription record that names the webhooks; rises with each change of it
 */
public record Contacts(List<String> webhooks, List<String> emails, long catalogueOffset) {
    /** Nobody. */
    public static final Contacts NONE = new Contacts(List.of(), List.of(), -1);

    /** Copies the lists. */
    public Contacts {
        webhooks = List.copyOf(webhooks);
        emails = List.copyOf(emails);
    }

    /** Whether they have this recipient. */
    public boolean have(Recipient recipient) {
        return switch (recipient.channel()) {
            case WEBHOOK -> webhooks.contains(recipient.address());
            case MAIL -> emails.contains(recipient.address());
        };
    }

    /** Tells how many there are: addresses may hold secrets. */
    @Override
    public String toString() {
        return "Contacts[webhooks=" + webhooks.size() + ", emails=" + emails.size() + "]";
    }
}
