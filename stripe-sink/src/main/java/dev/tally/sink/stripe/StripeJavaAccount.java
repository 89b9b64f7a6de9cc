package dev.tally.sink.stripe;

import com.stripe.StripeClient;
import com.stripe.exception.StripeException;
import com.stripe.model.StripeCollection;
import com.stripe.model.billing.Meter;
import com.stripe.net.StripeResponse;
import com.stripe.param.billing.MeterListParams;
import dev.tally.sink.reporting.AccountReading;
import dev.tally.sink.reporting.AccountReading.StripeTime;
import dev.tally.sink.reporting.StripeMeter;
import java.time.Instant;
import java.time.InstantSource;
import java.time.ZonedDateTime;
import java.time.format.DateTimeFormatter;
import java.time.format.DateTimeParseException;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.Optional;

/** Reads {@code GET /v1/billing/meters}, page by page, and the {@code Date} of its answer. */
public final class StripeJavaAccount implements StripeAccount {
    private static final long PAGE = 100;

    private final StripeClient client;
    private final InstantSource clock;
    private final AnswerMapping mapping;

    /** Reads through a client; nothing is sent yet. */
    public StripeJavaAccount(StripeClient client, InstantSource clock) {
        this.client = client;
        this.clock = clock;
        this.mapping = new AnswerMapping(clock);
    }

    @Override
    public AccountReading read() throws InterruptedException {
        return Attempt.<AccountReading>read(mapping, this::pages, AccountReading.Untold::new);
    }

    private AccountReading pages() throws StripeException {
        List<StripeMeter> meters = new ArrayList<>();
        MeterListParams.Builder params = MeterListParams.builder().setLimit(PAGE);
        while (true) {
            Instant asked = clock.instant();
            StripeCollection<Meter> page = client.v1().billing().meters().list(params.build());
            Instant answered = clock.instant();
            List<Meter> found = page.getData();
            found.forEach(meter -> meters.add(meter(meter)));
            if (found.isEmpty() || !Boolean.TRUE.equals(page.getHasMore())) {
                return new AccountReading.Told(
                        meters, said(page.getLastResponse()).map(said -> new StripeTime(said, asked, answered)));
            }
            params.setStartingAfter(found.getLast().getId());
        }
    }

    /** A field that Stripe leaves out is empty here, and judged like any other that is not as it must be. */
    private static StripeMeter meter(Meter meter) {
        Meter.DefaultAggregation aggregation = meter.getDefaultAggregation();
        Meter.CustomerMapping customer = meter.getCustomerMapping();
        Meter.ValueSettings value = meter.getValueSettings();
        return new StripeMeter(
                Objects.requireNonNullElse(meter.getId(), ""),
                Objects.requireNonNullElse(meter.getEventName(), ""),
                Boolean.TRUE.equals(meter.getLivemode()),
                "active".equals(meter.getStatus()),
                aggregation == null ? "" : Objects.requireNonNullElse(aggregation.getFormula(), ""),
                meter.getEventTimeWindow(),
                customer == null ? "" : Objects.requireNonNullElse(customer.getType(), ""),
                customer == null ? "" : Objects.requireNonNullElse(customer.getEventPayloadKey(), ""),
                value == null ? "" : Objects.requireNonNullElse(value.getEventPayloadKey(), ""));
    }

    private static Optional<Instant> said(StripeResponse response) {
        if (response == null) {
            return Optional.empty();
        }
        return response.headers().firstValue("Date").flatMap(text -> {
            try {
                return Optional.of(ZonedDateTime.parse(text, DateTimeFormatter.RFC_1123_DATE_TIME)
                        .toInstant());
            } catch (DateTimeParseException unreadable) {
                return Optional.empty();
            }
        });
    }
}
