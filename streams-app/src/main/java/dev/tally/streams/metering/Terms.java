package dev.tally.streams.metering;

import dev.tally.keys.Subject;
import java.util.Optional;

/** The catalogue as one stage sees it at one moment. */
public interface Terms {

    /** A subject's subscription. */
    Optional<SubscriptionTerms> subscription(Subject subject);

    /** A version of a plan. */
    Optional<PlanTerms> plan(String planId, int version);
}
