package dev.tally.sink.delivery;

import dev.tally.sink.reporting.Answer;
import dev.tally.sink.reporting.Attempts;
import dev.tally.sink.reporting.DeliveryRules;
import dev.tally.sink.reporting.Fact;
import dev.tally.sink.reporting.MeterEvent;
import dev.tally.sink.reporting.MinuteSum;
import dev.tally.sink.reporting.NextStep;
import dev.tally.sink.reporting.Outcome;
import dev.tally.sink.reporting.Preparation;
import dev.tally.sink.reporting.Reporting;
import dev.tally.sink.reporting.TransientCause;
import dev.tally.sink.stripe.Reply;
import dev.tally.sink.stripe.StripeMeterEvents;
import dev.tally.sink.stripe.StripeSums;
import java.math.BigDecimal;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.Objects;
import java.util.Optional;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.random.RandomGenerator;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Brings one fact to its outcome, however many attempts it takes, unless its partition is given up before. */
final class FactSender {
    private static final Logger log = LoggerFactory.getLogger(FactSender.class);
    /** A wait is cut into pieces of this length, so that a lane of a lost partition does not linger. */
    private static final Duration LONGEST_NAP = Duration.ofSeconds(5);

    /** Until the delivery's thread is asked again whether it has polled. */
    private static final Duration PRESENCE_NAP = Duration.ofMillis(50);

    /** Stripe takes 25 calls a second of each endpoint but meter events (its page on rate limits). */
    private static final int READS_PER_SECOND = 20;

    private final StripeMeterEvents stripe;
    private final StripeSums sums;
    private final DeliveryRules rules;
    private final MeterGate meters;
    private final Pacing pacing;
    private final Turns sends;
    private final Turns reads;
    private final StripeGate gate;
    private final Presence presence;
    private final AtomicInteger running = new AtomicInteger();
    private final Completions<Completion> completions;
    private final DeliveryListener listener;
    private final InstantSource clock;
    private final RandomGenerator random;
    private final CountDownLatch never = new CountDownLatch(1);

    /**
     * How fast calls of a kind are made, and how many at the same time. A place comes before a turn: calls that had their turn and wait for
     * a place, because Stripe or this machine stood still, would all go at once afterwards, and beyond Stripe's limit.
     */
    private record Turns(Pacing pace, Semaphore places) {}

    FactSender(
            StripeMeterEvents stripe,
            StripeSums sums,
            DeliveryRules rules,
            MeterGate meters,
            Pacing pacing,
            StripeGate gate,
            Presence presence,
            int maxInFlight,
            Completions<Completion> completions,
            DeliveryListener listener,
            InstantSource clock,
            RandomGenerator random) {
        this.stripe = stripe;
        this.sums = sums;
        this.rules = rules;
        this.meters = meters;
        this.pacing = pacing;
        this.sends = new Turns(pacing, new Semaphore(maxInFlight));
        this.reads = new Turns(new Pacing(READS_PER_SECOND, clock), new Semaphore(READS_PER_SECOND));
        this.gate = gate;
        this.presence = presence;
        this.completions = completions;
        this.listener = listener;
        this.clock = clock;
        this.random = random;
    }

    int inFlight() {
        return running.get();
    }

    void deliver(Delivery delivery) throws InterruptedException {
        Attempts attempts = delivery.attempts();
        while (delivery.source().ownership().isOwned()) {
            NextStep step = step(delivery, attempts);
            switch (step) {
                case null -> {
                    return;
                }
                case NextStep.Finished unused -> {
                    return;
                }
                case NextStep.Again(Duration delay, Attempts next) -> {
                    attempts = next;
                    nap(delivery, delay);
                }
                case NextStep.Halt(String reason, Duration delay, Attempts next) -> attempts = next;
            }
        }
    }

