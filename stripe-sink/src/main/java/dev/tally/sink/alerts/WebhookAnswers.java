package dev.tally.sink.alerts;

import java.time.DateTimeException;
import java.time.Duration;
import java.time.Instant;
import java.time.ZonedDateTime;
import java.time.format.DateTimeFormatter;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/** What the status of an endpoint's answer means; by Standard Webhooks 2xx is success and 410 asks to stop. */
public final class WebhookAnswers {
    private static final int TOO_MANY_REQUESTS = 429;
    private static final int GONE = 410;

    private WebhookAnswers() {}

    /** @param retryAfter the header of that name: seconds or a date */
    public static Attempt of(int status, @Nullable String retryAfter, Instant now) {
        String detail = "answered " + status;
        return switch (status / 100) {
            case 2 -> new Attempt.Delivered();
            case 3 -> new Attempt.Failed("redirect", detail);
            case 4 ->
                status == GONE
                        ? new Attempt.Gone()
                        : new Attempt.Failed(
                                status == TOO_MANY_REQUESTS ? "rate_limited" : "client_error",
                                detail,
                                retryAfter(retryAfter, now));
            case 5 -> new Attempt.Failed("server_error", detail, retryAfter(retryAfter, now));
            default -> new Attempt.Failed("odd_answer", detail);
        };
    }

    private static Optional<Duration> retryAfter(@Nullable String header, Instant now) {
        if (header == null) {
            return Optional.empty();
        }
        String text = header.trim();
        if (text.matches("\\d{1,9}")) {
            return Optional.of(Duration.ofSeconds(Integer.parseInt(text)));
        }
        try {
            Instant at = ZonedDateTime.parse(text, DateTimeFormatter.RFC_1123_DATE_TIME)
                    .toInstant();
            return at.isAfter(now) ? Optional.of(Duration.between(now, at)) : Optional.empty();
        } catch (DateTimeException unreadable) {
            return Optional.empty();
        }
    }
}
