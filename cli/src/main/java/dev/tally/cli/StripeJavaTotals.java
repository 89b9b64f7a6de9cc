package dev.tally.cli;

import com.stripe.StripeClient;
import com.stripe.exception.StripeException;
import com.stripe.model.StripeCollection;
import com.stripe.model.billing.Meter;
import com.stripe.model.billing.MeterEventSummary;
import com.stripe.param.billing.MeterEventSummaryListParams;
import com.stripe.param.billing.MeterListParams;
import dev.tally.cli.audit.StripeTotals;
import java.math.BigDecimal;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.SortedMap;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/**
 * Stripe's sums through {@code GET /v1/billing/meters/{id}/event_summaries}, by day with {@code value_grouping_window}; the id of a meter is
 * found by its event name, which belongs to one meter (Stripe's OpenAPI file).
 */
final class StripeJavaTotals implements StripeTotals {

    private static final long PAGE = 100;

    private final StripeClient client;
    private Map<String, String> meterIds = Map.of();

    StripeJavaTotals(StripeClient client) {
        this.client = client;
    }

    @Override
    public Optional<SortedMap<Instant, BigDecimal>> byDay(String customer, String eventName, Instant from, Instant to) {
        return ask(eventName, meter -> {
            SortedMap<Instant, BigDecimal> byDay = new TreeMap<>();
            MeterEventSummaryListParams.Builder params = params(customer, from, to)
                    .setValueGroupingWindow(MeterEventSummaryListParams.ValueGroupingWindow.DAY);
            for (MeterEventSummary summary : all(meter, params)) {
                byDay.merge(
                        Instant.ofEpochSecond(summary.getStartTime()), summary.getAggregatedValue(), BigDecimal::add);
            }
            return byDay;
        });
    }

    @Override
    public Optional<BigDecimal> sum(String customer, String eventName, Instant from, Instant to) {
        return ask(
                eventName,
                meter -> all(meter, params(customer, from, to)).stream()
                        .map(MeterEventSummary::getAggregatedValue)
                        .reduce(BigDecimal.ZERO, BigDecimal::add));
    }

    private interface Question<T> {
        T of(String meterId) throws StripeException;
    }

    private <T> Optional<T> ask(String eventName, Question<T> question) {
        try {
            String meter = meterId(eventName);
            return meter == null ? Optional.empty() : Optional.of(question.of(meter));
        } catch (StripeException e) {
            System.err.println("tally: Stripe does not tell of " + eventName + ": " + e.getMessage());
            return Optional.empty();
        }
    }

    private static MeterEventSummaryListParams.Builder params(String customer, Instant from, Instant to) {
        return MeterEventSummaryListParams.builder()
                .setCustomer(customer)
                .setStartTime(from.getEpochSecond())
                .setEndTime(to.getEpochSecond())
                .setLimit(PAGE);
    }

    private List<MeterEventSummary> all(String meter, MeterEventSummaryListParams.Builder params)
            throws StripeException {
        List<MeterEventSummary> all = new ArrayList<>();
        StripeCollection<MeterEventSummary> page;
        do {
            page = client.v1().billing().meters().eventSummaries().list(meter, params.build());
            all.addAll(page.getData());
            if (!page.getData().isEmpty()) {
                params.setStartingAfter(page.getData().getLast().getId());
            }
        } while (Boolean.TRUE.equals(page.getHasMore()) && !page.getData().isEmpty());
        return all;
    }

    private @Nullable String meterId(String eventName) throws StripeException {
        if (meterIds.isEmpty()) {
            meterIds = meters();
        }
        return meterIds.get(eventName);
    }

    private Map<String, String> meters() throws StripeException {
        Map<String, String> ids = new HashMap<>();
        MeterListParams.Builder params = MeterListParams.builder().setLimit(PAGE);
        StripeCollection<Meter> page;
        do {
            page = client.v1().billing().meters().list(params.build());
            page.getData().forEach(meter -> ids.put(meter.getEventName(), meter.getId()));
            if (!page.getData().isEmpty()) {
                params.setStartingAfter(page.getData().getLast().getId());
            }
        } while (Boolean.TRUE.equals(page.getHasMore()) && !page.getData().isEmpty());
        return ids;
    }
}
