package dev.tally.cli.oracle;

import com.stripe.StripeClient;
import dev.tally.cli.oracle.Doom.End;
import dev.tally.schemas.BillableFact;
import dev.tally.schemas.LedgerEntry;
import dev.tally.schemas.serde.RecordSerde;
import dev.tally.schemas.serde.RecordSerdes;
import dev.tally.sink.checks.ErrorWatch;
import dev.tally.sink.delivery.AsyncErrors;
import dev.tally.sink.delivery.Collaborators;
import dev.tally.sink.delivery.CrashPoints;
import dev.tally.sink.delivery.CrashPoints.Point;
import dev.tally.sink.delivery.DeliveryListener;
import dev.tally.sink.delivery.DeliveryRunner;
import dev.tally.sink.delivery.DeliverySettings;
import dev.tally.sink.delivery.DeliveryStatus;
import dev.tally.sink.delivery.DeliveryTopics;
import dev.tally.sink.delivery.LifeRunner;
import dev.tally.sink.delivery.MeterGate;
import dev.tally.sink.reporting.Answer;
import dev.tally.sink.reporting.IdempotencyKey;
import dev.tally.sink.reporting.MeterEvent;
import dev.tally.sink.reporting.MinuteSum;
import dev.tally.sink.reporting.Outcome;
import dev.tally.sink.reporting.RetryRule;
import dev.tally.sink.reporting.TransientCause;
import dev.tally.sink.stripe.Reply;
import dev.tally.sink.stripe.StripeConnection;
import dev.tally.sink.stripe.StripeJavaErrors;
import dev.tally.sink.stripe.StripeJavaMeterEvents;
import dev.tally.sink.stripe.StripeJavaMeterStream;
import dev.tally.sink.stripe.StripeJavaSums;
import dev.tally.sink.stripe.StripeMeterEvents;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Random;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.BooleanSupplier;

/** The sink's instances of one scenario: each start is a new one with a transactional id of its own. */
final class Lives implements AutoCloseable {
    private static final RetryRule RETRY_RULE = new RetryRule(Duration.ofMillis(1), Duration.ofMillis(20));
    private static final Duration BETWEEN_REPORTS = Duration.ofMillis(50);

    static final class Killed extends RuntimeException {
        private static final long serialVersionUID = 1L;
    }

    /**
     * What a scenario's instances have in common.
     *
     * @param sumsDelay how long the sink takes Stripe's sums for incomplete
     * @param streamed whether facts go through Stripe's stream, and its reports of what was wrong with them are read
     */
    record Setting(
            Map<String, Object> kafka,
            DeliveryTopics topics,
            String group,
            String stripe,
            RecordSerdes serdes,
            VirtualClock clock,
            int callsPerSecond,
            Duration sumsDelay,
            boolean streamed,
            boolean stripped) {}

    private final Setting setting;
    private final Progress progress;
    private final Happenings happenings;
    private final long seed;
    private final RecordSerde<BillableFact> facts;
    private final RecordSerde<LedgerEntry> ledger;
    private final StripeClient client;
    private final List<Life> running = new ArrayList<>();
    private final List<Life> frozen = new ArrayList<>();
    private int started;
    private volatile boolean gaveUp;

    Lives(Setting setting, Progress progress, Happenings happenings, long seed) {
        this.setting = setting;
        this.progress = progress;
        this.happenings = happenings;
        this.seed = seed;
        this.facts = setting.serdes().of(BillableFact.class);
        this.ledger = setting.serdes().of(LedgerEntry.class);
        this.client = new StripeConnection("sk_test_oracle", setting.stripe(), Duration.ofMillis(400)).open();
    }

    /** One instance, from its start until it is stopped or killed. */
    final class Life implements CrashPoints {
        private final StripeMeterEvents stripe = setting.streamed()
                ? new StripeJavaMeterStream(client, setting.clock())
                : new StripeJavaMeterEvents(client, setting.clock());
        private final AsyncErrors asyncErrors = new AsyncErrors();
        private final ErrorWatch errorWatch = errorWatch(asyncErrors);
        private final LifeRunner runner;
        private final Doom<Point> doom = new Doom<>();
        private volatile boolean awake;

        private Life() {
            started++;
            if (setting.streamed()) {
                errorWatch.start();
            }
            this.runner = DeliveryRunner.start(settings(), collaborators(this), () -> gaveUp = true);
        }

        private void stop() throws InterruptedException {
            runner.stop();
            endCalls();
        }

        /** Whether it has ended and its stream with it, which nobody would get an answer from. */
        private boolean hasNoCalls() {
            return setting.streamed() && doom.isMet() && doom.end() == End.KILLED;
        }

        private void endCalls() {
            errorWatch.close();
            stripe.close();
        }

        @Override
        public void reached(Point point) {
            if (doom.isMet() && doom.end() == End.KILLED) {
                throw new Killed();
            }
            if (!doom.isMetAt(point)) {
                return;
            }
            happenings.hit(point, doom.end());
            progress.somethingElse();
            if (doom.end() == End.KILLED) {
                endCalls();
                throw new Killed();
            }
            progress.block(() -> awake);
        }
    }

    Life start() {
        Life life = new Life();
        running.add(life);
        return life;
    }

