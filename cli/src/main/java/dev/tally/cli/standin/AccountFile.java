package dev.tally.cli.standin;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.math.BigDecimal;
import java.nio.charset.StandardCharsets;
import java.time.DateTimeException;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * Reads the JSON file that describes the account. Anything the stand-in cannot imitate (mixed intervals in a subscription) is refused
 * rather than treated as something else.
 */
final class AccountFile {

    /** Of a unit amount (Stripe's page on decimal amounts). */
    private static final int MOST_DECIMALS = 12;

    private AccountFile() {}

    /** The account of the demo catalogue. */
    static Account demo() {
        try (InputStream in = Objects.requireNonNull(
                AccountFile.class.getResourceAsStream("/standin/demo-account.json"), "demo-account.json is missing")) {
            return parse(new String(in.readAllBytes(), StandardCharsets.UTF_8));
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /**
     * Parses an account.
     *
     * @throws IllegalArgumentException naming the first thing that is wrong
     */
    static Account parse(String json) {
        JsonNode root;
        try {
            root = Json.MAPPER.readTree(json);
        } catch (JsonProcessingException e) {
            throw new IllegalArgumentException("not JSON: " + e.getOriginalMessage(), e);
        }
        List<Account.Meter> meters = new ArrayList<>();
        for (JsonNode node : root.path("meters")) {
            meters.add(meter(node));
        }
        List<Account.Price> prices = new ArrayList<>();
        for (JsonNode node : root.path("prices")) {
            prices.add(price(node, meters));
        }
        Map<String, Account.Customer> customers = new HashMap<>();
        for (JsonNode node : root.path("customers")) {
            String id = text(node, "id");
            customers.putIfAbsent(
                    id,
                    new Account.Customer(
                            id, node.path("name").asText(""), node.path("email").asText("")));
        }
        List<Account.Subscription> subscriptions = new ArrayList<>();
        Account known = new Account(meters, prices, customers, List.of());
        for (JsonNode node : root.path("subscriptions")) {
            subscriptions.add(subscription(node, known));
        }
        return new Account(meters, prices, customers, subscriptions);
    }

    private static Account.Meter meter(JsonNode node) {
        String id = text(node, "id");
        return new Account.Meter(
                id,
                text(node, "event_name"),
                node.path("display_name").asText(id),
                node.path("customer_key").asText("stripe_customer_id"),
                node.path("value_key").asText("value"),
                node.path("status").asText("active").equals("active"),
                new Aggregation(
                        choice(Aggregation.Formula.class, text(node, "formula"), id + ": formula"),
                        choice(
                                Aggregation.Window.class,
                                node.path("event_time_window").asText("none"),
                                id + ": event_time_window"),
                        true));
    }

    private static <E extends Enum<E>> E choice(Class<E> type, String name, String what) {
        return Stream.of(type.getEnumConstants())
                .filter(each -> each.name().equals(name.toUpperCase(Locale.ROOT)))
                .findFirst()
                .orElseThrow(() -> new IllegalArgumentException(what + " cannot be " + name));
    }

    private static Account.Price price(JsonNode node, List<Account.Meter> meters) {
        String id = text(node, "id");
        int months = switch (text(node, "interval")) {
            case "month" -> 1;
            case "year" -> 12;
            default -> throw new IllegalArgumentException(id + ": interval must be month or year");
        };
        boolean metered = text(node, "usage_type").equals("metered");
        @Nullable String meter = metered ? text(node, "meter") : null;
        require(
                meter == null || meters.stream().anyMatch(known -> known.id().equals(meter)),
                id + ": unknown meter " + meter);
        try {
            BigDecimal unitAmount = new BigDecimal(text(node, "unit_amount_decimal"));
            require(
                    unitAmount.signum() >= 0 && unitAmount.scale() <= MOST_DECIMALS,
                    id + ": unit_amount_decimal must not be negative, and have at most 12 decimals");
            return new Account.Price(
                    id,
                    text(node, "product"),
                    node.path("nickname").asText(id),
                    months,
                    meter,
                    unitAmount,
                    packages(id, node.path("transform_quantity")));
        } catch (NumberFormatException e) {
            throw new IllegalArgumentException(id + ": unit_amount_decimal must be a decimal number of cents", e);
        }
    }

    private static Account.@Nullable Packages packages(String id, JsonNode transform) {
        if (transform.isMissingNode()) {
            return null;
        }
        int divideBy = transform.path("divide_by").asInt();
        String round = transform.path("round").asText();
        require(
                divideBy > 0 && (round.equals("up") || round.equals("down")),
                id + ": transform_quantity needs a positive divide_by, and round up or down");
        return new Account.Packages(divideBy, round.equals("up"));
    }

    private static Account.Subscription subscription(JsonNode node, Account known) {
        String id = text(node, "id");
        String customer = text(node, "customer");
        require(known.customer(customer).isPresent(), id + ": unknown customer " + customer);
        List<Account.Item> items = new ArrayList<>();
        for (JsonNode item : node.path("items")) {
            String priceId = text(item, "price");
            Account.Price price = known.price(priceId)
                    .orElseThrow(() -> new IllegalArgumentException(id + ": unknown price " + priceId));
            require(price.metered() != item.has("quantity"), id + ": quantity belongs to licensed prices only");
            items.add(new Account.Item(
                    text(item, "id"),
                    price,
                    price.metered() ? null : item.path("quantity").asInt()));
        }
        require(!items.isEmpty(), id + ": has no items");
        int months = items.getFirst().price().months();
        require(
                items.stream().allMatch(item -> item.price().months() == months),
                id + ": all items must have one interval");
        try {
            return new Account.Subscription(
                    id, customer, Instant.parse(text(node, "billing_cycle_anchor")), months, items);
        } catch (DateTimeException e) {
            throw new IllegalArgumentException(id + ": billing_cycle_anchor must be like 2026-01-01T00:00:00Z", e);
        }
    }

    private static String text(JsonNode node, String field) {
        JsonNode value = node.path(field);
        require(value.isTextual() && !value.asText().isEmpty(), "missing text field " + field + " in " + node);
        return value.asText();
    }

    private static void require(boolean condition, String message) {
        if (!condition) {
            throw new IllegalArgumentException(message);
        }
    }
}
