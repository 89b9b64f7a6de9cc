package dev.tally.sink.stripe;

import com.stripe.exception.ApiConnectionException;
import com.stripe.exception.AuthenticationException;
import com.stripe.exception.IdempotencyException;
import com.stripe.exception.InvalidRequestException;
import com.stripe.exception.PermissionException;
import com.stripe.exception.RateLimitException;
import com.stripe.exception.StripeException;
import com.stripe.model.StripeError;
import com.stripe.net.HttpHeaders;
import com.stripe.net.StripeResponse;
import dev.tally.sink.reporting.Answer;
import dev.tally.sink.reporting.KnownIdentifier;
import dev.tally.sink.reporting.TransientCause;
import java.net.ConnectException;
import java.net.http.HttpConnectTimeoutException;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.time.ZonedDateTime;
import java.time.format.DateTimeFormatter;
import java.time.format.DateTimeParseException;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import java.util.regex.Pattern;
import javax.net.ssl.SSLHandshakeException;
import org.jspecify.annotations.Nullable;

/** What an exception of stripe-java means for a meter event (observed with 33.3.0, API version 2026-07-29.dahlia). */
final class AnswerMapping {
    private static final Set<String> METER_CODES = Set.of("archived_meter", "no_meter");
    /** What is taken for a code of Stripe's and becomes a reason. */
    static final Pattern STABLE_CODE = Pattern.compile("[a-z0-9_]{1,64}");

    private static final String UNNAMED_REFUSAL = "refused_by_stripe";

    private final InstantSource clock;

    AnswerMapping(InstantSource clock) {
        this.clock = clock;
    }

    Answer of(StripeException failure) {
        return switch (failure) {
            case ApiConnectionException noAnswer -> noAnswer(noAnswer);
            case IdempotencyException e -> new Answer.AccountHalt("idempotency_error", message(e));
            case PermissionException e -> new Answer.AccountHalt("forbidden", message(e));
            case AuthenticationException e -> new Answer.AccountHalt("unauthorized", message(e));
            case RateLimitException e -> retry(TransientCause.RATE_LIMITED, e);
            case InvalidRequestException e -> refused(e);
            default -> byStatus(failure);
        };
    }

    private static Answer noAnswer(ApiConnectionException failure) {
        Throwable cause = failure.getCause();
        if (cause instanceof ConnectException
                || cause instanceof HttpConnectTimeoutException
                || cause instanceof SSLHandshakeException) {
            return new Answer.Transient(TransientCause.NOT_SENT, message(failure), Optional.empty());
        }
        return new Answer.Unknown("no_answer", message(failure));
    }

    private Answer refused(InvalidRequestException failure) {
        String code = Objects.requireNonNullElse(failure.getCode(), "");
        String message = message(failure);
        if (KnownIdentifier.isMeantBy(code, plainMessage(failure))) {
            return new Answer.AlreadyExists();
        }
        if (isMarked(failure, SingleShotHttpClient.EMPTY_BODY) || isMarked(failure, SingleShotHttpClient.NOT_STRIPE)) {
            return retry(TransientCause.NOT_STRIPE, failure);
        }
        if (METER_CODES.contains(code) || isAboutTheMeter(failure)) {
            return retry(TransientCause.METER_UNAVAILABLE, failure);
        }
        return new Answer.Permanent(STABLE_CODE.matcher(code).matches() ? code : UNNAMED_REFUSAL, message);
    }

    /** An event name that is refused, though {@code Reporting} found it well formed, names a meter that is missing or takes nothing. */
    private static boolean isAboutTheMeter(InvalidRequestException failure) {
        return "event_name".equals(failure.getParam());
    }

    private Answer byStatus(StripeException failure) {
        int status = Objects.requireNonNullElse(failure.getStatusCode(), 0);
        if (status >= 200 && status < 300) {
            return new Answer.Unknown("unreadable_answer", message(failure));
        }
        if (status == 409) {
            return retry(TransientCause.KEY_IN_USE, failure);
        }
        if (status >= 500 && isMarked(failure, SingleShotHttpClient.EMPTY_BODY)) {
            return new Answer.Unknown("empty_answer", message(failure));
        }
        return retry(status >= 500 ? TransientCause.SERVER_ERROR : TransientCause.NOT_STRIPE, failure);
    }

    private Answer retry(TransientCause cause, StripeException failure) {
        return new Answer.Transient(cause, message(failure), retryAfter(failure));
    }

    private Optional<Duration> retryAfter(StripeException failure) {
        HttpHeaders headers = headers(failure);
        return headers == null
                ? Optional.empty()
                : headers.firstValue("Retry-After").flatMap(this::parseRetryAfter);
    }

    /** Seconds or an HTTP date (RFC 9110, 10.2.3); anything else counts as absent. */
    private Optional<Duration> parseRetryAfter(String text) {
        String value = text.trim();
        if (!value.isEmpty() && value.length() <= 9 && value.chars().allMatch(c -> c >= '0' && c <= '9')) {
            return Optional.of(Duration.ofSeconds(Long.parseLong(value)));
        }
        try {
            Instant until = ZonedDateTime.parse(value, DateTimeFormatter.RFC_1123_DATE_TIME)
                    .toInstant();
            Duration wait = Duration.between(clock.instant(), until);
            return wait.isNegative() ? Optional.empty() : Optional.of(wait);
        } catch (DateTimeParseException neither) {
            return Optional.empty();
        }
    }

    private static @Nullable HttpHeaders headers(StripeException failure) {
        StripeError error = failure.getStripeError();
        if (error == null) {
            return null;
        }
        StripeResponse response = error.getLastResponse();
        return response == null ? null : response.headers();
    }

    private static boolean isMarked(StripeException failure, String type) {
        StripeError error = failure.getStripeError();
        return error != null && type.equals(error.getType());
    }

    private static @Nullable String plainMessage(StripeException failure) {
        StripeError error = failure.getStripeError();
        return error == null ? failure.getMessage() : error.getMessage();
    }

    private static String message(StripeException failure) {
        return Objects.requireNonNullElse(
                failure.getMessage(), failure.getClass().getSimpleName());
    }
}
