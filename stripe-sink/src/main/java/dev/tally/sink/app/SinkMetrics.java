package dev.tally.sink.app;

import dev.tally.sink.comparison.ComparedHour.Verdict;
import dev.tally.sink.delivery.DeliveryListener;
import dev.tally.sink.delivery.DeliveryStatus;
import dev.tally.sink.delivery.DeliveryStatus.Findings;
import dev.tally.sink.reconciling.Reconciliation;
import dev.tally.sink.reporting.Admission;
import dev.tally.sink.reporting.Answer;
import dev.tally.sink.reporting.DeliveryRules;
import dev.tally.sink.reporting.ErrorReport;
import dev.tally.sink.reporting.MinuteSum;
import dev.tally.sink.reporting.Outcome;
import dev.tally.sink.reporting.TransientCause;
import io.micrometer.core.instrument.Gauge;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.MultiGauge;
import io.micrometer.core.instrument.Tags;
import java.math.BigDecimal;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Queue;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentLinkedQueue;

/** The metrics of stripe-sink; their names and tags are part of what operators rely on. */
final class SinkMetrics implements DeliveryListener {
    /** Facts by {@code outcome}: accepted, unconfirmed, confirmed, duplicate_ok, dead, parked, unreadable, read_again; and by {@code reason}. */
    static final String FACTS = "tally.sink.facts";

    /** Answers of Stripe by {@code answer}; for {@code transient} and the like, {@code reason} says why. */
    static final String ANSWERS = "tally.sink.answers";

    /** Answers 429. */
    static final String RATE_LIMITED = "tally.sink.rate.limited";

    /** Facts parked because their identifier is known with another amount: any is a reason to alarm. */
    static final String PARKED_AMOUNT_DIFFERS = "tally.sink.parked.amount.differs";

    /** Age in seconds of the oldest fact that is not settled, by its time in the topic; 0 when there is none. */
    static final String OLDEST_UNSENT_AGE = "tally.sink.oldest.unsent.age";

    /** Facts parked because Stripe knows their identifier though no attempt of ours can have brought it there: any is a reason to alarm. */
    static final String PARKED_FOREIGN_DUPLICATE = "tally.sink.parked.foreign.duplicate";

    /**
     * Facts parked because Stripe refuses them for good after an attempt that it may have taken, and its sums do not tell: any is a reason to
     * alarm.
     */
    static final String PARKED_REFUSED_OUTCOME_UNKNOWN = "tally.sink.parked.refused.outcome.unknown";

    /** Requests by {@code result}: to replay facts taken_up, resumed, refused; to confirm them confirmed. */
    static final String REQUESTS = "tally.sink.requests";

    /** Facts that Stripe took into its stream and that no comparison has found in its sums yet. */
    static final String UNCONFIRMED = "tally.sink.unconfirmed";

    /** Age in seconds of the oldest of them, since Stripe took it; 0 when there is none. */
    static final String OLDEST_UNCONFIRMED_AGE = "tally.sink.oldest.unconfirmed.age";

    /** Facts read and not sent because of their meters at Stripe. */
    static final String HELD = "tally.sink.held";

    /** What keeps everything from being sent, by number: the account at Stripe is not as it must be. */
    static final String ACCOUNT_PROBLEMS = "tally.sink.account.problems";

    /** What keeps facts of a meter from being sent, by number and {@code event_name}; no row where nothing does. */
    static final String METER_PROBLEMS = "tally.sink.meter.problems";

    /** Calls to Stripe that are running. */
    static final String IN_FLIGHT = "tally.sink.in.flight";

    /** Facts read and not settled. */
    static final String PENDING = "tally.sink.pending";

    /** Identifiers remembered from the ledger. */
    static final String LEDGER_SIZE = "tally.sink.ledger.size";

    /** 1 while Stripe refuses the whole account. */
    static final String HALTED = "tally.sink.halted";

    /** 1 while Stripe does not answer, and only probes are sent. */
    static final String STRIPE_AWAY = "tally.sink.stripe.away";

    /** Looks at Stripe's sums for facts whose outcome was unknown for 23 hours, by what came of them. */
    static final String LOOKUPS = "tally.sink.lookups";

