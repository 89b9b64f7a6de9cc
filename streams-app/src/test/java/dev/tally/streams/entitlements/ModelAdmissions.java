package dev.tally.streams.entitlements;

import dev.tally.schemas.AdmissionCancel;
import dev.tally.schemas.AdmissionRequest;
import dev.tally.schemas.Beyond;
import dev.tally.schemas.Limit;
import dev.tally.schemas.LimitWindow;
import dev.tally.schemas.Scope;
import dev.tally.streams.entitlements.ModelStandings.Standing;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.TreeMap;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/** Which actions may run, what is held for them, and which wait. */
final class ModelAdmissions {

    private static final int QUEUE_MAX = 10_000;
    private static final Duration QUEUED_AT_MOST = Duration.ofHours(24);
    private static final Duration REMEMBERED = Duration.ofHours(24);

    private final Mutant mutant;
    private final ModelCatalogue catalogue;
    private final ModelStandings standings;
    private final Consumer<Said> out;
    private final Map<String, Desk> desks = new TreeMap<>();

    /** What is open for one payer. */
    private static final class Desk {
        private final Map<String, Hold> holds = new LinkedHashMap<>();
        private final List<Waiting> queue = new ArrayList<>();
        private final Map<String, Known> known = new HashMap<>();
    }

    private record Hold(AdmissionRequest request, Instant until) {}

    private record Waiting(AdmissionRequest request, Instant since) {}

    /** An action that was decided about, and when that or what came of it last changed. */
    private record Known(int revision, Instant changedAt) {}

    /** A limit that has no room for a request. */
    private record Refusal(
            Beyond beyond,
            int order,
            String reason,
            @Nullable Instant resetsAt) {}

    /** What keeps a request from being admitted. */
    private record Verdict(
            Beyond beyond, String reason, @Nullable Instant retryAt) {}

    ModelAdmissions(Mutant mutant, ModelCatalogue catalogue, ModelStandings standings, Consumer<Said> out) {
        this.mutant = mutant;
        this.catalogue = catalogue;
        this.standings = standings;
        this.out = out;
    }

    void ask(AdmissionRequest request, Instant now) {
        Desk desk = desks.computeIfAbsent(request.getPayer(), payer -> new Desk());
        expire(request.getPayer(), now);
        desk.known.values().removeIf(one -> !one.changedAt().plus(REMEMBERED).isAfter(now));
        if (desk.known.containsKey(request.getActionId())) {
            return;
        }
        Optional<Verdict> verdict = decision(desk, request, now);
        boolean waits = verdict.map(one -> one.beyond() == Beyond.QUEUE)
                .orElse(!desk.queue.isEmpty() && mutant != Mutant.QUEUE_OVERTAKING);
        if (waits) {
            queue(desk, request, verdict, now);
        } else {
            answer(desk, request, verdict, now);
        }
    }

    private void queue(Desk desk, AdmissionRequest request, Optional<Verdict> verdict, Instant now) {
        if (desk.queue.size() >= QUEUE_MAX) {
            decide(desk, request, "REJECT", "queue_full", now, null, null);
            return;
        }
        desk.queue.add(new Waiting(request, now));
        decide(
                desk,
                request,
                "QUEUE",
                verdict.map(Verdict::reason).orElse("queued_behind"),
                now,
                verdict.map(Verdict::retryAt).orElse(null),
                null);
    }

    void cancel(AdmissionCancel cancel, Instant now) {
        Desk desk = desks.get(cancel.getPayer());
        if (desk == null) {
            return;
        }
        expire(cancel.getPayer(), now);
        Hold hold = desk.holds.remove(cancel.getActionId());
        Optional<Waiting> waiting = desk.queue.stream()
                .filter(one -> one.request().getActionId().equals(cancel.getActionId()))
                .findFirst();
        waiting.ifPresent(desk.queue::remove);
        if (hold != null) {
            decide(desk, hold.request(), "CANCELED", null, now, null, null);
        }
        waiting.ifPresent(one -> decide(desk, one.request(), "CANCELED", null, now, null, null));
        release(cancel.getPayer(), now);
    }