    /** Does what is due; null where the partition was given up before. */
    private @Nullable NextStep step(Delivery delivery, Attempts attempts) throws InterruptedException {
        Instant now = clock.instant();
        if (!meters.maySend(delivery.fact().eventName())) {
            return new NextStep.Again(LONGEST_NAP, attempts);
        }
        if (!rules.maySend(attempts, now)) {
            return settleBySum(delivery, attempts, now);
        }
        return switch (Reporting.prepare(delivery.fact(), now)) {
            case Preparation.Refused(var reason, String detail) ->
                // It may have got through while it could be sent.
                attempts.unknown() == null
                        ? finish(delivery, new Outcome.Dead(reason.code(), detail), attempts)
                        : settleBySum(delivery, attempts, now);
            case Preparation.TooEarly(Instant from) -> new NextStep.Again(Duration.between(now, from), attempts);
            case Preparation.Ready(MeterEvent event) -> attempt(delivery, event, attempts);
        };
    }

    private NextStep finish(Delivery delivery, Outcome outcome, Attempts attempts) {
        complete(delivery, outcome, attempts, null);
        return new NextStep.Finished(outcome);
    }

    /** It cannot be sent again, though an attempt may have got through, so what Stripe has decides. */
    private @Nullable NextStep settleBySum(Delivery delivery, Attempts attempts, Instant now)
            throws InterruptedException {
        Fact fact = delivery.fact();
        Optional<Instant> from = rules.sumsTellFrom(fact, attempts);
        if (from.isEmpty()) {
            return finish(delivery, rules.parkedAsUnknown(attempts, "its minute may hold other facts"), attempts);
        }
        if (now.isBefore(from.get())) {
            return new NextStep.Again(Duration.between(now, from.get()), attempts);
        }
        return call(delivery, reads, attempts, (startedAt, probe) -> {
            MinuteSum told =
                    sums.inMinuteOf(fact.timestamp(), Objects.requireNonNull(fact.customer()), fact.eventName());
            NextStep step = rules.afterSum(fact, attempts, told, startedAt, random);
            if (step instanceof NextStep.Finished(Outcome outcome)) {
                complete(delivery, outcome, attempts, null);
            }
            listener.lookedUp(told);
            react(delivery, probe, told.provesService(), reason(told), null, step);
            return step;
        });
    }

    private @Nullable NextStep attempt(Delivery delivery, MeterEvent event, Attempts attempts)
            throws InterruptedException {
        return call(delivery, sends, attempts, (startedAt, probe) -> {
            if (!rules.maySend(attempts, startedAt)
                    || !(Reporting.prepare(delivery.fact(), startedAt) instanceof Preparation.Ready)) {
                return null;
            }
            Reply reply = stripe.create(event, attempts.key());
            NextStep step = rules.after(attempts, reply.answer(), startedAt, random);
            if (step instanceof NextStep.Finished(Outcome outcome)) {
                complete(delivery, outcome, attempts, reply.requestId());
                pacing.speedUp();
            }
            listener.attempted(reply.answer());
            if (reply.answer() instanceof Answer.Transient(var cause, var detail, var retryAfter)
                    && cause == TransientCause.RATE_LIMITED) {
                pacing.slowDown();
            }
            react(delivery, probe, reply.answer().provesService(), reason(reply.answer()), reply.requestId(), step);
            return step;
        });
    }

    /** A call to Stripe and what follows from it. */
    @FunctionalInterface
    private interface Call {
        /** Null where the time for it has passed. */
        @Nullable
        NextStep make(Instant startedAt, boolean probe) throws InterruptedException;
    }

    /**
     * Makes a call when it is its turn; null when the partition was given up before. Hours may pass until then, as long as the account is
     * halted: what was decided before is then decided anew.
     */
    private @Nullable NextStep call(Delivery delivery, Turns turns, Attempts attempts, Call call)
            throws InterruptedException {
        boolean probe = turn(turns);
        boolean made = false;
        try {
            if (!delivery.source().ownership().beginSending()) {
                return null;
            }
            try {
                Instant startedAt = clock.instant();
                if (!presence.isCertain(startedAt)) {
                    return new NextStep.Again(PRESENCE_NAP, attempts);
                }
                running.getAndIncrement();
                try {
                    NextStep step = call.make(startedAt, probe);
                    made = step != null;
                    return step == null ? new NextStep.Again(Duration.ZERO, attempts) : step;
                } finally {
                    running.getAndDecrement();
                }
            } finally {
                delivery.source().ownership().endSending();
            }
        } finally {
            turns.places().release();
            if (!made) {
                gate.unused(probe);
            }
        }
    }

