package dev.tally.sink.alerts;

import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.EnumSet;
import java.util.List;
import java.util.Locale;
import java.util.Set;

/**
 * Who is told of an alert, and why others are not. One of the two is never empty: each alert has a named outcome.
 *
 * @param recipients webhooks first
 * @param skips why nobody, or not everybody, is told
 */
public record Routing(List<Recipient> recipients, Set<Skip> skips) {
    /** An alert is tried for so long from its append time on; one that is read later is told to nobody. */
    public static final Duration LIFE = Duration.ofDays(3);

    /** Why somebody is not told. */
    public enum Skip {
        /** It was read more than {@link #LIFE} after it was appended: history is not mailed when delivery is turned on. */
        EXPIRED,
        /** Its window had ended when it was decided; such alerts are not mailed. */
        LATE,
        /** There are e-mail addresses, and no SMTP server is set. */
        MAIL_OFF,
        /** The catalogue names nobody. */
        NOBODY;

        /** As in metrics. */
        public String code() {
            return name().toLowerCase(Locale.ROOT);
        }
    }

    /** Copies the lists. */
    public Routing {
        recipients = List.copyOf(recipients);
        skips = Set.copyOf(skips);
    }

    /** From when on an alert is not tried any more. */
    public static Instant deadline(Instant appendedAt) {
        return appendedAt.plus(LIFE);
    }

    /** Decides at {@code now} about an alert that was appended at {@code appendedAt}. */
    public static Routing of(Alert alert, Instant appendedAt, Contacts contacts, boolean mailOn, Instant now) {
        if (!now.isBefore(deadline(appendedAt))) {
            return new Routing(List.of(), Set.of(Skip.EXPIRED));
        }
        List<Recipient> recipients = new ArrayList<>();
        Set<Skip> skips = EnumSet.noneOf(Skip.class);
        contacts.webhooks().forEach(url -> recipients.add(new Recipient(Channel.WEBHOOK, url)));
        if (!contacts.emails().isEmpty()) {
            if (!mailOn) {
                skips.add(Skip.MAIL_OFF);
            } else if (alert.late()) {
                skips.add(Skip.LATE);
            } else {
                contacts.emails().forEach(email -> recipients.add(new Recipient(Channel.MAIL, email)));
            }
        }
        if (recipients.isEmpty() && skips.isEmpty()) {
            skips.add(Skip.NOBODY);
        }
        return new Routing(recipients, skips);
    }
}
