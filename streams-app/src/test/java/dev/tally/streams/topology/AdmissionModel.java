package dev.tally.streams.topology;

import dev.tally.keys.Subject;
import dev.tally.schemas.AdmissionRequest;
import dev.tally.streams.metering.LimitStanding;
import dev.tally.streams.metering.PlanTerms.Beyond;
import dev.tally.streams.metering.PlanTerms.Window;
import dev.tally.streams.metering.Standings;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.function.ToLongFunction;
import org.jspecify.annotations.Nullable;

/** Admissions as simply as can be: a list of all of them, looked through for every question. One payer each. */
final class AdmissionModel {

    private static final Duration DAY = Duration.ofHours(24);

    private final Subject payer;
    private final Standings standings;
    private final int queueMax;
    private final List<One> all = new ArrayList<>();
    private long asked;

    /** What was decided, as text. */
    final List<String> log = new ArrayList<>();

    /** What was shown, likewise. */
    final List<String> board = new ArrayList<>();

    AdmissionModel(Subject payer, Standings standings, int queueMax) {
        this.payer = payer;
        this.standings = standings;
        this.queueMax = queueMax;
    }

    private static final class One {
        final AdmissionRequest request;
        final long turn;
        String decision = "";
        int revision = -1;

        @Nullable
        String reason;

        Instant at = Instant.EPOCH;

        @Nullable
        Instant retryAt;

        @Nullable
        Instant holdUntil;

        @Nullable
        Long remaining;

        boolean settled;
        Instant due = Instant.EPOCH;

        One(AdmissionRequest request, long turn) {
            this.request = request;
            this.turn = turn;
        }

        boolean holds() {
            return decision.equals("ADMIT") && !settled;
        }

        boolean waits() {
            return decision.equals("QUEUE");
        }

        String text() {
            return String.join(
                    " ",
                    request.getActionId(),
                    decision,
                    "" + revision,
                    "" + reason,
                    "" + at,
                    "" + retryAt,
                    "" + holdUntil,
                    "" + remaining);
        }
    }

    void request(AdmissionRequest request, Instant now) {
        upToDate(now);
        One known = find(request.getActionId(), now);
        if (known != null) {
            board.add(known.text());
            return;
        }
        One one = new One(request, asked++);
        decide(one, true, now);
        all.add(one);
    }

    void cancel(String actionId, Instant now) {
        One one = find(actionId, now);
        if (one != null && (one.holds() || one.waits())) {
            change(one, "CANCELED", null, null, null, null, now.plus(DAY), now);
        } else if (one != null) {
            board.add(one.text());
        }
        upToDate(now);
    }

    void settle(String actionId, Instant now) {
        One one = find(actionId, now);
        if (one != null && one.holds()) {
            one.settled = true;
            one.due = now.plus(DAY);
        } else if (one != null && one.waits()) {
            change(one, "CANCELED", "event_arrived", null, null, null, now.plus(DAY), now);
        }
    }

    void upToDate(Instant now) {
        List<One> due = new ArrayList<>(
                all.stream().filter(one -> !one.due.isAfter(now)).toList());
        due.sort(Comparator.comparing((One one) -> one.due).thenComparing(one -> one.request.getActionId()));
        due.forEach(one -> comeDue(one, now));
        while (true) {
            One first = all.stream()
                    .filter(One::waits)
                    .min(Comparator.comparingLong(one -> one.turn))
                    .orElse(null);
            if (first == null || !decide(first, false, now)) {
                return;
            }
        }
    }

    private @Nullable One find(String actionId, Instant now) {
        for (One one : List.copyOf(all)) {
            if (one.request.getActionId().equals(actionId)) {
                if (!one.due.isAfter(now)) {
                    comeDue(one, now);
                }
                return all.contains(one) ? one : null;
            }
        }
        return null;
    }

    private void comeDue(One one, Instant now) {
        if (one.holds() || one.waits()) {
            change(
                    one,
                    "EXPIRED",
                    one.holds() ? "hold_expired" : "queue_expired",
                    null,
                    null,
                    null,
                    now.plus(DAY),
                    now);
        } else {
            all.remove(one);
        }
    }

