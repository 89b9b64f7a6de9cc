package dev.tally.streams.requests;

import dev.tally.schemas.AdmissionDecision;
import java.time.Duration;
import java.util.Map;
import java.util.Objects;
import java.util.stream.Stream;
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

    /**
     * Whether a decision is about what is asked here. An amount of 1 that only one of them has is no difference: which meters count an action,
     * and so are added, may have changed in between.
     */
    public boolean isAnsweredBy(AdmissionDecision decision) {
        return userId.equals(decision.getUserId())
                && Objects.equals(orgId, decision.getOrgId())
                && Objects.equals(spaceId, decision.getSpaceId())
                && Stream.of(amounts, decision.getAmounts())
                        .flatMap(asked -> asked.keySet().stream())
                        .allMatch(meter -> amounts.getOrDefault(meter, 1L)
                                .equals(decision.getAmounts().getOrDefault(meter, 1L)));
    }
}
