package dev.tally.streams.metering;

import dev.tally.keys.Subject;
import java.time.Instant;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** Where a payer stands, for whoever decides about admissions. Every answer holds for the moment of the log it was asked at. */
public interface Standings {

    /**
     * Why nothing of a payer is admitted for a user, whatever the amount.
     *
     * @return {@code subscription_canceled}, {@code not_a_member}; empty where the limits decide
     */
    Optional<String> refusal(Subject payer, String userId, Instant now);

    /**
     * The limits in force that an action of these meters would count against: the payer's own, and of an org those of the member and of the
     * space. A limit without a figure (nothing is included and what is beyond is billed) is not among them.
     */
    List<LimitStanding> of(Subject payer, String userId, @Nullable String spaceId, Set<String> meters, Instant now);
}
