package dev.tally.cli.standin;

import com.fasterxml.jackson.databind.JsonNode;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * {@code GET} and {@code POST /v1/subscription_items/{id}} as Stripe documents them: licensed prices only, {@code proration_date} within the
 * current period, 200 updates of a subscription in an hour. Of the parameters it takes the quantity and how it is prorated.
 */
final class SubscriptionItems {
    private static final String PATH = "/v1/subscription_items/{item}";
    private static final Set<String> SUPPORTED =
            Set.of("quantity", "proration_date", "proration_behavior", "payment_behavior", "off_session", "expand");
    private static final Duration HOUR = Duration.ofHours(1);
    private static final int UPDATES_PER_HOUR = 200;

    private final Account account;
    private final Book book;
    private final RequestRules rules;
    private final KeyedCalls keyedCalls;
    private final InstantSource clock;

    SubscriptionItems(Account account, Book book, RequestRules rules, KeyedCalls keyedCalls, InstantSource clock) {
        this.account = account;
        this.book = book;
        this.rules = rules;
        this.keyedCalls = keyedCalls;
        this.clock = clock;
    }

    /**
     * Reads an item.
     *
     * @throws Refusal where there is none
     */
    Answer read(Call call, String id) {
        rules.query(PATH, call.query());
        Account.SubscribedItem found = found(id);
        return Answer.json(
                200,
                StripeObjects.item(
                        found.subscription(), found.item(), book.quantity(found.item(), Instant.MAX), clock.instant()));
    }

    private Account.SubscribedItem found(String id) {
        return account.item(id).orElseThrow(() -> Refusal.notFound("subscription_item", id, "item"));
    }

    /**
     * Updates an item.
     *
     * @throws Refusal for whatever is refused before the call is executed
     */
    Answer update(Call call, String id, Faults.@Nullable Fault fault) {
        JsonNode params = rules.body(PATH, call.body());
        params.fieldNames().forEachRemaining(name -> {
            if (!SUPPORTED.contains(name)) {
                throw Refusal.parameter(null, name, "The stand-in does not support the parameter " + name + " here.");
            }
        });
        Account.SubscribedItem found = found(id);
        return keyedCalls.answer(call, fault, now -> judge(found, params, now));
    }

    private KeyedCalls.Effect judge(Account.SubscribedItem found, JsonNode params, Instant now) {
        Account.Item item = found.item();
        if (params.has("quantity") && item.price().metered()) {
            throw Refusal.executed(null, "quantity", "You cannot set the quantity for metered plans.");
        }
        long quantity = params.path("quantity").longValue();
        if (quantity < 0) {
            throw Refusal.executed(
                    "parameter_invalid_integer", "quantity", "This value must be greater than or equal to 0.");
        }
        String behavior = params.path("proration_behavior").asText("create_prorations");
        if (behavior.equals("always_invoice")) {
            throw Refusal.executed(null, "proration_behavior", "The stand-in does not support always_invoice.");
        }
        Instant date = prorationDate(found.subscription().periodAt(now), params, now);
        Instant hourAgo = now.minus(HOUR);
        if (book.updates(update -> isOf(found.subscription(), update)
                                && update.receivedAt().isAfter(hourAgo))
                        .size()
                >= UPDATES_PER_HOUR) {
            throw Refusal.of(
                    429,
                    "invalid_request_error",
                    "rate_limit",
                    "The quantity of a subscription can be updated " + UPDATES_PER_HOUR + " times an hour.");
        }
        Long after = params.has("quantity") ? Long.valueOf(quantity) : book.quantity(item, Instant.MAX);
        String body = Json.pretty(StripeObjects.item(found.subscription(), item, after, now));
        return new KeyedCalls.Effect(
                body, saved -> book.update(item, after, date, !behavior.equals("none"), now, saved));
    }

    private static boolean isOf(Account.Subscription subscription, ItemUpdate update) {
        return subscription.items().stream().anyMatch(item -> item.id().equals(update.item()));
    }

    private static Instant prorationDate(Period period, JsonNode params, Instant now) {
        if (!params.has("proration_date")) {
            return Instant.ofEpochSecond(now.getEpochSecond());
        }
        Instant date = Instant.ofEpochSecond(params.path("proration_date").longValue());
        if (date.isBefore(period.start()) || date.isAfter(period.end())) {
            throw Refusal.executed(
                    null,
                    "proration_date",
                    "Cannot specify proration date outside of current subscription period: " + period.start() + " to "
                            + period.end());
        }
        return date;
    }
}