    /**
     * Events that Stripe took, does not count, and did not name, by its reports of the last 24 hours: they are missing from its sums, and only
     * a reconciliation finds them.
     */
    static final String UNNAMED_ERRORS = "tally.sink.unnamed.errors";

    /** Hours of customers and meters by {@code verdict} of the last comparison with Stripe's sums: equal, missing, extra, unsettled. */
    static final String RECONCILED_HOURS = "tally.sink.reconciled.hours";

    /** Units that Stripe has too few ({@code verdict} missing) or too many (extra) by that comparison. */
    static final String RECONCILED_DIFFERENCE = "tally.sink.reconciled.difference";

    /** 1 when facts, seats and, where they are delivered, alerts can be delivered, as far as this process and Kafka go. */
    static final String READY = "tally.sink.ready";

    /** The time as this process has it, in seconds since the epoch. */
    static final String CLOCK = "tally.clock.seconds";

    private static final Duration REPORTED_LATELY = Duration.ofHours(24);
    private static final String NO_REASON = "none";

    /** Stripe may answer any code; beyond this many, reasons are counted together. */
    private static final int MAX_REASONS = 100;

    private final MeterRegistry registry;
    private final Map<String, Boolean> reasons = new ConcurrentHashMap<>();
    private final MultiGauge meterProblems;
    private final MultiGauge reconciledHours;
    private final MultiGauge reconciledDifference;
    private final Queue<ErrorReport> unnamed = new ConcurrentLinkedQueue<>();

    SinkMetrics(MeterRegistry registry, DeliveryStatus status, InstantSource clock) {
        this.registry = registry;
        registry.counter(RATE_LIMITED);
        registry.counter(PARKED_AMOUNT_DIFFERS);
        registry.counter(PARKED_FOREIGN_DUPLICATE);
        registry.counter(PARKED_REFUSED_OUTCOME_UNKNOWN);
        for (String outcome : new String[] {"accepted", "duplicate_ok", "read_again"}) {
            registry.counter(FACTS, "outcome", outcome, "reason", NO_REASON);
        }
        Gauge.builder(OLDEST_UNSENT_AGE, status, now -> oldestAge(now, clock))
                .baseUnit("seconds")
                .register(registry);
        Gauge.builder(UNCONFIRMED, status, now -> now.unconfirmed().count()).register(registry);
        Gauge.builder(
                        OLDEST_UNCONFIRMED_AGE,
                        status,
                        now -> age(now.unconfirmed().oldest(), clock))
                .baseUnit("seconds")
                .register(registry);
        Gauge.builder(CLOCK, clock, time -> time.millis() / 1_000.0).register(registry);
        Gauge.builder(IN_FLIGHT, status, now -> now.snapshot().inFlight()).register(registry);
        Gauge.builder(PENDING, status, now -> now.snapshot().pending()).register(registry);
        Gauge.builder(
                        UNNAMED_ERRORS,
                        unnamed,
                        reports -> unnamedSince(clock.instant().minus(REPORTED_LATELY)))
                .register(registry);
        Gauge.builder(HELD, status, now -> now.snapshot().held()).register(registry);
        Gauge.builder(ACCOUNT_PROBLEMS, status, now -> now.findings().account().size())
                .register(registry);
        this.reconciledHours = MultiGauge.builder(RECONCILED_HOURS).register(registry);
        this.reconciledDifference = MultiGauge.builder(RECONCILED_DIFFERENCE).register(registry);
        this.meterProblems = MultiGauge.builder(METER_PROBLEMS).register(registry);
        Gauge.builder(LEDGER_SIZE, status, now -> now.snapshot().ledgerSize()).register(registry);
        Gauge.builder(STRIPE_AWAY, status, now -> now.isStripeAway() ? 1 : 0).register(registry);
        Gauge.builder(HALTED, status, now -> now.halted().isPresent() ? 1 : 0).register(registry);
    }

    static double oldestAge(DeliveryStatus status, InstantSource clock) {
        return age(status.snapshot().oldestUnsent(), clock);
    }

    private static double age(Optional<Instant> oldest, InstantSource clock) {
        return oldest.map(since ->
                        Math.max(0, Duration.between(since, clock.instant()).toMillis()) / 1_000.0)
                .orElse(0.0);
    }

