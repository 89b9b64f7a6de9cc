package dev.tally.cli.audit;

import dev.tally.schemas.ActionEvent;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.time.Instant;
import java.util.Arrays;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/** What every action must satisfy to be counted, written down once more. */
final class SoundAction {

    private static final int LONGEST_ID = 256;
    private static final long LARGEST = 1_000_000_000_000L;
    private static final Duration AHEAD = Duration.ofMinutes(5);

    private SoundAction() {}

    /**
     * The reason for which an action must be a dead letter; empty where it is sound.
     *
     * @param amounts what it comes to, by meter
     */
    static Optional<String> broken(ActionEvent action, Instant appendedAt, Map<String, Long> amounts) {
        if (action.getReverses() != null || action.getOccurredAt().isBefore(Instant.EPOCH)) {
            return Optional.of("unsupported");
        }
        boolean ids = isId(action.getEventId())
                && isId(action.getUserId())
                && (action.getActionType().isEmpty() || isId(action.getActionType()))
                && Arrays.asList(action.getOrgId(), action.getSpaceId(), action.getModel(), action.getAdmissionId())
                        .stream()
                        .allMatch(id -> id == null || isId(id));
        if (!ids) {
            return Optional.of("invalid_id");
        }
        if (action.getOccurredAt().isAfter(appendedAt.plus(AHEAD))) {
            return Optional.of("timestamp_in_future");
        }
        if (action.getUsage().values().stream().anyMatch(amount -> amount < 0)) {
            return Optional.of("negative_amount");
        }
        boolean large = action.getUsage().values().stream().anyMatch(amount -> amount > LARGEST)
                || (!action.getReadOnly() && amounts.values().stream().anyMatch(amount -> amount > LARGEST));
        return large ? Optional.of("amount_too_large") : Optional.empty();
    }

    private static boolean isId(@Nullable String id) {
        return id != null
                && !id.isEmpty()
                && id.getBytes(StandardCharsets.UTF_8).length <= LONGEST_ID
                && id.chars().noneMatch(Character::isISOControl);
    }
}
