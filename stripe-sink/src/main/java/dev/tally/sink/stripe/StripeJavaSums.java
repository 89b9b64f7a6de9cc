package dev.tally.sink.stripe;

import com.stripe.StripeClient;
import com.stripe.exception.StripeException;
import com.stripe.model.StripeCollection;
import com.stripe.model.billing.Meter;
import com.stripe.model.billing.MeterEventSummary;
import com.stripe.param.billing.MeterEventSummaryListParams;
import com.stripe.param.billing.MeterListParams;
import dev.tally.sink.reporting.Answer;
import dev.tally.sink.reporting.HourSums;
import dev.tally.sink.reporting.MinuteSum;
import java.math.BigDecimal;
import java.time.Instant;
import java.time.InstantSource;
import java.time.temporal.ChronoUnit;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;

/**
 * Stripe's sums through {@code GET /v1/billing/meters/{id}/event_summaries}, whose times are whole minutes; the id of a meter is found by its
 * event name, which belongs to one meter (Stripe's OpenAPI file).
 */
public final class StripeJavaSums implements StripeSums {
    private static final long PAGE = 100;
    private static final int SECONDS_OF_A_MINUTE = 60;

    private final StripeClient client;
    private final AnswerMapping mapping;
    private final Map<String, String> meterIds = new ConcurrentHashMap<>();

    /**
     * Reads through a client; nothing is sent yet.
     *
     * @param clock used for Retry-After dates only
     */
    public StripeJavaSums(StripeClient client, InstantSource clock) {
        this.client = client;
        this.mapping = new AnswerMapping(clock);
    }

    @Override
    public MinuteSum inMinuteOf(Instant at, String customer, String eventName) throws InterruptedException {
        return Attempt.<MinuteSum>read(mapping, () -> inMinute(at, customer, eventName), MinuteSum.Untold::new);
    }

    private MinuteSum inMinute(Instant at, String customer, String eventName) throws StripeException {
        Optional<String> meter = meterId(eventName);
        return meter.isEmpty()
                ? new MinuteSum.Untold(noMeter(eventName))
                : new MinuteSum.Of(sum(meter.get(), customer, at.truncatedTo(ChronoUnit.MINUTES)));
    }

    @Override
    public HourSums inHours(Instant from, Instant to, String customer, String eventName) throws InterruptedException {
        return Attempt.<HourSums>read(mapping, () -> byHour(from, to, customer, eventName), HourSums.Untold::new);
    }

    private HourSums byHour(Instant from, Instant to, String customer, String eventName) throws StripeException {
        Optional<String> meter = meterId(eventName);
        if (meter.isEmpty()) {
            return new HourSums.Untold(noMeter(eventName));
        }
        MeterEventSummaryListParams.Builder params = MeterEventSummaryListParams.builder()
                .setCustomer(customer)
                .setStartTime(from.getEpochSecond())
                .setEndTime(to.getEpochSecond())
                .setValueGroupingWindow(MeterEventSummaryListParams.ValueGroupingWindow.HOUR)
                .setLimit(PAGE);
        Map<Instant, BigDecimal> sums = new HashMap<>();
        while (true) {
            StripeCollection<MeterEventSummary> page =
                    client.v1().billing().meters().eventSummaries().list(meter.get(), params.build());
            List<MeterEventSummary> rows = page.getData();
            rows.forEach(row ->
                    sums.merge(Instant.ofEpochSecond(row.getStartTime()), row.getAggregatedValue(), BigDecimal::add));
            if (rows.isEmpty() || !Boolean.TRUE.equals(page.getHasMore())) {
                return new HourSums.Of(sums);
            }
            params.setStartingAfter(rows.getLast().getId());
        }
    }

    private static Answer noMeter(String eventName) {
        return new Answer.Permanent("no_meter", "Stripe has no meter with event name " + eventName);
    }

    /** A minute has one row; were it more, they would add up. */
    private BigDecimal sum(String meter, String customer, Instant minute) throws StripeException {
        MeterEventSummaryListParams params = MeterEventSummaryListParams.builder()
                .setCustomer(customer)
                .setStartTime(minute.getEpochSecond())
                .setEndTime(minute.getEpochSecond() + SECONDS_OF_A_MINUTE)
                .setLimit(PAGE)
                .build();
        return client.v1().billing().meters().eventSummaries().list(meter, params).getData().stream()
                .map(MeterEventSummary::getAggregatedValue)
                .reduce(BigDecimal.ZERO, BigDecimal::add);
    }

    private Optional<String> meterId(String eventName) throws StripeException {
        String known = meterIds.get(eventName);
        if (known == null) {
            readMeters();
            known = meterIds.get(eventName);
        }
        return Optional.ofNullable(known);
    }

    private void readMeters() throws StripeException {
        MeterListParams.Builder params = MeterListParams.builder().setLimit(PAGE);
        StripeCollection<Meter> page;
        do {
            page = client.v1().billing().meters().list(params.build());
            List<Meter> meters = page.getData();
            meters.forEach(meter -> meterIds.put(meter.getEventName(), meter.getId()));
            if (meters.isEmpty()) {
                return;
            }
            params.setStartingAfter(meters.getLast().getId());
        } while (Boolean.TRUE.equals(page.getHasMore()));
    }
}
