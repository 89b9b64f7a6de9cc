package dev.tally.streams.requests;

import java.time.Duration;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * A checked question whether an action may run.
 *
 * @param actionId the caller's id of the action
 * @param userId who would act
 * @param orgId in which organisation, if any
 * @param spaceId in which space, if any
 * @param amounts what would be used, by meter; at least one, 1 to 10^12 each
 * @param holdFor how long an admitted amount is held; over 0, at most 24 h
 */
public record AdmissionAsk(
        String actionId,
        String userId,
        @Nullable String orgId,
        @Nullable String spaceId,
        Map<String, Long> amounts,
        Duration holdFor) {

    public AdmissionAsk {
        amounts = Map.copyOf(amounts);
    }
}