    /** Called by one thread. */
    void reconciled(Reconciliation result) {
        List<MultiGauge.Row<?>> hours = new ArrayList<>();
        List<MultiGauge.Row<?>> difference = new ArrayList<>();
        for (Verdict verdict : Verdict.values()) {
            Tags tags = Tags.of("verdict", verdict.name().toLowerCase(Locale.ROOT));
            hours.add(MultiGauge.Row.of(tags, result.hours(verdict).size()));
            if (verdict == Verdict.MISSING || verdict == Verdict.EXTRA) {
                difference.add(
                        MultiGauge.Row.of(tags, result.difference(verdict).abs()));
            }
        }
        reconciledHours.register(hours, true);
        reconciledDifference.register(difference, true);
    }

    void reported(List<ErrorReport> reports) {
        reports.stream().filter(report -> report.unnamed() > 0).forEach(unnamed::add);
    }

    private long unnamedSince(Instant oldest) {
        unnamed.removeIf(report -> report.created().isBefore(oldest));
        return unnamed.stream().mapToLong(ErrorReport::unnamed).sum();
    }

    /** Called by one thread. */
    void found(Findings findings) {
        List<MultiGauge.Row<?>> rows = findings.meters().entrySet().stream()
                .<MultiGauge.Row<?>>map(meter -> MultiGauge.Row.of(
                        Tags.of("event_name", meter.getKey()), meter.getValue().size()))
                .toList();
        meterProblems.register(rows, true);
    }

    @Override
    public void attempted(Answer answer) {
        switch (answer) {
            case Answer.Accepted() -> answer("accepted", NO_REASON);
            case Answer.Streamed() -> answer("streamed", NO_REASON);
            case Answer.AlreadyExists() -> answer("already_exists", NO_REASON);
            case Answer.Permanent(String reason, String detail) -> answer("permanent", reason);
            case Answer.Transient(TransientCause cause, String detail, var retryAfter) -> {
                answer("transient", cause.code());
                if (cause == TransientCause.RATE_LIMITED) {
                    registry.counter(RATE_LIMITED).increment();
                }
            }
            case Answer.AccountHalt(String reason, String detail) -> answer("account_halt", reason);
            case Answer.Unknown(String reason, String detail) -> answer("unknown", reason);
        }
    }

    @Override
    public void lookedUp(MinuteSum told) {
        String result = switch (told) {
            case MinuteSum.Of(BigDecimal sum) -> sum.signum() == 0 ? "nothing" : "something";
            case MinuteSum.Untold(Answer answer) -> "untold";
        };
        registry.counter(LOOKUPS, "result", result).increment();
    }

    @Override
    public void settled(Outcome outcome) {
        switch (outcome) {
            case Outcome.Accepted() -> fact("accepted", NO_REASON);
            case Outcome.Unconfirmed() -> fact("unconfirmed", NO_REASON);
            case Outcome.Confirmed() -> fact("confirmed", NO_REASON);
            case Outcome.DuplicateOk() -> fact("duplicate_ok", NO_REASON);
            case Outcome.Dead(String reason, String detail) -> fact("dead", reason);
            case Outcome.Parked(String reason, String detail) -> {
                fact("parked", reason);
                if (reason.equals(Admission.AMOUNT_DIFFERS)) {
                    registry.counter(PARKED_AMOUNT_DIFFERS).increment();
                }
                if (reason.equals(DeliveryRules.FOREIGN_DUPLICATE)) {
                    registry.counter(PARKED_FOREIGN_DUPLICATE).increment();
                }
                if (reason.equals(DeliveryRules.REFUSED_OUTCOME_UNKNOWN)) {
                    registry.counter(PARKED_REFUSED_OUTCOME_UNKNOWN).increment();
                }
            }
        }
    }

    @Override
    public void readAgain() {
        fact("read_again", NO_REASON);
    }

    @Override
    public void requested(String result) {
        registry.counter(REQUESTS, "result", result).increment();
    }

    @Override
    public void unreadable(String reason) {
        fact("unreadable", reason);
    }

    private void fact(String outcome, String reason) {
        registry.counter(FACTS, "outcome", outcome, "reason", bounded(reason)).increment();
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