    /** Waits until a call may be made, and takes its place among those that run; whether it is a probe of the gate. */
    private boolean turn(Turns turns) throws InterruptedException {
        while (true) {
            boolean probe = gate.await();
            boolean placed = false;
            boolean mayCall = false;
            try {
                turns.places().acquire();
                placed = true;
                // The gate may have closed meanwhile: a turn is not wasted then.
                if (probe || gate.isOpen()) {
                    turns.pace().await();
                    mayCall = probe || gate.isOpen();
                }
                if (mayCall) {
                    return probe;
                }
            } finally {
                if (!mayCall) {
                    if (placed) {
                        turns.places().release();
                    }
                    gate.unused(probe);
                }
            }
        }
    }

    private void react(
            Delivery delivery,
            boolean probe,
            boolean provesService,
            String reason,
            @Nullable String requestId,
            NextStep step) {
        switch (step) {
            case NextStep.Halt(String halted, Duration delay, Attempts next) -> {
                gate.halt(halted, delay);
                log.atError()
                        .addKeyValue("reason", halted)
                        .addKeyValue("delay", delay)
                        .addKeyValue("requestId", requestId)
                        .log("Stripe refuses the account; nothing is sent until it takes a probe again");
            }
            case NextStep.Again(Duration delay, Attempts next) -> {
                if (provesService) {
                    gate.answered();
                } else {
                    gate.unanswered(probe);
                }
                log.atWarn()
                        .addKeyValue("reason", reason)
                        .addKeyValue("partition", delivery.origin().partition())
                        .addKeyValue("offset", delivery.origin().offset())
                        .addKeyValue("failures", next.failures())
                        .addKeyValue("delay", delay)
                        .addKeyValue("requestId", requestId)
                        .log(
                                next.refused() == null
                                        ? "Fact was not taken; it is tried again"
                                        : "Fact was refused, and may have been taken before; Stripe's sums decide");
            }
            case NextStep.Finished(Outcome.Parked(String parked, String detail)) -> {
                gate.answered();
                log.atError()
                        .addKeyValue("reason", parked)
                        .addKeyValue("partition", delivery.origin().partition())
                        .addKeyValue("offset", delivery.origin().offset())
                        .addKeyValue("requestId", requestId)
                        .log("Fact was parked; a person decides");
            }
            case NextStep.Finished unused -> gate.answered();
        }
    }

    private static String reason(MinuteSum told) {
        return switch (told) {
            case MinuteSum.Of(BigDecimal sum) -> "never_arrived";
            case MinuteSum.Untold(Answer answer) -> reason(answer);
        };
    }

    private static String reason(Answer answer) {
        return switch (answer) {
            case Answer.Accepted() -> "accepted";
            case Answer.Streamed() -> "streamed";
            case Answer.AlreadyExists() -> "already_exists";
            case Answer.Permanent(String reason, String detail) -> reason;
            case Answer.Transient(TransientCause cause, String detail, var retryAfter) -> cause.code();
            case Answer.AccountHalt(String reason, String detail) -> reason;
            case Answer.Unknown(String reason, String detail) -> reason;
        };
    }

    private void complete(Delivery delivery, Outcome outcome, Attempts attempts, @Nullable String requestId) {
        completions.add(new Completion(
                delivery.source(),
                new Settled(
                        delivery.origin(),
                        delivery.fact(),
                        outcome,
                        delivery.firstAttemptAt(),
                        attempts.key().number(),
                        requestId,
                        delivery.replay())));
    }

    private void nap(Delivery delivery, Duration wait) throws InterruptedException {
        Instant end = clock.instant().plus(wait);
        for (Duration left = wait;
                left.isPositive() && delivery.source().ownership().isOwned();
                left = Duration.between(clock.instant(), end)) {
            Duration nap = left.compareTo(LONGEST_NAP) < 0 ? left : LONGEST_NAP;
            var unused = never.await(nap.toNanos(), TimeUnit.NANOSECONDS);
        }
    }
}
