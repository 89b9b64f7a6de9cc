package dev.tally.cli.audit;

import dev.tally.cli.audit.LimitCatalogue.Allowed;
import dev.tally.cli.audit.LimitCatalogue.Rule;
import java.time.Instant;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/** What the log says about one window: how much, who pays, and when it passed what it alerts at. */
final class WindowUse {

    private final Instant end;
    private long usedLeast;
    private long usedMost;
    private long paidLeast;
    private long paidMost;
    private boolean payerSure = true;
    private boolean limitSure = true;
    private boolean empty = true;
    private @Nullable Allowed limit;
    private Map<Rule, Crossing> crossings = Map.of();

    WindowUse(Instant end) {
        this.end = end;
    }

    /** The action with which usage came to what an alert is due at, in the order of the log. */
    record Crossing(String eventId, Place place, long used) {}

    /**
     * Adds an action.
     *
     * @param settled whether it is processed for sure
     * @param pays whether the window's subject pays; null: not sure
     * @param sure whether it is sure what limits it
     * @param allowed what limits it; null: nothing
     */
    void add(
            String eventId,
            Place place,
            long amount,
            boolean settled,
            @Nullable Boolean pays,
            boolean sure,
            @Nullable Allowed allowed) {
        usedMost = Math.addExact(usedMost, amount);
        usedLeast = Math.addExact(usedLeast, settled ? amount : 0);
        if (pays == null) {
            payerSure = false;
        } else if (pays) {
            paidMost = Math.addExact(paidMost, amount);
            paidLeast = Math.addExact(paidLeast, settled ? amount : 0);
        }
        limitSure &= sure && (empty || java.util.Objects.equals(limit, allowed));
        limit = allowed;
        empty = false;
        // Of what is not settled it is not known whether it counts.
        if (settled && pays != null && pays && amount > 0 && isJudged()) {
            cross(eventId, place);
        }
    }

    private void cross(String eventId, Place place) {
        Allowed holds = limit;
        if (holds == null || holds.amount() == null) {
            return;
        }
        for (Rule rule : holds.rules()) {
            if (!crossings.containsKey(rule) && rule.isDue(paidMost, holds.amount())) {
                crossings = new HashMap<>(crossings);
                crossings.put(rule, new Crossing(eventId, place, paidMost));
            }
        }
    }

    Instant end() {
        return end;
    }

    long usedLeast() {
        return usedLeast;
    }

    long usedMost() {
        return usedMost;
    }

    long paidLeast() {
        return paidLeast;
    }

    long paidMost() {
        return paidMost;
    }

    boolean isPayerSure() {
        return payerSure;
    }

    /** Whether one limit that does not change held for all of it, or none did. */
    boolean isJudged() {
        return payerSure && limitSure && (limit == null || limit.amount() != null);
    }

    @Nullable
    Allowed limit() {
        return limit;
    }

    Optional<Crossing> crossing(Rule rule) {
        return Optional.ofNullable(crossings.get(rule));
    }
}
