package dev.tally.sink.seats;

import dev.tally.sink.delivery.Completions;
import dev.tally.sink.delivery.DeliveryStatus;
import dev.tally.sink.delivery.Pacing;
import dev.tally.sink.delivery.StripeGate;
import dev.tally.sink.reporting.Answer;
import dev.tally.sink.reporting.RetryRule;
import dev.tally.sink.reporting.TransientCause;
import dev.tally.sink.seats.rules.ItemAnswer;
import dev.tally.sink.seats.rules.OrgSeats;
import dev.tally.sink.seats.rules.SeatRules;
import dev.tally.sink.stripe.ItemReply;
import dev.tally.sink.stripe.StripeSubscriptionItems;
import java.time.Duration;
import java.time.InstantSource;
import java.util.Objects;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Semaphore;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.random.RandomGenerator;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Makes single calls to Stripe, each on a virtual thread, at the pace that Stripe allows; answers are handed over. */
final class SeatCalls implements AutoCloseable {
    private static final Logger log = LoggerFactory.getLogger(SeatCalls.class);

    /** Comparisons have time: most of the pace is left to changes. */
    private static final int CHECKS_PER_SECOND = 5;

    private final StripeSubscriptionItems stripe;
    private final Pacing pacing;
    private final Pacing checks;
    private final StripeGate gate;
    private final int maxInFlight;
    private final Semaphore inFlight;
    private final RetryRule retryRule;
    private final SeatsListener listener;
    private final RandomGenerator random;
    private final Completions<Completed> completions = new Completions<>();
    private final AtomicInteger halts = new AtomicInteger();
    private final ExecutorService threads = Executors.newThreadPerTaskExecutor(
            Thread.ofVirtual().name("seat-call-", 0).factory());

    /** What a call was made for. */
    enum Purpose {
        READ,
        UPDATE,
        CHECK
    }

    /** A call that was answered. */
    record Completed(OrgWork work, Purpose purpose, String item, ItemReply reply) {}

    @FunctionalInterface
    private interface Call {
        ItemReply make() throws InterruptedException;
    }

    SeatCalls(
            StripeSubscriptionItems stripe,
            SeatsSettings settings,
            DeliveryStatus status,
            SeatsListener listener,
            InstantSource clock,
            RandomGenerator random) {
        this.stripe = stripe;
        this.pacing = new Pacing(settings.callsPerSecond(), clock);
        this.checks = new Pacing(Math.min(CHECKS_PER_SECOND, settings.callsPerSecond()), clock);
        this.gate = new StripeGate(clock, status, settings.retryRule(), random);
        this.maxInFlight = settings.maxInFlight();
        this.inFlight = new Semaphore(maxInFlight);
        this.retryRule = settings.retryRule();
        this.listener = listener;
        this.random = random;
    }

    int inFlight() {
        return maxInFlight - inFlight.availablePermits();
    }

    Completions<Completed> completions() {
        return completions;
    }

    void read(OrgWork work, String item) {
        submit(work, Purpose.READ, item, pacing, () -> stripe.read(item));
    }

    void check(OrgWork work, String item) {
        submit(work, Purpose.CHECK, item, checks, () -> stripe.read(item));
    }

    void update(OrgWork work, OrgSeats intent) {
        String item = Objects.requireNonNull(intent.item());
        submit(
                work,
                Purpose.UPDATE,
                item,
                pacing,
                () -> stripe.update(
                        item,
                        intent.sentChange().quantity(),
                        Objects.requireNonNull(intent.prorationDate()),
                        intent.key()));
    }

    private void submit(OrgWork work, Purpose purpose, String item, Pacing pace, Call call) {
        PartitionSeats source = work.source();
        threads.execute(() -> {
            try {
                run(work, source, purpose, item, pace, call);
            } catch (InterruptedException closed) {
                Thread.currentThread().interrupt();
            } catch (RuntimeException | Error bug) {
                completions.fail(bug);
                throw bug;
            }
        });
    }

    /** Nothing is handed over where the partition was given up before. */
    private void run(OrgWork work, PartitionSeats source, Purpose purpose, String item, Pacing pace, Call call)
            throws InterruptedException {
        pace.await();
        boolean probe = gate.await();
        boolean answered = false;
        inFlight.acquire();
        try {
            if (!source.ownership().beginSending()) {
                return;
            }
            try {
                ItemReply reply = call.make();
                settleGate(reply);
                answered = true;
                listener.answered(reply.answer());
                completions.add(new Completed(work, purpose, item, reply));
            } finally {
                source.ownership().endSending();
            }
        } finally {
            inFlight.release();
            if (!answered) {
                gate.unused(probe);
            }
        }
    }

    private void settleGate(ItemReply reply) {
        if (reply.answer() instanceof ItemAnswer.Failed(Answer.AccountHalt halt) && SeatRules.haltsAccount(halt)) {
            Duration delay = retryRule.haltDelay(halts.incrementAndGet(), random);
            gate.halt(halt.reason(), delay);
            log.atError()
                    .addKeyValue("reason", halt.reason())
                    .addKeyValue("delay", delay)
                    .addKeyValue("requestId", reply.requestId())
                    .log("Stripe refuses the account; no seats are told until it takes a probe again");
            return;
        }
        halts.set(0);
        gate.answered();
        if (reply.answer() instanceof ItemAnswer.Of) {
            pacing.speedUp();
        } else if (reply.answer() instanceof ItemAnswer.Failed(Answer.Transient(TransientCause cause, var d, var r))
                && cause == TransientCause.RATE_LIMITED) {
            pacing.slowDown();
        }
    }

    /** Interrupts whatever is running; what was sent without an answer is sent again under the same key. */
    @Override
    public void close() {
        threads.shutdownNow();
    }
}
