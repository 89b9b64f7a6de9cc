package dev.tally.sink.delivery;

import dev.tally.sink.delivery.Completions.Completion;
import dev.tally.sink.reporting.Answer;
import dev.tally.sink.reporting.Attempts;
import dev.tally.sink.reporting.DeliveryRules;
import dev.tally.sink.reporting.MeterEvent;
import dev.tally.sink.reporting.NextStep;
import dev.tally.sink.reporting.Outcome;
import dev.tally.sink.reporting.Preparation;
import dev.tally.sink.reporting.Reporting;
import dev.tally.sink.reporting.TransientCause;
import dev.tally.sink.stripe.Reply;
import dev.tally.sink.stripe.StripeMeterEvents;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import java.util.random.RandomGenerator;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Brings one fact to its outcome, however many attempts it takes, unless its partition is given up before. */
final class FactSender {
    private static final Logger log = LoggerFactory.getLogger(FactSender.class);
    /** A wait is cut into pieces of this length, so that a lane of a lost partition does not linger. */
    private static final Duration LONGEST_NAP = Duration.ofSeconds(5);

    private final StripeMeterEvents stripe;
    private final DeliveryRules rules;
    private final Pacing pacing;
    private final AccountGate gate;
    private final int maxInFlight;
    private final Semaphore inFlight;
    private final Completions completions;
    private final DeliveryListener listener;
    private final InstantSource clock;
    private final RandomGenerator random;
    private final CountDownLatch never = new CountDownLatch(1);

    FactSender(
            StripeMeterEvents stripe,
            DeliveryRules rules,
            Pacing pacing,
            AccountGate gate,
            int maxInFlight,
            Completions completions,
            DeliveryListener listener,
            InstantSource clock,
            RandomGenerator random) {
        this.stripe = stripe;
        this.rules = rules;
        this.pacing = pacing;
        this.gate = gate;
        this.maxInFlight = maxInFlight;
        this.inFlight = new Semaphore(maxInFlight);
        this.completions = completions;
        this.listener = listener;
        this.clock = clock;
        this.random = random;
    }

    int inFlight() {
        return maxInFlight - inFlight.availablePermits();
    }

    void deliver(Delivery delivery) throws InterruptedException {
        Attempts attempts = delivery.attempts();
        while (delivery.source().isOwned()) {
            Instant now = clock.instant();
            if (!rules.maySend(attempts, now)) {
                complete(delivery, rules.parkedAsUnknown(attempts), attempts, null);
                return;
            }
            switch (Reporting.prepare(delivery.fact(), now)) {
                case Preparation.Refused(var reason, String detail) -> {
                    complete(delivery, new Outcome.Dead(reason.code(), detail), attempts, null);
                    return;
                }
                case Preparation.TooEarly(Instant from) -> nap(delivery, Duration.between(now, from));
                case Preparation.Ready(MeterEvent event) -> {
                    NextStep step = attempt(delivery, event, attempts);
                    if (step == null) {
                        return;
                    }
                    switch (step) {
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
        }
    }

    /** Returns null when the partition was given up before the call. */
    private @Nullable NextStep attempt(Delivery delivery, MeterEvent event, Attempts attempts)
            throws InterruptedException {
        pacing.await();
        gate.await();
        boolean answered = false;
        inFlight.acquire();
        try {
            if (!delivery.source().beginSending()) {
                return null;
            }
            try {
                Instant startedAt = clock.instant();
                Reply reply = stripe.create(event, attempts.key());
                NextStep step = rules.after(attempts, reply.answer(), startedAt, random);
                if (step instanceof NextStep.Finished(Outcome outcome)) {
                    complete(delivery, outcome, attempts, reply.requestId());
                }
                answered = true;
                react(delivery, reply, step);
                return step;
            } finally {
                delivery.source().endSending();
            }
        } finally {
            inFlight.release();
            if (!answered) {
                gate.passed(false);
            }
        }
    }

    private void react(Delivery delivery, Reply reply, NextStep step) {
        listener.attempted(reply.answer());
        switch (step) {
            case NextStep.Halt(String reason, Duration delay, Attempts next) -> {
                gate.halt(reason, delay);
                log.atError()
                        .addKeyValue("reason", reason)
                        .addKeyValue("delay", delay)
                        .addKeyValue("requestId", reply.requestId())
                        .log("Stripe refuses the account; nothing is sent until it takes a probe again");
            }
            case NextStep.Again(Duration delay, Attempts next) -> {
                gate.passed(true);
                if (reply.answer() instanceof Answer.Transient(var cause, var detail, var retryAfter)
                        && cause == TransientCause.RATE_LIMITED) {
                    pacing.slowDown();
                }
                log.atWarn()
                        .addKeyValue("reason", reason(reply.answer()))
                        .addKeyValue("partition", delivery.origin().partition())
                        .addKeyValue("offset", delivery.origin().offset())
                        .addKeyValue("failures", next.failures())
                        .addKeyValue("delay", delay)
                        .addKeyValue("requestId", reply.requestId())
                        .log("Fact was not taken; it is tried again");
            }
            case NextStep.Finished(Outcome outcome) -> {
                gate.passed(true);
                pacing.speedUp();
            }
        }
    }

    private static String reason(Answer answer) {
        return switch (answer) {
            case Answer.Accepted() -> "accepted";
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
                        requestId)));
    }

    private void nap(Delivery delivery, Duration wait) throws InterruptedException {
        Instant end = clock.instant().plus(wait);
        for (Duration left = wait;
                left.isPositive() && delivery.source().isOwned();
                left = Duration.between(clock.instant(), end)) {
            Duration nap = left.compareTo(LONGEST_NAP) < 0 ? left : LONGEST_NAP;
            var unused = never.await(nap.toNanos(), TimeUnit.NANOSECONDS);
        }
    }
}
