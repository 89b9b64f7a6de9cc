package dev.tally.streams.entitlements;

import java.time.Instant;
import org.jspecify.annotations.Nullable;

/** What is said to the outside about one step, in the words of the output records. */
public sealed interface Said {

    /** A quota alert. */
    record Alert(
            String kind,
            String subject,
            String scope,
            String scopeId,
            String meter,
            Instant windowStart,
            Instant windowEnd,
            @Nullable Integer threshold,
            int epoch,
            @Nullable Long limit,
            long used,
            String cause,
            boolean late)
            implements Said {}

    /** An admission decision. */
    record Decision(
            String actionId,
            String payer,
            String decision,
            int revision,
            @Nullable String reason,
            Instant at,
            @Nullable Instant retryAt,
            @Nullable Instant holdUntil)
            implements Said {}

    /** A number of seats. */
    record Seats(String org, long quantity, long version, Instant effectiveAt, String cause) implements Said {}
}
