package dev.tally.sink.stripe;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.stripe.StripeClient;
import com.stripe.exception.StripeException;
import com.stripe.net.ApiResource.RequestMethod;
import com.stripe.net.FormEncoder;
import com.stripe.param.v2.core.EventListParams;
import dev.tally.sink.reporting.ErrorReading;
import dev.tally.sink.reporting.ErrorReport;
import java.net.URI;
import java.time.DateTimeException;
import java.time.Instant;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Reads {@code GET /v2/core/events}, page by page. The answers are read as JSON: stripe-java 33.3.0 gives no access to what a report says
 * ({@code Reason}, {@code ErrorType} and {@code SampleError} have no accessors).
 */
public final class StripeJavaErrors implements StripeErrors {
    private static final Logger log = LoggerFactory.getLogger(StripeJavaErrors.class);
    private static final ObjectMapper JSON = new ObjectMapper();
    private static final List<String> TYPES =
            List.of("v1.billing.meter.error_report_triggered", "v1.billing.meter.no_meter_found");
    private static final String EVENTS = "/v2/core/events";
    private static final long PAGE = 100;

    private final StripeClient client;
    private final AnswerMapping mapping;

    /**
     * Reads through a client; nothing is sent yet.
     *
     * @param clock used for Retry-After dates only
     */
    public StripeJavaErrors(StripeClient client, InstantSource clock) {
        this.client = client;
        this.mapping = new AnswerMapping(clock);
    }

    @Override
    public ErrorReading since(Instant oldest) throws InterruptedException {
        return Attempt.<ErrorReading>read(mapping, () -> pages(oldest), ErrorReading.Untold::new);
    }

    private ErrorReading pages(Instant oldest) throws StripeException {
        EventListParams params = EventListParams.builder()
                .addAllType(TYPES)
                .setCreated(EventListParams.Created.builder().setGte(oldest).build())
                .setLimit(PAGE)
                .build();
        List<ErrorReport> reports = new ArrayList<>();
        JsonNode page = get(EVENTS + "?" + FormEncoder.createQueryString(params.toMap()));
        while (true) {
            for (JsonNode event : page.path("data")) {
                report(whole(event)).ifPresent(reports::add);
            }
            String next = page.path("next_page_url").asText("");
            if (next.isEmpty() || page.path("data").isEmpty()) {
                return new ErrorReading.Told(reports);
            }
            page = get(relative(next));
        }
    }

    /** Stripe's list has the data of each event; should it leave it out, the event itself has it. */
    private JsonNode whole(JsonNode event) throws StripeException {
        return event.path("data").isObject()
                ? event
                : get(EVENTS + "/" + event.path("id").asText());
    }

    private JsonNode get(String path) throws StripeException {
        return json(client.rawRequest(RequestMethod.GET, path, null).body());
    }

    private static String relative(String url) {
        URI uri = URI.create(url);
        return uri.getRawPath() + (uri.getRawQuery() == null ? "" : "?" + uri.getRawQuery());
    }

    /** Empty, and said in the log, where it is no report: it must not hide the others. */
    private static Optional<ErrorReport> report(JsonNode event) {
        JsonNode data = event.path("data");
        try {
            Instant created = Instant.parse(event.path("created").asText());
            List<ErrorReport.Sample> samples = new ArrayList<>();
            for (JsonNode type : data.path("reason").path("error_types")) {
                for (JsonNode sample : type.path("sample_errors")) {
                    String identifier =
                            sample.path("request").path("identifier").asText("");
                    if (!identifier.isEmpty()) {
                        samples.add(new ErrorReport.Sample(
                                identifier,
                                code(type.path("code").asText()),
                                sample.path("error_message").asText("")));
                    }
                }
            }
            JsonNode meter = event.path("related_object").path("id");
            return Optional.of(new ErrorReport(
                    event.path("id").asText(),
                    created,
                    meter.isTextual() ? meter.asText() : null,
                    time(data.path("validation_start"), created),
                    time(data.path("validation_end"), created),
                    data.path("reason").path("error_count").asLong(samples.size()),
                    samples));
        } catch (DateTimeException unreadable) {
            log.atError()
                    .addKeyValue("event", event.path("id").asText())
                    .addKeyValue("reason", unreadable.getMessage())
                    .log("An error report of Stripe cannot be read and is passed over");
            return Optional.empty();
        }
    }

    /** Becomes part of a reason, in headers and metrics. */
    private static String code(String told) {
        return AnswerMapping.STABLE_CODE.matcher(told).matches() ? told : "unknown";
    }

    private static Instant time(JsonNode text, Instant otherwise) {
        return text.isTextual() ? Instant.parse(text.asText()) : otherwise;
    }

    private static JsonNode json(String body) {
        try {
            return JSON.readTree(body);
        } catch (JsonProcessingException unreadable) {
            throw new IllegalArgumentException("answer is no JSON", unreadable);
        }
    }
}
