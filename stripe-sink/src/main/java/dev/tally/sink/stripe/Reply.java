package dev.tally.sink.stripe;

import dev.tally.sink.reporting.Answer;
import org.jspecify.annotations.Nullable;

/**
 * What came of one attempt.
 *
 * @param requestId Stripe's id of the request, to look it up in Stripe's dashboard; null where no answer carried one
 */
public record Reply(Answer answer, @Nullable String requestId) {}
