package dev.tally.cli.standin;

import java.math.BigDecimal;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * The account the stand-in pretends to be, in Stripe's own terms and fixed while it runs, but for quantities. Unit amounts are decimal
 * cents.
 *
 * @param customers by id
 */
record Account(
        List<Meter> meters, List<Price> prices, Map<String, Customer> customers, List<Subscription> subscriptions) {

    Account {
        meters = List.copyOf(meters);
        prices = List.copyOf(prices);
        customers = Map.copyOf(customers);
        subscriptions = List.copyOf(subscriptions);
    }

    /** A billing meter. */
    record Meter(
            String id,
            String eventName,
            String displayName,
            String customerKey,
            String valueKey,
            boolean active,
            Aggregation aggregation) {

        private Meter addingUp() {
            return new Meter(
                    id,
                    eventName,
                    displayName,
                    customerKey,
                    valueKey,
                    active,
                    new Aggregation(aggregation.formula(), aggregation.window(), false));
        }
    }

    /** A recurring price per unit, or per package of units. */
    record Price(
            String id,
            String product,
            String nickname,
            int months,
            @Nullable String meter,
            BigDecimal unitAmount,
            @Nullable Packages packages) {

        boolean metered() {
            return meter != null;
        }

        String interval() {
            return months == 12 ? "year" : "month";
        }
    }

    /** Units are divided by {@code size} before the price is applied, and rounded up or down ({@code transform_quantity} of a price). */
    record Packages(int size, boolean up) {}

    /** A customer. */
    record Customer(String id, String name, String email) {}

    /** A subscription; all its items have one billing interval, of {@code months} months. */
    record Subscription(String id, String customer, Instant anchor, int months, List<Item> items) {

        Subscription {
            items = List.copyOf(items);
        }

        Period periodAt(Instant instant) {
            return Period.containing(anchor, months, instant);
        }
    }

    /** One priced part of a subscription; {@code quantity}, until it is updated, is null where the price is metered. */
    record Item(String id, Price price, @Nullable Integer quantity) {}

    /** The same where windows of meters change nothing. */
    Account addingUp() {
        return new Account(meters.stream().map(Meter::addingUp).toList(), prices, customers, subscriptions);
    }

    /** An item with the subscription it is a part of. */
    record SubscribedItem(Subscription subscription, Item item) {}

    Optional<SubscribedItem> item(String id) {
        return subscriptions.stream()
                .flatMap(subscription ->
                        subscription.items().stream().map(item -> new SubscribedItem(subscription, item)))
                .filter(found -> found.item().id().equals(id))
                .findFirst();
    }

    Optional<Meter> meter(String id) {
        return meters.stream().filter(meter -> meter.id().equals(id)).findFirst();
    }

    Optional<Meter> meterOfEvent(String eventName) {
        return meters.stream()
                .filter(meter -> meter.eventName().equals(eventName))
                .findFirst();
    }

    /** The meter behind a metered price. */
    Meter meterOf(Price price) {
        return meters.stream()
                .filter(meter -> meter.id().equals(price.meter()))
                .findFirst()
                .orElseThrow(() -> new IllegalArgumentException(price.id() + " is not metered"));
    }

    Optional<Price> price(String id) {
        return prices.stream().filter(price -> price.id().equals(id)).findFirst();
    }

    Optional<Customer> customer(String id) {
        return Optional.ofNullable(customers.get(id));
    }

    Optional<Subscription> subscription(String id) {
        return subscriptions.stream()
                .filter(subscription -> subscription.id().equals(id))
                .findFirst();
    }

    List<Subscription> subscriptionsOf(String customer) {
        return subscriptions.stream()
                .filter(subscription -> subscription.customer().equals(customer))
                .toList();
    }
}
