package dev.tally.cli.standin;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.fasterxml.jackson.databind.JsonNode;
import com.stripe.exception.InvalidRequestException;
import com.stripe.exception.RateLimitException;
import com.stripe.exception.StripeException;
import com.stripe.model.Invoice;
import com.stripe.model.SubscriptionItem;
import com.stripe.net.RequestOptions;
import com.stripe.param.InvoiceCreatePreviewParams;
import com.stripe.param.SubscriptionItemUpdateParams;
import com.stripe.param.SubscriptionItemUpdateParams.ProrationBehavior;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class SubscriptionItemsTest {
    private static final String SEATS = "si_seats";
    private static final String TEAM = "cus_team";

    @TempDir
    Path data;

    private StandInHarness harness;

    @BeforeEach
    void start() throws Exception {
        Path account = Files.writeString(data.resolve("account.json"), """
                {"meters": [{"id": "mtr", "event_name": "tally_actions", "formula": "sum"}],
                 "prices": [
                  {"id": "price_team", "product": "prod", "interval": "month", "usage_type": "licensed", "unit_amount_decimal": "4900"},
                  {"id": "price_seat", "product": "prod", "nickname": "Seat", "interval": "month", "usage_type": "licensed", "unit_amount_decimal": "1200"},
                  {"id": "price_use", "product": "prod", "interval": "month", "usage_type": "metered", "meter": "mtr", "unit_amount_decimal": "1"}],
                 "customers": [{"id": "cus_team"}],
                 "subscriptions": [{"id": "sub_team", "customer": "cus_team", "billing_cycle_anchor": "2026-01-01T00:00:00Z",
                  "items": [{"id": "si_team", "price": "price_team", "quantity": 1}, {"id": "si_seats", "price": "price_seat", "quantity": 6},
                   {"id": "si_use", "price": "price_use"}]}]}
                """);
        harness = new StandInHarness(data.resolve("data"), options -> options.withAccount(account));
    }

    @AfterEach
    void stop() throws Exception {
        harness.close();
    }

    private SubscriptionItem update(long quantity, String date, String key) throws StripeException {
        return update(
                SEATS,
                SubscriptionItemUpdateParams.builder()
                        .setQuantity(quantity)
                        .setProrationBehavior(ProrationBehavior.CREATE_PRORATIONS)
                        .setProrationDate(Instant.parse(date).getEpochSecond()),
                key);
    }

    private SubscriptionItem update(String item, SubscriptionItemUpdateParams.Builder params, String key)
            throws StripeException {
        return harness.stripe()
                .v1()
                .subscriptionItems()
                .update(
                        item,
                        params.build(),
                        RequestOptions.builder().setIdempotencyKey(key).build());
    }

    private SubscriptionItem seats() throws StripeException {
        return harness.stripe().v1().subscriptionItems().retrieve(SEATS);
    }

    private JsonNode november() throws Exception {
        return harness.json("/stand-in/invoice?customer=" + TEAM + "&period=2026-11-01");
    }

    @Test
    void shouldProrateSeatsByTheSecond() throws Exception {
        // Given
        assertThat(november().path("total").asText()).isEqualTo("121.00");

        // When
        update(7, "2026-11-16T00:00:00Z", "key-1");
        String after = november().path("total").asText();
        update(6, "2026-11-23T00:00:00Z", "key-2");

        // Then
        assertThat(after).isEqualTo("127.00");
        assertThat(november().path("total").asText()).isEqualTo("123.80");
        assertThat(november().path("prorations").findValuesAsText("amount")).containsExactly("6.00", "-3.20");
        assertThat(november().at("/lines/1/quantity").asText()).isEqualTo("6");
    }

    @Test
    void shouldRoundEachHalfOfAProrationToTheCent() throws Exception {
        // When: of 30 days, 8 days and a second are left
        update(7, "2026-11-22T23:59:59Z", "key-1");
        update(8, "2026-11-30T23:59:59Z", "key-2");

        // Then
        assertThat(november().path("prorations").findValuesAsText("amount")).containsExactly("3.20", "0.00");
    }

    @Test
    void shouldBillTheNextPeriodByTheNewQuantity() throws Exception {
        // Given
        update(7, "2026-11-16T00:00:00Z", "key-1");
        update(
                SEATS,
                SubscriptionItemUpdateParams.builder().setQuantity(8L).setProrationBehavior(ProrationBehavior.NONE),
                "key-2");

        // When
        Invoice preview = harness.stripe()
                .v1()
                .invoices()
                .createPreview(
                        InvoiceCreatePreviewParams.builder().setCustomer(TEAM).build());
        harness.setTime("2026-12-02T00:00:00Z");

        // Then
        assertThat(preview.getTotal()).isEqualTo(4_900 + 8 * 1_200 + 600);
        assertThat(preview.getLines().getData())
                .extracting(
                        line -> line.getParent().getSubscriptionItemDetails().getProration() + " " + line.getAmount())
                .containsExactly("false 4900", "false 9600", "false 0", "true -3600", "true 4200");
        assertThat(november().path("total").asText()).isEqualTo("127.00");
        assertThat(harness.json("/stand-in/invoice?customer=" + TEAM)
                        .path("total")
                        .asText())
                .isEqualTo("145.00");
    }

    @Test
    void shouldTellAnItemWithItsPeriod() throws Exception {
        // When
        SubscriptionItem item = update(7, "2026-11-16T00:00:00Z", "key-1");

        // Then
        assertThat(item.getQuantity()).isEqualTo(7);
        assertThat(seats().getQuantity()).isEqualTo(7);
        assertThat(seats().getSubscription()).isEqualTo("sub_team");
        assertThat(Instant.ofEpochSecond(seats().getCurrentPeriodStart())).isEqualTo("2026-11-01T00:00:00Z");
        assertThat(Instant.ofEpochSecond(seats().getCurrentPeriodEnd())).isEqualTo("2026-12-01T00:00:00Z");
        assertThat(harness.stripe()
                        .v1()
                        .subscriptions()
                        .retrieve("sub_team")
                        .getItems()
                        .getData()
                        .get(1)
                        .getQuantity())
                .isEqualTo(7);
    }

    @Test
    void shouldExecuteAKeyOnceAndOverARestart() throws Exception {
        // Given
        harness.arm("{\"when\":\"after\",\"kind\":\"html\",\"path\":\"/v1/subscription_items\"}");
        assertThatThrownBy(() -> update(7, "2026-11-16T00:00:00Z", "key-1")).isInstanceOf(StripeException.class);

        // When
        harness.restart();
        SubscriptionItem replayed = update(7, "2026-11-16T00:00:00Z", "key-1");

        // Then
        assertThat(replayed.getLastResponse().headers().firstValue("Idempotent-Replayed"))
                .hasValue("true");
        assertThat(seats().getQuantity()).isEqualTo(7);
        assertThat(november().path("prorations")).hasSize(1);
        assertThatThrownBy(() -> update(8, "2026-11-16T00:00:00Z", "key-1")).hasMessageContaining("same parameters");
        update(7, "2026-11-16T00:00:00Z", "key-2");
        assertThat(november().path("total").asText()).isEqualTo("127.00");
    }

    @Test
    void shouldRefuseWhatStripeRefuses() {
        assertThatThrownBy(() -> harness.stripe().v1().subscriptionItems().retrieve("si_x"))
                .isInstanceOfSatisfying(InvalidRequestException.class, refused -> {
                    assertThat(refused.getStatusCode()).isEqualTo(404);
                    assertThat(refused.getCode()).isEqualTo("resource_missing");
                });
        assertThatThrownBy(() ->
                        update("si_x", SubscriptionItemUpdateParams.builder().setQuantity(1L), "key-0"))
                .hasMessageContaining("No such subscription_item");
        assertThatThrownBy(() ->
                        update("si_use", SubscriptionItemUpdateParams.builder().setQuantity(1L), "key-1"))
                .hasMessageContaining("You cannot set the quantity for metered plans");
        assertThatThrownBy(() -> update(7, "2026-10-31T23:59:59Z", "key-2"))
                .hasMessageContaining("outside of current subscription period");
        assertThatThrownBy(() -> update(-1, "2026-11-16T00:00:00Z", "key-3"))
                .hasMessageContaining("greater than or equal to 0");
        assertThatThrownBy(() ->
                        update(SEATS, SubscriptionItemUpdateParams.builder().setPrice("price_team"), "key-4"))
                .hasMessageContaining("does not support the parameter price");
        assertThatThrownBy(() -> update(
                        SEATS,
                        SubscriptionItemUpdateParams.builder()
                                .setQuantity(7L)
                                .setProrationBehavior(ProrationBehavior.ALWAYS_INVOICE),
                        "key-5"))
                .hasMessageContaining("does not support always_invoice");
        assertThatThrownBy(() -> update(
                        SEATS, SubscriptionItemUpdateParams.builder().putExtraParam("quantity", "many"), "key-6"))
                .isInstanceOf(InvalidRequestException.class);
    }

    @Test
    void shouldTakeTwoHundredUpdatesInAnHour() throws Exception {
        // Given
        for (int i = 0; i < 200; i++) {
            update(7 + i % 2, "2026-11-16T00:00:00Z", "key-" + i);
        }

        // Then
        assertThatThrownBy(() -> update(9, "2026-11-16T00:00:00Z", "key-more")).isInstanceOf(RateLimitException.class);
        harness.pass(Duration.ofHours(1));
        assertThat(update(9, "2026-11-16T00:00:00Z", "key-later").getQuantity()).isEqualTo(9);
    }
}