    /** The event of an admission has arrived. */
    void settle(String payer, @Nullable String admissionId, Instant now) {
        Desk desk = desks.get(payer);
        if (desk == null) {
            return;
        }
        if (mutant != Mutant.HOLD_NOT_RELEASED && desk.holds.remove(admissionId) != null) {
            desk.known.computeIfPresent(admissionId, (id, known) -> new Known(known.revision(), now));
        }
        List<Waiting> ran = desk.queue.stream()
                .filter(one -> one.request().getActionId().equals(admissionId))
                .toList();
        desk.queue.removeAll(ran);
        ran.forEach(one -> decide(desk, one.request(), "CANCELED", "event_arrived", now, null, null));
    }

    List<String> payers() {
        return List.copyOf(desks.keySet());
    }

    void reconsider(String payer, Instant now) {
        expire(payer, now);
        release(payer, now);
    }

    private void expire(String payer, Instant now) {
        Desk desk = desks.get(payer);
        if (desk == null) {
            return;
        }
        Map<AdmissionRequest, Instant> ends = new LinkedHashMap<>();
        desk.holds.values().forEach(hold -> ends.put(hold.request(), hold.until()));
        desk.queue.forEach(
                waiting -> ends.put(waiting.request(), waiting.since().plus(QUEUED_AT_MOST)));
        ends.entrySet().stream()
                .filter(end -> !end.getValue().isAfter(now))
                .sorted(Map.Entry.comparingByValue())
                .forEach(end -> expire(desk, end.getKey(), now));
    }

    private void expire(Desk desk, AdmissionRequest request, Instant now) {
        boolean held = desk.holds.remove(request.getActionId()) != null;
        desk.queue.removeIf(waiting -> waiting.request().equals(request));
        decide(desk, request, "EXPIRED", held ? "hold_expired" : "queue_expired", now, null, null);
    }

    private void release(String payer, Instant now) {
        Desk desk = desks.get(payer);
        if (desk == null) {
            return;
        }
        for (Waiting waiting : List.copyOf(desk.queue)) {
            Optional<Verdict> verdict = decision(desk, waiting.request(), now);
            boolean stays = verdict.map(Verdict::beyond).equals(Optional.of(Beyond.QUEUE));
            if (stays && mutant != Mutant.QUEUE_OVERTAKING) {
                return;
            }
            if (!stays) {
                desk.queue.remove(waiting);
                answer(desk, waiting.request(), verdict, now);
            }
        }
    }

    /** Empty where nothing keeps the request from being admitted. */
    private Optional<Verdict> decision(Desk desk, AdmissionRequest request, Instant now) {
        return refused(request, now)
                .map(reason -> new Verdict(Beyond.REJECT, reason, null))
                .or(() -> verdict(desk, request, now));
    }

    private void answer(Desk desk, AdmissionRequest request, Optional<Verdict> verdict, Instant now) {
        if (verdict.isEmpty()) {
            Instant until = now.plusMillis(request.getHoldForMillis());
            desk.holds.put(request.getActionId(), new Hold(request, until));
            decide(desk, request, "ADMIT", null, now, null, until);
        } else {
            Verdict no = verdict.get();
            decide(desk, request, no.beyond().name(), no.reason(), now, no.retryAt(), null);
        }
    }

    private Optional<String> refused(AdmissionRequest request, Instant now) {
        String payer = request.getPayer();
        if (catalogue.isCanceled(payer, now)) {
            return Optional.of("subscription_canceled");
        }
        return payer.startsWith("org:") && !catalogue.isMember(payer, request.getUserId())
                ? Optional.of("not_a_member")
                : Optional.empty();
    }

    private Optional<Verdict> verdict(Desk desk, AdmissionRequest request, Instant now) {
        String payer = request.getPayer();
        String member = payer.startsWith("org:") ? request.getUserId() : null;
        String space = payer.startsWith("org:") ? request.getSpaceId() : null;
        List<Refusal> refusals = new ArrayList<>();
        for (Limit limit : catalogue.limits(payer, now, member, space)) {
            Long amount = request.getAmounts().get(limit.getMeter());
            if (amount != null) {
                refusal(desk, request, limit, amount, now).ifPresent(refusals::add);
            }
        }
        overageSpent(desk, request, now).ifPresent(refusals::add);
        return refusals.stream()
                .min(Comparator.comparingInt((Refusal one) -> rank(one.beyond()))
                        .thenComparingInt(Refusal::order))
                .map(first -> new Verdict(
                        first.beyond(),
                        first.reason(),
                        refusals.stream()
                                .map(Refusal::resetsAt)
                                .filter(Objects::nonNull)
                                .max(Comparator.naturalOrder())
                                .orElse(null)));
    }

