package dev.tally.sink.alerts;

import java.util.Locale;

/** How an address is told. */
public enum Channel {
    WEBHOOK,
    MAIL;

    /** As in metrics and logs. */
    public String code() {
        return name().toLowerCase(Locale.ROOT);
    }
}
