package dev.tally.sink.reconciling;

import dev.tally.sink.comparison.ComparedHour;
import dev.tally.sink.comparison.ComparedHour.Verdict;
import dev.tally.sink.comparison.SentFact;
import dev.tally.sink.reporting.ErrorReport;
import dev.tally.sink.reporting.Reporting;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.List;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.function.BooleanSupplier;
import java.util.function.Consumer;
import org.apache.kafka.common.KafkaException;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Compares with Stripe from time to time, and where Stripe reported events that it does not name; says what differs, and changes nothing. Of
 * all instances, the one that owns the first partition does so for all.
 */
public final class ReconcileWatch implements AutoCloseable {
    private static final Logger log = LoggerFactory.getLogger(ReconcileWatch.class);
    private static final Duration TURN = Duration.ofSeconds(30);

    /** After a start there is more urgent work. */
    private static final Duration FIRST = Duration.ofMinutes(10);

    /** Hours that were not settled the last time are compared again. */
    private static final Duration OVERLAP = Duration.ofHours(24);

    /** Stripe's receipt and our outcome of an event lie closer together than this. */
    private static final Duration AROUND = Duration.ofMinutes(2);

    private static final int MOST_SAID = 50;

    /** The delivery goes before: a comparison must not take its heap. */
    public static final long MOST_FACTS = 200_000;

    private final Reconciler reconciler;
    private final Duration interval;
    private final Duration sumsDelay;
    private final BooleanSupplier isOurs;
    private final Consumer<Reconciliation> told;
    private final InstantSource clock;
    private final CountDownLatch stopped = new CountDownLatch(1);
    private final Thread thread = new Thread(this::run, "reconcile-watch");
    private final Queue<ErrorReport> suspected = new ConcurrentLinkedQueue<>();
    private Instant due;

    /**
     * A watch that does nothing before {@link #start}.
     *
     * @param interval from one comparison to the next; zero: only what is suspected is compared
     * @param sumsDelay how long what Stripe took may be missing from its sums
     * @param isOurs whether this instance is the one that compares
     * @param told hears the results of the comparisons by schedule, from the watch's own thread
     */
    public ReconcileWatch(
            Reconciler reconciler,
            Duration interval,
            Duration sumsDelay,
            BooleanSupplier isOurs,
            Consumer<Reconciliation> told,
            InstantSource clock) {
        this.reconciler = reconciler;
        this.interval = interval;
        this.sumsDelay = sumsDelay;
        this.isOurs = isOurs;
        this.told = told;
        this.clock = clock;
        this.due = clock.instant().plus(FIRST);
    }

    /** Begins, in a thread of its own. */
    public void start() {
        thread.setDaemon(true);
        thread.start();
    }

    /** Events that reports do not name are looked for, once Stripe's sums are to be trusted. */
    public void suspect(List<ErrorReport> reports) {
        suspected.removeIf(report -> report.created().isBefore(clock.instant().minus(Reporting.MAX_AGE)));
        reports.stream().filter(report -> report.unnamed() > 0).forEach(suspected::add);
    }

    private void run() {
        try {
            while (!stopped.await(TURN.toMillis(), TimeUnit.MILLISECONDS)) {
                turn();
            }
        } catch (InterruptedException interrupted) {
            Thread.currentThread().interrupt();
        }
    }

    /**
     * Does what is due; what fails for Kafka's sake is tried again the next time.
     *
     * @throws InterruptedException if the thread was interrupted while waiting
     */
    public void turn() throws InterruptedException {
        Instant now = clock.instant();
        boolean regular = !interval.isZero() && !now.isBefore(due);
        List<ErrorReport> reports = new ArrayList<>(suspected);
        reports.removeIf(report -> now.isBefore(report.created().plus(sumsDelay).plus(AROUND)));
        // What another instance compares stays noted here: this one may have to take over.
        if ((!regular && reports.isEmpty()) || !isOurs.getAsBoolean()) {
            return;
        }
        try {
            if (regular) {
                Reconciliation result =
                        say(reconciler.compare(now.minus(interval).minus(OVERLAP), now, fact -> true));
                due = now.plus(interval);
                told.accept(result);
            }
            if (!reports.isEmpty()) {
                say(reconciler.compare(now.minus(Reporting.MAX_AGE), now, fact -> isSuspected(fact, reports)));
                suspected.removeAll(reports);
            }
        } catch (TooManyFactsException tooMany) {
            log.atError()
                    .addKeyValue("reason", tooMany.getMessage())
                    .log("Not compared with Stripe; `tally stripe reconcile` compares shorter spans");
            due = now.plus(interval);
            suspected.removeAll(reports);
        } catch (KafkaException away) {
            log.atWarn()
                    .setCause(away)
                    .log(
                            "The comparison with Stripe could not read from Kafka, or not write what it confirms; it is tried again");
        }
    }

    private static boolean isSuspected(SentFact fact, List<ErrorReport> reports) {
        Instant sent = fact.at().since();
        return reports.stream()
                .anyMatch(report -> !sent.isBefore(report.from().minus(AROUND))
                        && !sent.isAfter(report.to().plus(AROUND)));
    }

    private static Reconciliation say(Reconciliation result) {
        log.atInfo()
                .addKeyValue("from", result.from())
                .addKeyValue("to", result.to())
                .addKeyValue("equal", result.hours(Verdict.EQUAL).size())
                .addKeyValue("missing", result.hours(Verdict.MISSING).size())
                .addKeyValue("extra", result.hours(Verdict.EXTRA).size())
                .addKeyValue("unsettled", result.hours(Verdict.UNSETTLED).size())
                .addKeyValue("untold", result.untold().size())
                .log("Compared hours with Stripe's sums");
        result.hours().stream()
                .filter(hour -> hour.verdict() == Verdict.MISSING || hour.verdict() == Verdict.EXTRA)
                .limit(MOST_SAID)
                .forEach(ReconcileWatch::say);
        result.absent().stream()
                .limit(MOST_SAID)
                .forEach(fact -> log.atError()
                        .addKeyValue("identifier", fact.identifier())
                        .addKeyValue("customer", fact.customer())
                        .addKeyValue("amount", fact.amount())
                        .log("Stripe took this fact and does not have it"));
        return result;
    }

    private static void say(ComparedHour hour) {
        log.atError()
                .addKeyValue("customer", hour.key().customer())
                .addKeyValue("meter", hour.key().eventName())
                .addKeyValue("hour", hour.key().hour())
                .addKeyValue("taken", hour.taken())
                .addKeyValue("found", hour.found())
                .log("Stripe's sum differs from what it took; `tally stripe reconcile` tells more");
    }

    /** Ends the thread. */
    @Override
    public void close() {
        stopped.countDown();
        thread.interrupt();
    }
}