    private Optional<Refusal> refusal(Desk desk, AdmissionRequest request, Limit limit, long amount, Instant now) {
        if (limit.getBeyond() == Beyond.BILL || limit.getBeyond() == Beyond.NOTIFY) {
            return Optional.empty();
        }
        List<AdmissionRequest> held = desk.holds.values().stream()
                .map(Hold::request)
                .filter(other -> isOfSameScope(limit.getScope(), request, other))
                .filter(other -> other.getAmounts().containsKey(limit.getMeter()))
                .toList();
        if (limit.getWindow() == LimitWindow.CONCURRENT) {
            boolean full = held.size() + 1 > Objects.requireNonNull(limit.getAmount());
            return full ? Optional.of(new Refusal(limit.getBeyond(), 9, "concurrency", null)) : Optional.empty();
        }
        String payer = request.getPayer();
        String scopeId = ModelStandings.scopeId(
                payer, limit.getScope(), request.getUserId(), Objects.requireNonNullElse(request.getSpaceId(), ""));
        Optional<Span> span = standings.window(payer, limit.getWindow(), now);
        Optional<Standing> standing = span.flatMap(one -> standings.of(payer, limit, scopeId, one, now));
        long reserved = held.stream()
                .mapToLong(one -> one.getAmounts().get(limit.getMeter()))
                .sum();
        boolean full = standing.isPresent()
                && standing.get().limitUsed() + reserved + amount
                        > standing.get().limit();
        return full
                ? Optional.of(new Refusal(
                        limit.getBeyond(),
                        order(limit),
                        reason(limit),
                        span.get().end()))
                : Optional.empty();
    }

    /** Where overage is capped, what is neither covered nor to be billed is refused. */
    private Optional<Refusal> overageSpent(Desk desk, AdmissionRequest request, Instant now) {
        return request.getAmounts().entrySet().stream()
                .filter(asked -> {
                    long reserved = desk.holds.values().stream()
                            .mapToLong(hold -> hold.request().getAmounts().getOrDefault(asked.getKey(), 0L))
                            .sum();
                    Optional<Long> room = standings.billableRoom(request.getPayer(), asked.getKey(), now);
                    return room.isPresent() && reserved + asked.getValue() > room.get();
                })
                .findFirst()
                .flatMap(asked -> standings.window(request.getPayer(), LimitWindow.PERIOD, now))
                .map(period -> new Refusal(Beyond.REJECT, 1, "pool_empty", period.end()));
    }

    private static boolean isOfSameScope(Scope scope, AdmissionRequest one, AdmissionRequest other) {
        return switch (scope) {
            case USER, ORG, UNKNOWN -> true;
            case MEMBER -> one.getUserId().equals(other.getUserId());
            case SPACE -> Objects.equals(one.getSpaceId(), other.getSpaceId());
        };
    }

    private static int rank(Beyond beyond) {
        return switch (beyond) {
            case REJECT -> 0;
            case PAUSE -> 1;
            case QUEUE -> 2;
            case BILL, NOTIFY, UNKNOWN -> 3;
        };
    }

    private static int order(Limit limit) {
        return switch (limit.getScope()) {
            case USER, ORG, UNKNOWN -> limit.getWindow() == LimitWindow.DAY ? 0 : 1;
            case MEMBER -> 2;
            case SPACE -> 3;
        };
    }

    private static String reason(Limit limit) {
        return switch (limit.getScope()) {
            case USER -> limit.getWindow() == LimitWindow.DAY ? "user_limit" : "pool_empty";
            case ORG -> limit.getWindow() == LimitWindow.DAY ? "org_limit" : "pool_empty";
            case MEMBER -> "member_cap";
            case SPACE -> "space_cap";
            case UNKNOWN -> "";
        };
    }

    private void decide(
            Desk desk,
            AdmissionRequest request,
            String decision,
            @Nullable String reason,
            Instant now,
            @Nullable Instant retryAt,
            @Nullable Instant holdUntil) {
        Known before = desk.known.get(request.getActionId());
        int revision = before == null ? 0 : before.revision() + 1;
        desk.known.put(request.getActionId(), new Known(revision, now));
        out.accept(new Said.Decision(
                request.getActionId(), request.getPayer(), decision, revision, reason, now, retryAt, holdUntil));
    }
}
