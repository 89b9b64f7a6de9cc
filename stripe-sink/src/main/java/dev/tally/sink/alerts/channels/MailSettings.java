package dev.tally.sink.alerts.channels;

import java.time.Duration;

/**
 * How mail is sent.
 *
 * @param host SMTP server
 * @param user to log in with; empty: without a login
 * @param from address that mail comes from
 * @param timeout deadline of one mail, from connecting to the server's answer
 */
public record MailSettings(
        String host, int port, Tls tls, String user, String password, String from, Duration timeout) {

    /** How the connection is protected. */
    public enum Tls {
        /** Not at all. */
        NONE,
        /** STARTTLS, refused where the server has it not. */
        STARTTLS,
        /** TLS from the first byte. */
        TLS
    }

    /** Leaves user and password out. */
    @Override
    public String toString() {
        return "MailSettings[" + host + ":" + port + ", tls=" + tls + ", from=" + from + "]";
    }
}
