package dev.tally.cli.standin;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.math.BigInteger;
import java.time.Instant;
import java.util.List;
import java.util.Locale;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/** The JSON of Stripe's objects, with the fields the stand-in knows something about. Times are Unix seconds. */
final class StripeObjects {

    private StripeObjects() {}

    static ObjectNode meter(Account.Meter meter) {
        ObjectNode node = Json.object()
                .put("id", meter.id())
                .put("object", "billing.meter")
                .put("created", 0)
                .put("display_name", meter.displayName())
                .put("event_name", meter.eventName())
                .put("livemode", false)
                .put("status", meter.active() ? "active" : "inactive")
                .put("updated", 0);
        node.putObject("customer_mapping")
                .put("event_payload_key", meter.customerKey())
                .put("type", "by_id");
        if (meter.aggregation().window() == Aggregation.Window.NONE) {
            node.putNull("event_time_window");
        } else {
            node.put("event_time_window", lower(meter.aggregation().window()));
        }
        node.putObject("default_aggregation")
                .put("formula", lower(meter.aggregation().formula()));
        node.putObject("status_transitions").putNull("deactivated_at");
        node.putObject("value_settings").put("event_payload_key", meter.valueKey());
        return node;
    }

    private static String lower(Enum<?> constant) {
        return constant.name().toLowerCase(Locale.ROOT);
    }

    static ObjectNode customer(Account.Customer customer) {
        ObjectNode node = Json.object()
                .put("id", customer.id())
                .put("object", "customer")
                .put("created", 0)
                .put("email", customer.email())
                .put("livemode", false)
                .put("name", customer.name());
        node.putObject("metadata");
        return node;
    }

    static ObjectNode price(Account.Price price) {
        ObjectNode node = Json.object()
                .put("id", price.id())
                .put("object", "price")
                .put("active", true)
                .put("billing_scheme", "per_unit")
                .put("created", 0)
                .put("currency", "usd")
                .put("livemode", false)
                .put("nickname", price.nickname())
                .put("product", price.product())
                .put("type", "recurring")
                .put("unit_amount_decimal", price.unitAmount().toPlainString());
        if (price.unitAmount().stripTrailingZeros().scale() <= 0) {
            node.put("unit_amount", price.unitAmount().longValueExact());
        } else {
            node.putNull("unit_amount");
        }
        ObjectNode recurring = node.putObject("recurring")
                .put("interval", price.interval())
                .put("interval_count", 1)
                .put("usage_type", price.metered() ? "metered" : "licensed");
        if (price.metered()) {
            recurring.put("meter", price.meter());
        } else {
            recurring.putNull("meter");
        }
        Account.Packages packages = price.packages();
        if (packages != null) {
            node.putObject("transform_quantity")
                    .put("divide_by", packages.size())
                    .put("round", packages.up() ? "up" : "down");
        }
        node.putObject("metadata");
        return node;
    }

    /** An item as it is at {@code now}; {@code quantity} is null where the price is metered. */
    static ObjectNode item(Account.Subscription subscription, Account.Item item, @Nullable Long quantity, Instant now) {
        Period period = subscription.periodAt(now);
        ObjectNode node = Json.object()
                .put("id", item.id())
                .put("object", "subscription_item")
                .put("created", subscription.anchor().getEpochSecond())
                .put("current_period_start", period.start().getEpochSecond())
                .put("current_period_end", period.end().getEpochSecond())
                .put("subscription", subscription.id());
        node.set("price", price(item.price()));
        if (quantity != null) {
            node.put("quantity", quantity);
        }
        node.putObject("metadata");
        return node;
    }

    static ObjectNode subscription(
            Account.Subscription subscription, Function<Account.Item, @Nullable Long> quantities, Instant now) {
        ObjectNode node = Json.object()
                .put("id", subscription.id())
                .put("object", "subscription")
                .put("billing_cycle_anchor", subscription.anchor().getEpochSecond())
                .put("cancel_at_period_end", false)
                .put("collection_method", "charge_automatically")
                .put("created", subscription.anchor().getEpochSecond())
                .put("currency", "usd")
                .put("customer", subscription.customer())
                .put("livemode", false)
                .put("start_date", subscription.anchor().getEpochSecond())
                .put("status", "active");
        ArrayNode items = Json.MAPPER.createArrayNode();
        for (Account.Item item : subscription.items()) {
            items.add(item(subscription, item, quantities.apply(item), now));
        }
        node.set("items", list("/v1/subscription_items?subscription=" + subscription.id(), items, false));
        node.putObject("metadata");
        return node;
    }

