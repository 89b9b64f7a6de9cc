package dev.tally.sink.app;

import dev.tally.sink.delivery.DeliveryStatus;
import dev.tally.sink.reporting.Answer;
import dev.tally.sink.reporting.TransientCause;
import dev.tally.sink.seats.SeatsListener;
import dev.tally.sink.seats.rules.ItemAnswer;
import dev.tally.sink.seats.rules.SeatItem;
import dev.tally.sink.seats.rules.SeatOutcome;
import io.micrometer.core.instrument.Gauge;
import io.micrometer.core.instrument.MeterRegistry;
import java.time.Duration;
import java.time.InstantSource;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicInteger;

/** The metrics of seats; their names and tags are part of what operators rely on. */
final class SeatMetrics implements SeatsListener {
    /** Seat changes by {@code outcome}: sent, in_step, no_item, canceled, superseded, known, refused, unreadable; and by {@code reason}. */
    static final String CHANGES = "tally.sink.seat.changes";

    /** Answers about subscription items by {@code answer}; where there is one, {@code reason} says why. */
    static final String ANSWERS = "tally.sink.seat.answers";

    /** Comparisons of an item with the ledger, by {@code result}: in_step, differs, untold. */
    static final String CHECKS = "tally.sink.seat.checks";

    /** Items whose quantity was another than the ledger's when it was last compared: any is a reason to look. */
    static final String DRIFT = "tally.sink.seat.drift";

    /** Orgs whose seats are being told to Stripe, or wait for it. */
    static final String PENDING = "tally.sink.seat.pending";

    /** Age in seconds of the oldest change that waits to be sent, by its time in the topic; 0 when there is none. */
    static final String OLDEST_UNSENT_AGE = "tally.sink.seat.oldest.unsent.age";

    /** 1 while Stripe refuses the whole account where seats are concerned. */
    static final String HALTED = "tally.sink.seat.halted";

    private static final String NO_REASON = "none";

    /** Stripe may answer any code; beyond this many, reasons are counted together. */
    private static final int MAX_REASONS = 100;

    private final MeterRegistry registry;
    private final AtomicInteger differing = new AtomicInteger();
    private final Map<String, Boolean> reasons = new ConcurrentHashMap<>();

    SeatMetrics(MeterRegistry registry, DeliveryStatus status, InstantSource clock) {
        this.registry = registry;
        for (String outcome : new String[] {"sent", "in_step", "no_item"}) {
            registry.counter(CHANGES, "outcome", outcome, "reason", NO_REASON);
        }
        Gauge.builder(DRIFT, differing, AtomicInteger::get).register(registry);
        Gauge.builder(PENDING, status, now -> now.snapshot().pending()).register(registry);
        Gauge.builder(HALTED, status, now -> now.halted().isPresent() ? 1 : 0).register(registry);
        Gauge.builder(OLDEST_UNSENT_AGE, status, now -> oldestAge(now, clock))
                .baseUnit("seconds")
                .register(registry);
    }

    private static double oldestAge(DeliveryStatus status, InstantSource clock) {
        return status.snapshot()
                .oldestUnsent()
                .map(since ->
                        Math.max(0, Duration.between(since, clock.instant()).toMillis()) / 1_000.0)
                .orElse(0.0);
    }

    @Override
    public void answered(ItemAnswer answer) {
        switch (answer) {
            case ItemAnswer.Of(SeatItem item) -> answer("item", NO_REASON);
            case ItemAnswer.Failed(Answer.Permanent(String reason, String detail)) -> answer("permanent", reason);
            case ItemAnswer.Failed(Answer.Transient(TransientCause cause, String detail, var retryAfter)) ->
                answer("transient", cause.code());
            case ItemAnswer.Failed(Answer.AccountHalt(String reason, String detail)) -> answer("account_halt", reason);
            case ItemAnswer.Failed(Answer.Unknown(String reason, String detail)) -> answer("unknown", reason);
            case ItemAnswer.Failed(Answer.Accepted accepted) -> answer("unexpected", NO_REASON);
            case ItemAnswer.Failed(Answer.Streamed streamed) -> answer("unexpected", NO_REASON);
            case ItemAnswer.Failed(Answer.AlreadyExists exists) -> answer("unexpected", NO_REASON);
        }
    }

    @Override
    public void ended(SeatOutcome outcome) {
        String reason = switch (outcome) {
            case SeatOutcome.Refused(String why, String detail) -> bounded(why);
            case SeatOutcome.Unreadable(String why, String detail) -> bounded(why);
            case SeatOutcome.Sent sent -> NO_REASON;
            case SeatOutcome.InStep inStep -> NO_REASON;
            case SeatOutcome.NoItem noItem -> NO_REASON;
            case SeatOutcome.Canceled canceled -> NO_REASON;
            case SeatOutcome.Superseded superseded -> NO_REASON;
            case SeatOutcome.Known known -> NO_REASON;
        };
        registry.counter(CHANGES, "outcome", outcome.code(), "reason", reason).increment();
    }

    @Override
    public void checked(Check result) {
        registry.counter(CHECKS, "result", result.name().toLowerCase(Locale.ROOT))
                .increment();
    }

    @Override
    public void differing(int items) {
        differing.set(items);
    }

    private void answer(String answer, String reason) {
        registry.counter(ANSWERS, "answer", answer, "reason", bounded(reason)).increment();
    }

    private String bounded(String reason) {
        if (reasons.containsKey(reason) || reasons.size() < MAX_REASONS) {
            reasons.put(reason, true);
            return reason;
        }
        return "other";
    }
}