    /** What holds of this payer take of a limit. */
    long held(LimitStanding limit) {
        return sum(one -> {
            boolean concerns = switch (limit.scope()) {
                case USER, MEMBER -> one.request.getUserId().equals(limit.scopeId());
                case SPACE -> limit.scopeId().equals(one.request.getSpaceId());
                case ORG -> true;
            };
            Long amount = one.request.getAmounts().get(limit.meter());
            return !concerns || amount == null ? 0 : limit.window() == Window.CONCURRENT ? 1 : amount;
        });
    }

    private long sum(ToLongFunction<One> of) {
        return all.stream().filter(One::holds).mapToLong(of).sum();
    }

    long openHolds() {
        return sum(one -> 1);
    }

    long waiting() {
        return all.stream().filter(One::waits).count();
    }

    /** Whether the answer is another than to wait further. */
    private boolean decide(One one, boolean isNew, Instant now) {
        Map<String, Long> amounts = one.request.getAmounts();
        String decision = "ADMIT";
        String reason = null;
        Instant retryAt = null;
        Long remaining = null;
        String refusal = standings.refusal(payer, one.request.getUserId(), now).orElse(null);
        if (one.request.getHoldForMillis() <= 0) {
            decision = "REJECT";
            reason = "invalid_request";
        } else if (refusal != null) {
            decision = "REJECT";
            reason = refusal;
        } else {
            List<LimitStanding> limits =
                    standings.of(payer, one.request.getUserId(), one.request.getSpaceId(), amounts.keySet(), now);
            List<LimitStanding> tooSmall = limits.stream()
                    .filter(limit ->
                            Set.of(Beyond.QUEUE, Beyond.PAUSE, Beyond.REJECT).contains(limit.beyond()))
                    .filter(limit -> limit.limitUsed() + held(limit) + takes(amounts, limit) > limit.limit())
                    .toList();
            for (Beyond beyond : List.of(Beyond.REJECT, Beyond.PAUSE, Beyond.QUEUE)) {
                for (LimitStanding limit : tooSmall) {
                    if (reason == null && limit.beyond() == beyond) {
                        decision = beyond.name();
                        reason = name(limit);
                    }
                }
            }
            for (LimitStanding limit : tooSmall) {
                Instant reset = limit.resetsAt();
                if (reset != null && (retryAt == null || retryAt.isBefore(reset))) {
                    retryAt = reset;
                }
            }
            if (isNew && waiting() > 0 && decision.equals("ADMIT")) {
                decision = "QUEUE";
                reason = "queued_behind";
            }
            if (isNew && decision.equals("QUEUE") && waiting() >= queueMax) {
                decision = "REJECT";
                reason = "queue_full";
            }
            for (LimitStanding limit : limits) {
                long left = limit.limit()
                        - limit.limitUsed()
                        - held(limit)
                        - (decision.equals("ADMIT") ? takes(amounts, limit) : 0);
                remaining = Math.max(0, remaining == null ? left : Math.min(left, remaining));
            }
        }
        if (!isNew && decision.equals("QUEUE")) {
            return false;
        }
        Instant holdUntil = decision.equals("ADMIT") ? now.plusMillis(one.request.getHoldForMillis()) : null;
        Instant due = holdUntil == null ? now.plus(DAY) : holdUntil;
        change(one, decision, reason, retryAt, holdUntil, remaining, due, now);
        return true;
    }

    private static long takes(Map<String, Long> amounts, LimitStanding limit) {
        return limit.window() == Window.CONCURRENT ? 1 : Objects.requireNonNull(amounts.get(limit.meter()));
    }

    private static String name(LimitStanding limit) {
        if (limit.window() == Window.CONCURRENT) {
            return "concurrency";
        }
        return switch (limit.scope()) {
            case MEMBER -> "member_cap";
            case SPACE -> "space_cap";
            case USER -> limit.window() == Window.DAY ? "user_limit" : "pool_empty";
            case ORG -> limit.window() == Window.DAY ? "org_limit" : "pool_empty";
        };
    }

    private void change(
            One one,
            String decision,
            @Nullable String reason,
            @Nullable Instant retryAt,
            @Nullable Instant holdUntil,
            @Nullable Long remaining,
            Instant due,
            Instant now) {
        one.decision = decision;
        one.revision++;
        one.reason = reason;
        one.at = now;
        one.retryAt = retryAt;
        one.holdUntil = holdUntil;
        one.remaining = remaining;
        one.due = due;
        log.add(one.text());
        board.add(one.text());
    }
}
