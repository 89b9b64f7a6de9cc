package dev.tally.streams.metering;

import dev.tally.keys.Ids;
import dev.tally.keys.Subject;
import java.time.Duration;
import java.util.Collections;
import java.util.Map;
import java.util.SortedMap;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/**
 * What is asked for an action before it runs.
 *
 * @param payer who would pay
 * @param actionId the caller's id of the action, unique among the payer's
 * @param userId who would act
 * @param orgId in which organisation; null: in none
 * @param spaceId in which space; null: in none
 * @param amounts what would be used, by meter
 * @param holdFor how long an admitted amount is held until its event arrives
 */
public record AdmissionAsk(
        Subject payer,
        String actionId,
        String userId,
        @Nullable String orgId,
        @Nullable String spaceId,
        SortedMap<String, Long> amounts,
        Duration holdFor) {

    /** The longest hold. */
    public static final Duration LONGEST_HOLD = Duration.ofHours(24);

    /** The most meters that one action can ask for: those its caller names, and those that count it. */
    public static final int MOST_METERS = 1_000;

    public AdmissionAsk {
        amounts = Collections.unmodifiableSortedMap(new TreeMap<>(amounts));
    }

    /**
     * Whether it keeps the rules of a request: valid ids; a payer that is its user or its org; 1 to {@value #MOST_METERS} meters with 1 to
     * {@link ActionRules#MAX_AMOUNT} each; a hold over 0 and at most {@link #LONGEST_HOLD}.
     */
    public boolean isValid() {
        return isId(actionId)
                && isId(userId)
                && (orgId == null || isId(orgId))
                && (spaceId == null || isId(spaceId))
                && payer.id().equals(payer.kind() == Subject.Kind.ORG ? orgId : userId)
                && !amounts.isEmpty()
                && amounts.size() <= MOST_METERS
                && amounts.entrySet().stream().allMatch(AdmissionAsk::isValid)
                && holdFor.isPositive()
                && holdFor.compareTo(LONGEST_HOLD) <= 0;
    }

    private static boolean isValid(Map.Entry<String, Long> amount) {
        return isId(amount.getKey()) && amount.getValue() > 0 && amount.getValue() <= ActionRules.MAX_AMOUNT;
    }

    private static boolean isId(@Nullable String id) {
        return id != null && Ids.problem(id).isEmpty();
    }

    /** The same without what may be of any size in a request that breaks the rules: amounts, and ids that are none. */
    public AdmissionAsk bounded() {
        return new AdmissionAsk(
                payer,
                actionId,
                isId(userId) ? userId : "",
                isId(orgId) ? orgId : null,
                isId(spaceId) ? spaceId : null,
                Collections.emptySortedMap(),
                Duration.ZERO);
    }
}
