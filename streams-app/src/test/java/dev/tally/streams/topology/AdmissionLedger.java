package dev.tally.streams.topology;

import static org.assertj.core.api.Assertions.assertThat;

import dev.tally.keys.Subject;
import dev.tally.schemas.AdmissionDecision;
import dev.tally.schemas.Decision;
import dev.tally.streams.metering.LimitStanding;
import dev.tally.streams.metering.PlanTerms.Beyond;
import dev.tally.streams.metering.PlanTerms.Window;
import dev.tally.streams.metering.Standings;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/** What must hold of the decisions about one payer, known from nothing but the decisions themselves and the limits. */
final class AdmissionLedger {

    private static final Set<String> WITHOUT_LIMIT = Set.of("not_a_member", "invalid_request");

    private final Subject payer;
    private final Standings standings;
    private final int queueMax;
    private final Map<String, AdmissionDecision> latest = new HashMap<>();
    private final Map<String, AdmissionDecision> open = new LinkedHashMap<>();
    private final Deque<String> queue = new ArrayDeque<>();

    /** How often each answer was given. */
    final Map<String, Integer> seen = new TreeMap<>();

    AdmissionLedger(Subject payer, Standings standings, int queueMax) {
        this.payer = payer;
        this.standings = standings;
        this.queueMax = queueMax;
    }

    void settled(String actionId) {
        open.remove(actionId);
    }

    void decided(AdmissionDecision decision) {
        seen.merge(decision.getDecision() + " " + decision.getReason(), 1, Integer::sum);
        chain(decision);
        String id = decision.getActionId();
        if (decision.getDecision() == Decision.ADMIT) {
            leave(decision);
            assertThat(queue.isEmpty() || decision.getRevision() > 0)
                    .as("%s overtakes", id)
                    .isTrue();
            open.put(id, decision);
            assertThat(full(decision, 0)).as("admitted beyond, by %s", id).isEmpty();
        } else {
            leave(decision);
            justify(decision);
            if (decision.getDecision() == Decision.QUEUE) {
                queue.addLast(id);
            }
        }
        latest.put(id, decision);
    }

    /** Each action has one chain of revisions, and begins anew only a day after its last. */
    private void chain(AdmissionDecision decision) {
        AdmissionDecision before = latest.get(decision.getActionId());
        if (decision.getRevision() == 0) {
            assertThat(before == null
                            || !before.getAt().plus(Duration.ofDays(1)).isAfter(decision.getAt()))
                    .as("%s begins anew", decision.getActionId())
                    .isTrue();
        } else {
            assertThat(Objects.requireNonNull(before).getRevision()).isEqualTo(decision.getRevision() - 1);
            assertThat(before.getDecision()).isIn(Decision.ADMIT, Decision.QUEUE);
        }
    }

    /** Whoever leaves the queue other than by giving up is its first. */
    private void leave(AdmissionDecision decision) {
        String id = decision.getActionId();
        if (queue.contains(id)) {
            if (decision.getDecision() != Decision.EXPIRED && decision.getDecision() != Decision.CANCELED) {
                assertThat(queue.peekFirst()).isEqualTo(id);
            }
            queue.remove(id);
        }
        open.remove(id);
    }

    private void justify(AdmissionDecision decision) {
        String reason = decision.getReason();
        if (decision.getDecision() == Decision.EXPIRED || decision.getDecision() == Decision.CANCELED) {
            assertThat(decision.getRevision()).isPositive();
        } else if ("queued_behind".equals(reason)) {
            assertThat(queue).isNotEmpty();
        } else if ("queue_full".equals(reason)) {
            assertThat(queue).hasSizeGreaterThanOrEqualTo(queueMax);
        } else if (!WITHOUT_LIMIT.contains(Objects.requireNonNull(reason))) {
            assertThat(full(decision, 1))
                    .as("limits without room for %s", decision.getActionId())
                    .isNotEmpty();
        }
    }

    /** The limits that are passed, with what is asked for once more or not. */
    private List<LimitStanding> full(AdmissionDecision decision, int times) {
        Map<String, Long> amounts = decision.getAmounts();
        Instant at = decision.getAt();
        return standings.of(payer, decision.getUserId(), decision.getSpaceId(), amounts.keySet(), at).stream()
                .filter(limit -> limit.beyond() != Beyond.BILL && limit.beyond() != Beyond.NOTIFY)
                .filter(limit -> {
                    long asked = limit.window() == Window.CONCURRENT
                            ? 1
                            : Objects.requireNonNull(amounts.get(limit.meter()));
                    return limit.limitUsed() + held(limit) + times * asked > limit.limit();
                })
                .toList();
    }

    long held(LimitStanding limit) {
        return open.values().stream()
                .filter(hold -> limit.scopeId().equals(scopeId(limit, hold)))
                .filter(hold -> hold.getAmounts().containsKey(limit.meter()))
                .mapToLong(hold -> limit.window() == Window.CONCURRENT
                        ? 1
                        : Objects.requireNonNull(hold.getAmounts().get(limit.meter())))
                .sum();
    }

    private @Nullable String scopeId(LimitStanding limit, AdmissionDecision hold) {
        return AdmissionRig.scopeId(limit.scope(), payer, hold.getUserId(), hold.getSpaceId());
    }
}
