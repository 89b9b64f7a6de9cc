package dev.tally.cli.standin;

import static dev.tally.cli.standin.StandInHarness.ENTERPRISE;
import static dev.tally.cli.standin.StandInHarness.event;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.fasterxml.jackson.databind.JsonNode;
import com.stripe.model.Invoice;
import com.stripe.model.Subscription;
import com.stripe.param.InvoiceCreatePreviewParams;
import com.stripe.param.SubscriptionListParams;
import java.math.BigDecimal;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class InvoicesTest {

    @TempDir
    Path data;

    private StandInHarness harness;

    @BeforeEach
    void start() throws Exception {
        harness = new StandInHarness(data);
    }

    @AfterEach
    void stop() throws Exception {
        harness.close();
    }

    private String november(String customer) throws Exception {
        return harness.json("/stand-in/invoice?customer=" + customer + "&period=2026-11-01")
                .path("total")
                .asText();
    }

    private static InvoiceCreatePreviewParams preview(String customer) {
        return InvoiceCreatePreviewParams.builder().setCustomer(customer).build();
    }

    @ParameterizedTest
    @CsvSource({"0,499.00,49900", "1,499.00,49900", "2,499.01,49901", "1234,502.09,50209", "-7,499.00,49900"})
    void shouldBillEnterpriseOverage(String overage, String total, long cents) throws Exception {
        // Given
        harness.send(event("id-1", ENTERPRISE, overage));

        // When
        Invoice preview = harness.stripe().v1().invoices().createPreview(preview(ENTERPRISE));

        // Then
        assertThat(november(ENTERPRISE)).isEqualTo(total);
        assertThat(preview.getTotal()).isEqualTo(cents);
        assertThat(preview.getLines().getData().get(1).getQuantity()).isEqualTo(Long.parseLong(overage));
        assertThat(preview.getLines().getData().get(1).getPricing().getUnitAmountDecimal())
                .isEqualByComparingTo(new BigDecimal("0.25"));
    }

    @ParameterizedTest
    @CsvSource({"0,499.00", "1,501.50", "1234,504.00"})
    void shouldBillStartedBlocksWhereThePriceSaysSo(String overage, String total, @TempDir Path other)
            throws Exception {
        Path account = Path.of(
                InvoicesTest.class.getResource("/standin/other-account.json").toURI());
        try (StandInHarness blocks = new StandInHarness(other, options -> options.withAccount(account))) {
            // When
            blocks.send(event("id-1", "cus_blocks", overage));

            // Then
            assertThat(blocks.json("/stand-in/invoice?customer=cus_blocks")
                            .path("total")
                            .asText())
                    .isEqualTo(total);
            assertThat(blocks.json("/stand-in/invoice?customer=cus_yearly&period=2026-06-30")
                            .path("total")
                            .asText())
                    .isEqualTo("1188.00");
        }
    }

    @ParameterizedTest
    @CsvSource({"999,0.00", "1000,2.50", "1999,2.50"})
    void shouldBillFullPackagesWhereThePriceSaysSo(String usage, String total, @TempDir Path other) throws Exception {
        Path account = Files.writeString(
                other.resolve("account.json"),
                accountOf("\"250\", \"transform_quantity\": {\"divide_by\": 1000, \"round\": \"down\"}"));
        try (StandInHarness packages =
                new StandInHarness(other.resolve("data"), options -> options.withAccount(account))) {
            packages.send(event("id-1", "cus_1", usage));

            assertThat(packages.json("/stand-in/invoice?customer=cus_1")
                            .path("total")
                            .asText())
                    .isEqualTo(total);
        }
    }

    @Test
    void shouldTakeUnitAmountsOfTwelveDecimals(@TempDir Path other) throws Exception {
        Path account = Files.writeString(other.resolve("account.json"), accountOf("\"0.000000000001\""));
        try (StandInHarness tiny = new StandInHarness(other.resolve("data"), options -> options.withAccount(account))) {
            // When: half a cent, and a unit less
            tiny.send(event("id-1", "cus_1", "500000000000"));
            String half =
                    tiny.json("/stand-in/invoice?customer=cus_1").path("total").asText();
            tiny.send(event("id-2", "cus_1", "-1"));

            // Then
            assertThat(half).isEqualTo("0.01");
            assertThat(tiny.json("/stand-in/invoice?customer=cus_1")
                            .path("total")
                            .asText())
                    .isEqualTo("0.00");
        }
        for (String wrong : new String[] {
            "\"0.0000000000001\"", "\"-1\"", "\"1\", \"transform_quantity\": {\"divide_by\": 0, \"round\": \"up\"}"
        }) {
            assertThatThrownBy(() -> AccountFile.parse(accountOf(wrong)))
                    .isInstanceOf(IllegalArgumentException.class)
                    .hasMessageContaining("price_1");
        }
    }

    /** An account with one metered price of that unit amount. */
    private static String accountOf(String unitAmount) {
        return """
                {"meters": [{"id": "mtr_1", "event_name": "tally_actions", "formula": "sum"}],
                 "prices": [{"id": "price_1", "product": "prod_1", "interval": "month", "usage_type": "metered", "meter": "mtr_1",
                   "unit_amount_decimal": %s}],
                 "customers": [{"id": "cus_1"}],
                 "subscriptions": [{"id": "sub_1", "customer": "cus_1", "billing_cycle_anchor": "2026-01-01T00:00:00Z",
                   "items": [{"id": "si_1", "price": "price_1"}]}]}
                """.formatted(unitAmount);
    }

    @Test
    void shouldBillCreditsAsTheyGo() throws Exception {
        // Given
        harness.send(event("id-1", "cus_demo_payg", "12000").setEventName("tally_credits"));
        harness.send(event("id-2", "cus_demo_payg", "345").setEventName("tally_credits"));
        harness.send(event("id-3", "cus_demo_payg", "999999").setEventName("tally_actions"));

        // Then
        assertThat(november("cus_demo_payg")).isEqualTo("24.69");
    }

    @ParameterizedTest
    @CsvSource({"cus_demo_team,121.00", "cus_demo_pro,19.00", "cus_demo_starter,0.00"})
    void shouldBillFixedPrices(String customer, String total) throws Exception {
        assertThat(november(customer)).isEqualTo(total);
    }

    @Test
    void shouldBillUsageInThePeriodOfItsTimestamp() throws Exception {
        // Given
        long border = Instant.parse("2026-11-01T00:00:00Z").getEpochSecond();
        harness.setTime("2026-11-01T00:30:00Z");
        harness.send(event("id-1", ENTERPRISE, "4000").setTimestamp(border - 1));
        harness.send(event("id-2", ENTERPRISE, "8000").setTimestamp(border));

        // Then
        assertThat(november(ENTERPRISE)).isEqualTo("519.00");
        assertThat(harness.json("/stand-in/invoice?customer=cus_demo_enterprise&period=2026-10-01")
                        .path("total")
                        .asText())
                .isEqualTo("509.00");
    }

    @Test
    void shouldNotBillUsageThatComesAfterTheInvoiceWasFinalized() throws Exception {
        // Given
        long october = Instant.parse("2026-10-31T23:00:00Z").getEpochSecond();
        harness.setTime("2026-11-01T00:59:59Z");
        harness.send(event("id-1", ENTERPRISE, "4000").setTimestamp(october));
        harness.setTime("2026-11-01T01:00:00Z");
        harness.send(event("id-2", ENTERPRISE, "8000").setTimestamp(october));

        // When
        JsonNode invoice = harness.json("/stand-in/invoice?customer=cus_demo_enterprise&period=2026-10-01");

        // Then
        assertThat(invoice.path("status").asText()).isEqualTo("finalized");
        assertThat(invoice.path("total").asText()).isEqualTo("509.00");
        assertThat(invoice.at("/lines/1/quantity").asText()).isEqualTo("4000");
        assertThat(invoice.at("/lines/1/lateQuantity").asText()).isEqualTo("8000");
        assertThat(invoice.at("/lines/1/unitAmount").asText()).isEqualTo("0.0025");
        assertThat(harness.total(ENTERPRISE)).isEqualTo(12_000);
    }

    @ParameterizedTest
    @CsvSource({
        "2026-11-21T12:00:00Z,2026-10-31T10:15:30Z,2026-11-30T10:15:30Z",
        "2026-02-28T10:15:29Z,2026-01-31T10:15:30Z,2026-02-28T10:15:30Z",
        "2026-02-28T10:15:30Z,2026-02-28T10:15:30Z,2026-03-31T10:15:30Z",
        "2026-01-31T10:15:29Z,2025-12-31T10:15:30Z,2026-01-31T10:15:30Z",
        "2028-02-29T11:00:00Z,2028-02-29T10:15:30Z,2028-03-31T10:15:30Z"
    })
    void shouldKeepTheOriginalAnchorInPeriods(String now, String start, String end) throws Exception {
        // Given
        harness.setTime(now);

        // When
        Subscription subscription = harness.stripe()
                .v1()
                .subscriptions()
                .list(SubscriptionListParams.builder()
                        .setCustomer("cus_demo_team")
                        .build())
                .getData()
                .getFirst();

        // Then
        assertThat(Instant.ofEpochSecond(
                        subscription.getItems().getData().getFirst().getCurrentPeriodStart()))
                .isEqualTo(start);
        assertThat(Instant.ofEpochSecond(
                        subscription.getItems().getData().getFirst().getCurrentPeriodEnd()))
                .isEqualTo(end);
        assertThat(subscription.getItems().getData().get(1).getQuantity()).isEqualTo(6);
    }

    @Test
    void shouldPreviewLicensedLinesInAdvanceAndUsageInArrears() throws Exception {
        // When
        Invoice preview = harness.stripe().v1().invoices().createPreview(preview(ENTERPRISE));

        // Then
        assertThat(preview.getLines().getData().get(0).getPeriod().getStart())
                .isEqualTo(Instant.parse("2026-12-01T00:00:00Z").getEpochSecond());
        assertThat(preview.getLines().getData().get(1).getPeriod().getStart())
                .isEqualTo(Instant.parse("2026-11-01T00:00:00Z").getEpochSecond());
    }

    @Test
    void shouldSayWhatItDoesNotPreview() throws Exception {
        assertThat(harness.call("POST", "/v1/invoices/create_preview", "customer=cus_demo_pro&preview_mode=next")
                        .body())
                .contains("does not support the parameter preview_mode");
        assertThat(harness.call("POST", "/v1/invoices/create_preview", "").statusCode())
                .isEqualTo(400);
        assertThat(harness.call("POST", "/v1/invoices/create_preview", "customer=cus_x")
                        .statusCode())
                .isEqualTo(404);
    }
}
