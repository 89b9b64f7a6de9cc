package dev.tally.streams.http;

import dev.tally.keys.Subject;
import dev.tally.schemas.AdmissionDecision;
import dev.tally.schemas.Decision;
import dev.tally.streams.metering.MeterDefinition;
import dev.tally.streams.metering.MeterDefinition.Aggregation;
import dev.tally.streams.metering.MeterDefinition.Filter;
import dev.tally.streams.metering.MeterSet;
import dev.tally.streams.query.Answer;
import dev.tally.streams.requests.AdmissionAsk;
import dev.tally.streams.requests.Admissions;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.CountDownLatch;
import org.jspecify.annotations.Nullable;

/**
 * Admissions that a test decides. It knows the COUNT meters {@code actions} and {@code mails}, which counts actions of type {@code mail}, and the
 * SUM meter {@code credits}.
 */
final class AdmissionsInMemory implements Admissions {

    static final Instant AT = Instant.parse("2026-11-21T12:00:00Z");

    final List<AdmissionAsk> asked = new CopyOnWriteArrayList<>();
    final List<Duration> waits = new CopyOnWriteArrayList<>();
    private final Map<String, AdmissionDecision> known = new ConcurrentHashMap<>();
    private Decision next = Decision.ADMIT;
    private List<MeterDefinition> meters = new ArrayList<>(List.of(
            new MeterDefinition("actions", Aggregation.COUNT, List.of(), null, List.of(), "actions"),
            new MeterDefinition(
                    "mails", Aggregation.COUNT, List.of(), new Filter("mail", null, null), List.of(), "mails"),
            new MeterDefinition("credits", Aggregation.SUM, List.of("credits"), null, List.of(), "credits")));
    private @Nullable String away;
    private @Nullable Long lag;
    private @Nullable CountDownLatch gate;

    /** From now on this is decided. */
    void decide(Decision decision) {
        next = decision;
    }

    /** From now on so many more meters count actions, and as many sum something. */
    void addMeters(int count) {
        for (int i = 0; i < count; i++) {
            meters.add(new MeterDefinition("count" + i, Aggregation.COUNT, List.of(), null, List.of(), "count" + i));
            meters.add(new MeterDefinition("sum" + i, Aggregation.SUM, List.of("x"), null, List.of(), "sum" + i));
        }
    }

    /** From now on nothing counts actions. */
    void countNothing() {
        meters = meters.stream()
                .filter(meter -> meter.aggregation() == Aggregation.SUM)
                .toList();
    }

    /** From now on nobody can decide. */
    void goAway(String reason) {
        away = reason;
    }

    /** From now on a copy answers. */
    void leaveToStandby(long behind) {
        lag = behind;
    }

    /** From now on whoever waits does so until the latch opens. */
    void holdBack(CountDownLatch until) {
        gate = until;
    }

    @Override
    public Answer<MeterSet> meters() {
        return new Answer.Found<>(new MeterSet(meters), false);
    }

    @Override
    public Answer<AdmissionDecision> ask(AdmissionAsk ask) {
        asked.add(ask);
        if (away != null) {
            return new Answer.NotReady<>(away, Duration.ofSeconds(1));
        }
        Subject payer = ask.orgId() == null ? Subject.user(ask.userId()) : Subject.org(ask.orgId());
        boolean admitted = next == Decision.ADMIT;
        return found(known.computeIfAbsent(
                key(payer, ask.actionId()),
                any -> new AdmissionDecision(
                        ask.actionId(),
                        payer.text(),
                        ask.userId(),
                        ask.orgId(),
                        ask.spaceId(),
                        ask.amounts(),
                        next,
                        0,
                        admitted ? null : "user_limit",
                        AT,
                        admitted ? null : AT.plusSeconds(60),
                        admitted ? AT.plus(ask.holdFor()) : null,
                        458L)));
    }

    @Override
    public Answer<AdmissionDecision> find(Subject payer, String actionId, Duration wait) {
        waits.add(wait);
        CountDownLatch until = gate;
        if (until != null) {
            try {
                until.await();
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
            }
        }
        AdmissionDecision decision = known.get(key(payer, actionId));
        if (decision != null && lag != null) {
            return new Answer.FromStandby<>(decision, lag);
        }
        return decision == null ? new Answer.Absent<>(payer + " has no admission " + actionId) : found(decision);
    }

    @Override
    public Answer<AdmissionDecision> cancel(Subject payer, String actionId) {
        AdmissionDecision canceled = known.computeIfPresent(
                key(payer, actionId),
                (key, before) -> AdmissionDecision.newBuilder(before)
                        .setDecision(Decision.CANCELED)
                        .setRevision(before.getRevision() + 1)
                        .setHoldUntil(null)
                        .build());
        return canceled == null ? new Answer.Absent<>(payer + " has no admission " + actionId) : found(canceled);
    }

    private static Answer<AdmissionDecision> found(AdmissionDecision decision) {
        return new Answer.Found<>(decision, false);
    }

    private static String key(Subject payer, String actionId) {
        return payer.text() + " " + actionId;
    }
}
