package dev.tally.sink.delivery;

import dev.tally.sink.reporting.Attempts;
import dev.tally.sink.reporting.Fact;
import dev.tally.sink.reporting.Replay;
import java.time.Instant;

/**
 * One fact on its way to Stripe.
 *
 * @param source the partition it came from, which may be lost at any time
 * @param attempts where its delivery stood when it was read
 * @param firstAttemptAt no attempt was made before this
 * @param replay whether it is one after it had ended before
 */
record Delivery(
        PartitionWork source, FactRecord origin, Fact fact, Attempts attempts, Instant firstAttemptAt, Replay replay) {}