    /** A preview as Stripe gives it: metered lines for the period that ends, licensed lines in advance for the next one. */
    static ObjectNode preview(Invoices.Invoice invoice, Period next, Instant now) {
        String id = "upcoming_in_" + invoice.subscription().id();
        ArrayNode lines = Json.MAPPER.createArrayNode();
        for (Invoices.Line line : invoice.lines()) {
            lines.add(line(id, invoice, line, line.item().price().metered() ? invoice.period() : next));
        }
        for (Invoices.Proration proration : invoice.prorations()) {
            lines.add(proration(id, invoice, proration, false));
            lines.add(proration(id, invoice, proration, true));
        }
        ObjectNode node = Json.object()
                .put("id", id)
                .put("object", "invoice")
                .put("amount_due", invoice.total())
                .put("amount_paid", 0)
                .put("amount_remaining", invoice.total())
                .put("billing_reason", "upcoming")
                .put("created", now.getEpochSecond())
                .put("currency", "usd")
                .put("customer", invoice.subscription().customer())
                .put("livemode", false)
                .put("period_start", invoice.period().start().getEpochSecond())
                .put("period_end", invoice.period().end().getEpochSecond())
                .put("status", "draft")
                .put("subtotal", invoice.total())
                .put("total", invoice.total());
        node.set("lines", list("/v1/invoices/upcoming/lines", lines, false));
        node.putObject("parent")
                .put("type", "subscription_details")
                .putObject("subscription_details")
                .put("subscription", invoice.subscription().id());
        return node;
    }

    private static ObjectNode line(String invoiceId, Invoices.Invoice invoice, Invoices.Line line, Period period) {
        Account.Price price = line.item().price();
        ObjectNode node = Json.object()
                .put("id", "il_" + line.item().id())
                .put("object", "line_item")
                .put("amount", line.amount())
                .put("currency", "usd")
                .put("description", price.nickname())
                .put("invoice", invoiceId)
                .put("livemode", false)
                .put("quantity", line.quantity().toBigInteger())
                .put("quantity_decimal", line.quantity())
                .put("subtotal", line.amount());
        node.putObject("period")
                .put("start", period.start().getEpochSecond())
                .put("end", period.end().getEpochSecond());
        ObjectNode pricing = node.putObject("pricing")
                .put("type", "price_details")
                .put("unit_amount_decimal", price.unitAmount().toPlainString());
        pricing.putObject("price_details").put("price", price.id()).put("product", price.product());
        node.putObject("parent")
                .put("type", "subscription_item_details")
                .putObject("subscription_item_details")
                .put("proration", false)
                .put("subscription", invoice.subscription().id())
                .put("subscription_item", line.item().id());
        node.putObject("metadata");
        return node;
    }

    /** One of the two lines of a proration: the credit for unused time, or the charge for what remains. */
    private static ObjectNode proration(
            String invoiceId, Invoices.Invoice invoice, Invoices.Proration proration, boolean charge) {
        ItemUpdate update = proration.update();
        Account.Price price = proration.item().price();
        long quantity = charge ? update.quantity() : update.before();
        BigInteger amount = charge ? proration.charge() : proration.credit();
        ObjectNode node = Json.object()
                .put(
                        "id",
                        "il_" + proration.item().id() + "_"
                                + update.receivedAt().toEpochMilli() + (charge ? "_charge" : "_credit"))
                .put("object", "line_item")
                .put("amount", amount)
                .put("currency", "usd")
                .put(
                        "description",
                        (charge ? "Remaining time on " : "Unused time on ") + quantity + " × " + price.nickname()
                                + " after " + update.prorationDate())
                .put("invoice", invoiceId)
                .put("livemode", false)
                .put("quantity", quantity)
                .put("subtotal", amount);
        node.putObject("period")
                .put("start", update.prorationDate().getEpochSecond())
                .put("end", invoice.period().end().getEpochSecond());
        node.putObject("parent")
                .put("type", "subscription_item_details")
                .putObject("subscription_item_details")
                .put("proration", true)
                .put("subscription", invoice.subscription().id())
                .put("subscription_item", proration.item().id());
        node.putObject("metadata");
        return node;
    }

    static ObjectNode list(String url, ArrayNode data, boolean hasMore) {
        ObjectNode node =
                Json.object().put("object", "list").put("has_more", hasMore).put("url", url);
        node.set("data", data);
        return node;
    }

    /**
     * One page of a list, as {@code limit} (1 to 100, else 10), {@code starting_after} and {@code ending_before} say.
     *
     * @throws Refusal if a parameter is out of range or names nothing in the list
     */
    static ObjectNode page(String url, List<ObjectNode> all, JsonNode query) {
        int limit = 10;
        if (query.has("limit")) {
            long asked = query.path("limit").longValue();
            if (asked < 1 || asked > 100) {
                throw Refusal.parameter(null, "limit", "This value must be between 1 and 100.");
            }
            limit = (int) asked;
        }
        int from = 0;
        int to = all.size();
        if (query.has("starting_after")) {
            from = indexOf(all, query.path("starting_after").asText(), "starting_after") + 1;
        }
        boolean more;
        if (query.has("ending_before")) {
            to = indexOf(all, query.path("ending_before").asText(), "ending_before");
            more = to - from > limit;
            from = Math.max(from, to - limit);
        } else {
            more = to - from > limit;
            to = Math.min(to, from + limit);
        }
        ArrayNode data = Json.MAPPER.createArrayNode();
        all.subList(Math.min(from, to), to).forEach(data::add);
        return list(url, data, more);
    }

    private static int indexOf(List<ObjectNode> all, String id, String param) {
        for (int i = 0; i < all.size(); i++) {
            if (all.get(i).path("id").asText().equals(id)) {
                return i;
            }
        }
        throw Refusal.parameter("resource_missing", param, "No such object: '" + id + "'");
    }
}