    int count() {
        return running.size();
    }

    /** Lets all running instances end when they pass {@code point} for the {@code at}-th time from here on. */
    void endAt(Point point, int at, End end) {
        running.forEach(life -> life.doom.set(point, at, end));
    }

    boolean anyEnded() {
        return running.stream().anyMatch(life -> life.doom.isMet());
    }

    /** Puts new instances in the place of those that ended; none is doomed any more. */
    void replaceEnded() throws InterruptedException {
        running.forEach(life -> life.doom.lift());
        List<Life> dead = running.stream().filter(life -> life.doom.isMet()).toList();
        running.removeAll(dead);
        for (Life life : dead) {
            if (life.doom.end() == End.FROZEN) {
                frozen.add(life);
            } else {
                life.stop();
            }
            start();
        }
    }

    void stopFirst() throws InterruptedException {
        running.removeFirst().stop();
    }

    /** Wakes up what stands still: it goes on where it stood. */
    void thaw() {
        frozen.forEach(life -> life.awake = true);
        progress.somethingElse();
        running.addAll(frozen);
        frozen.clear();
    }

    boolean gaveUp() {
        return gaveUp;
    }

    private DeliverySettings settings() {
        Map<String, Object> kafka = new HashMap<>(setting.kafka());
        kafka.put("retry.backoff.ms", 5);
        kafka.put("retry.backoff.max.ms", 20);
        kafka.put("heartbeat.interval.ms", 40);
        kafka.put("session.timeout.ms", 2_000);
        kafka.put("max.poll.interval.ms", 1_000);
        kafka.put("transaction.timeout.ms", 500);
        return new DeliverySettings(
                kafka,
                setting.topics(),
                setting.group(),
                setting.group() + "-" + started,
                Optional.empty(),
                8,
                50,
                Duration.ofMillis(5),
                Duration.ofMillis(200),
                Duration.ofDays(37),
                RETRY_RULE,
                setting.sumsDelay());
    }

    private ErrorWatch errorWatch(AsyncErrors errors) {
        return new ErrorWatch(
                new StripeJavaErrors(client, setting.clock()),
                errors,
                BETWEEN_REPORTS,
                RETRY_RULE,
                reports -> happenings.add("error report read"),
                setting.clock(),
                new Random(seed));
    }

    private Collaborators collaborators(Life life) {
        StripeMeterEvents timed = new Timed(life.stripe, setting.clock(), life::hasNoCalls);
        return new Collaborators(
                setting.stripped() ? new Stripped(timed) : timed,
                new StripeJavaSums(client, setting.clock()),
                MeterGate.OPEN,
                life.asyncErrors,
                facts,
                ledger,
                new Listener(),
                new DeliveryStatus(),
                life,
                setting.clock(),
                new Random(seed * 1_000 + started),
                setting.callsPerSecond());
    }

    @Override
    public void close() {
        thaw();
        running.forEach(life -> life.doom.lift());
        try {
            while (!running.isEmpty()) {
                stopFirst();
            }
        } catch (InterruptedException interrupted) {
            Thread.currentThread().interrupt();
        }
    }

    /**
     * Calls in the scenario's time. A Retry-After of seconds is one of milliseconds here, since waits between attempts run by the
     * machine's clock.
     */
    private record Timed(StripeMeterEvents stripe, VirtualClock clock, BooleanSupplier hasNoCalls)
            implements StripeMeterEvents {
        private static final Reply LATE =
                new Reply(new Answer.Transient(TransientCause.NOT_SENT, "time was moved", Optional.empty()), null);

        @Override
        public Reply create(MeterEvent event, IdempotencyKey key) throws InterruptedException {
            Reply reply = hasNoCalls.getAsBoolean() ? LATE : clock.call(() -> stripe.create(event, key), LATE);
            return reply.answer() instanceof Answer.Transient(var cause, var detail, var wait)
                    ? new Reply(
                            new Answer.Transient(cause, detail, wait.map(time -> time.dividedBy(1_000))),
                            reply.requestId())
                    : reply;
        }
    }

    /** The mutant: each attempt goes under an identifier of its own, so that Stripe cannot know that it is the same fact. */
    private record Stripped(StripeMeterEvents stripe) implements StripeMeterEvents {
        private static final AtomicInteger ATTEMPTS = new AtomicInteger();

        @Override
        public Reply create(MeterEvent event, IdempotencyKey key) throws InterruptedException {
            String identifier = event.identifier() + "~" + ATTEMPTS.incrementAndGet();
            return stripe.create(
                    new MeterEvent(identifier, event.eventName(), event.customer(), event.value(), event.timestamp()),
                    new IdempotencyKey(identifier, 0));
        }
    }

    private final class Listener implements DeliveryListener {
        @Override
        public void attempted(Answer answer) {
            progress.attempted();
        }

        @Override
        public void lookedUp(MinuteSum told) {
            progress.somethingElse();
        }

        @Override
        public void settled(Outcome outcome) {
            progress.settled();
        }

        @Override
        public void readAgain() {
            progress.somethingElse();
        }

        @Override
        public void requested(String result) {
            progress.somethingElse();
        }

        @Override
        public void unreadable(String reason) {
            progress.settled();
        }
    }
}
