package dev.tally.cli;

import static org.assertj.core.api.Assertions.assertThat;

import com.stripe.StripeClient;
import com.stripe.exception.StripeException;
import com.stripe.param.billing.MeterEventCreateParams;
import dev.tally.cli.standin.StandIn;
import dev.tally.cli.standin.StandInOptions;
import dev.tally.sink.stripe.StripeConnection;
import java.io.IOException;
import java.math.BigDecimal;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.SortedMap;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class StripeJavaTotalsTest {

    private static final String CUSTOMER = "cus_demo_enterprise";
    private static final String METER = "tally_actions";
    private static final Instant FROM = Instant.parse("2026-11-18T00:00:00Z");
    private static final Instant TO = Instant.parse("2026-11-22T00:00:00Z");

    @Test
    void shouldReadSumsByDayAndByMinute(@TempDir Path data) throws IOException, StripeException {
        // Given
        try (StandIn standIn = StandIn.start(StandInOptions.of(0, data), () -> Instant.parse("2026-11-21T12:00:00Z"))) {
            StripeClient client = new StripeConnection("sk_test_audit", standIn.url(), Duration.ofSeconds(10)).open();
            send(client, "a", "2026-11-19T23:59:00Z", "5");
            send(client, "b", "2026-11-20T00:00:00Z", "7");
            send(client, "c", "2026-11-20T00:01:00Z", "-2");
            StripeJavaTotals totals = new StripeJavaTotals(client);

            // When
            SortedMap<Instant, BigDecimal> byDay =
                    totals.byDay(CUSTOMER, METER, FROM, TO).orElseThrow();

            // Then
            assertThat(byDay).hasSize(2);
            assertThat(byDay.get(Instant.parse("2026-11-19T00:00:00Z"))).isEqualByComparingTo("5");
            assertThat(byDay.get(Instant.parse("2026-11-20T00:00:00Z"))).isEqualByComparingTo("5");
            Instant minute = Instant.parse("2026-11-20T00:00:00Z");
            assertThat(totals.sum(CUSTOMER, METER, minute, minute.plusSeconds(60))
                            .orElseThrow())
                    .isEqualByComparingTo("7");
            assertThat(totals.byDay(CUSTOMER, "no_such_meter", FROM, TO)).isEmpty();
            assertThat(totals.sum("cus_nobody", METER, FROM, TO)).isEmpty();
        }
    }

    private static void send(StripeClient client, String identifier, String at, String value) throws StripeException {
        client.v1()
                .billing()
                .meterEvents()
                .create(MeterEventCreateParams.builder()
                        .setEventName(METER)
                        .setIdentifier(identifier)
                        .setTimestamp(Instant.parse(at).getEpochSecond())
                        .putPayload("stripe_customer_id", CUSTOMER)
                        .putPayload("value", value)
                        .build());
    }
}
