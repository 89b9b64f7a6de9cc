package dev.tally.sink.alerts;

import java.math.BigDecimal;
import java.math.RoundingMode;
import java.time.Instant;
import java.time.ZoneOffset;
import java.time.format.DateTimeFormatter;
import java.util.Locale;
import org.jspecify.annotations.Nullable;

/**
 * An alert as a mail that a person reads. Ids come from producers and may hold anything: control characters never get into a mail, so that none
 * can start a header or a line.
 *
 * @param messageId the same for an alert and address at each attempt, without angle brackets
 * @param subject one short line
 * @param text plain text, lines end with a line feed
 */
public record AlertMail(String messageId, String subject, String text) {
    private static final int LONGEST_ID = 100;
    private static final int LONGEST_SUBJECT = 160;
    private static final DateTimeFormatter MINUTE =
            DateTimeFormatter.ofPattern("yyyy-MM-dd HH:mm 'UTC'", Locale.ROOT).withZone(ZoneOffset.UTC);

    /** The mail of an alert to one address; {@code domain} is the sender's, for the message id. */
    public static AlertMail of(Alert alert, String address, String domain) {
        String id = Digests.hex(alert.alertId(), address).substring(0, 40) + "@" + domain;
        String subject = "[Tally] " + plain(alert.subject(), LONGEST_ID) + ", " + plain(alert.meter(), LONGEST_ID)
                + ": " + shortly(alert);
        return new AlertMail(id, plain(subject, LONGEST_SUBJECT), text(alert));
    }

    private static String text(Alert alert) {
        StringBuilder text = new StringBuilder(sentence(alert)).append("\n\n");
        line(text, "Account", alert.subject());
        line(text, "Limit of", alert.scope().toLowerCase(Locale.ROOT) + " " + alert.scopeId());
        line(text, "Meter", alert.meter());
        line(text, "Used", used(alert));
        line(text, "Window", time(alert.windowStart()) + " to " + time(alert.windowEnd()));
        if (alert.resetsAt() != null) {
            line(text, "Resets at", time(alert.resetsAt()));
        }
        if (alert.planId() != null) {
            line(text, "Plan", alert.planId());
        }
        line(text, "Decided at", time(alert.at()));
        line(text, "Cause", alert.cause());
        line(text, "Alert id", alert.alertId());
        return text.toString();
    }

    private static void line(StringBuilder text, String name, String value) {
        text.append(String.format(Locale.ROOT, "%-12s%s%n", name, plain(value, 2 * LONGEST_ID))
                .replace(System.lineSeparator(), "\n"));
    }

    private static String shortly(Alert alert) {
        return switch (alert.kind()) {
            case WARNING -> percent(alert.threshold()) + " of the limit used";
            case REACHED -> "limit reached";
            case EXCEEDED -> "limit exceeded";
            case POOL_LOW -> "pool is low";
            case RECOVERED -> "below " + percent(alert.threshold()) + " of the limit again";
            case ANOMALY -> "far more usage than usual";
            case SILENCE -> "far less usage than usual";
            case UNKNOWN -> "alert";
        };
    }

    private static String sentence(Alert alert) {
        return switch (alert.kind()) {
            case WARNING -> "Usage has reached " + percent(alert.threshold()) + " of a limit.";
            case REACHED -> "A limit is reached.";
            case EXCEEDED -> "A limit is exceeded.";
            case POOL_LOW -> "Little is left of what the plan and its grants cover.";
            case RECOVERED -> "Usage is below " + percent(alert.threshold()) + " of a limit again.";
            case ANOMALY -> "There is far more usage than usual.";
            case SILENCE -> "There is far less usage than usual.";
            case UNKNOWN -> "There is an alert of a kind that this version of Tally does not know.";
        };
    }

    private static String percent(@Nullable Integer threshold) {
        return threshold == null ? "a share" : threshold + " %";
    }

    private static String used(Alert alert) {
        Long limit = alert.limit();
        if (limit == null) {
            return Long.toString(alert.used());
        }
        String of = alert.kind() == Alert.Kind.ANOMALY || alert.kind() == Alert.Kind.SILENCE ? " (usual: " : " of ";
        String figures = alert.used() + of + limit;
        if (of.endsWith(": ")) {
            return figures + ")";
        }
        return limit <= 0
                ? figures
                : figures + " ("
                        + BigDecimal.valueOf(alert.used())
                                .multiply(BigDecimal.valueOf(100))
                                .divide(BigDecimal.valueOf(limit), 0, RoundingMode.DOWN)
                        + " %)";
    }

    private static String time(Instant instant) {
        return MINUTE.format(instant);
    }

    /** Without characters that act instead of being seen, and not longer than {@code longest} characters. */
    private static String plain(String text, int longest) {
        StringBuilder plain = new StringBuilder();
        text.codePoints().limit(longest).forEach(character -> plain.appendCodePoint(acts(character) ? '?' : character));
        return plain.toString();
    }

    private static boolean acts(int character) {
        return switch (Character.getType(character)) {
            case Character.CONTROL,
                    Character.FORMAT,
                    Character.SURROGATE,
                    Character.UNASSIGNED,
                    Character.LINE_SEPARATOR,
                    Character.PARAGRAPH_SEPARATOR -> true;
            default -> false;
        };
    }
}
