package dev.tally.sink.stripe;

import dev.tally.sink.seats.rules.ItemAnswer;
import org.jspecify.annotations.Nullable;

/**
 * What came of one call about a subscription item.
 *
 * @param requestId Stripe's id of the request, to look it up in Stripe's dashboard; null where no answer carried one
 */
public record ItemReply(ItemAnswer answer, @Nullable String requestId) {}
