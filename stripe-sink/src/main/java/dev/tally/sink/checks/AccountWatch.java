package dev.tally.sink.checks;

import dev.tally.sink.delivery.DeliveryStatus.Findings;
import dev.tally.sink.delivery.MeterGate;
import dev.tally.sink.reporting.AccountReading;
import dev.tally.sink.reporting.AccountRules;
import dev.tally.sink.reporting.Answer;
import dev.tally.sink.reporting.RetryRule;
import dev.tally.sink.stripe.StripeAccount;
import java.time.Duration;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.Consumer;
import java.util.random.RandomGenerator;
import org.apache.kafka.common.KafkaException;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Asks Stripe again and again whether its account and meters are as they must be, and lets through only facts of meters that were found so.
 *
 * <p>Nothing is sent before the first answer. What contradicts is named all at once and asked for again every {@link Pauses#contradiction}:
 * a person may mend it at Stripe at any time. While Stripe does not answer, or refuses the key, what was found before stands, and it is asked
 * again by itself. The event name of a fact that no answer has covered yet is asked for at once.
 */
public final class AccountWatch implements MeterGate, AutoCloseable {
    private static final Logger log = LoggerFactory.getLogger(AccountWatch.class);

    private final StripeAccount account;
    private final MeterNames names;
    private final boolean live;
    private final boolean judgesClock;
    private final Pauses pauses;
    private final Consumer<Findings> told;
    private final RandomGenerator random;
    private final ReentrantLock lock = new ReentrantLock();
    private final Condition wake = lock.newCondition();
    private final Thread thread = new Thread(this::run, "account-watch");
    private final Set<String> asked = new HashSet<>();
    private Set<String> catalogue = Set.of();
    private boolean unheard;
    private boolean stopped;
    private int failures;
    private boolean heard;
    private Findings last = Findings.NONE;
    private volatile Verdict verdict = Verdict.NONE;

    /**
     * How long to wait for the next question.
     *
     * @param passing waits after questions that got no answer
     * @param contradiction after an answer that contradicts what is needed
     * @param harmony after one that does not
     */
    public record Pauses(RetryRule passing, Duration contradiction, Duration harmony) {
        /** 1 s to 1 min; 1 min; 5 min. */
        public static final Pauses STANDARD = new Pauses(
                new RetryRule(Duration.ofSeconds(1), Duration.ofMinutes(1)),
                Duration.ofMinutes(1),
                Duration.ofMinutes(5));
    }

    /** What the newest answer came to: the event names it was judged for, and those of them that may be sent. */
    private record Verdict(Set<String> judged, Set<String> good) {
        static final Verdict NONE = new Verdict(Set.of(), Set.of());

        Verdict {
            judged = Set.copyOf(judged);
            good = Set.copyOf(good);
        }
    }

    /**
     * A watch that does nothing before {@link #start}.
     *
     * @param live whether the key is one of live mode
     * @param judgesClock whether this machine's clock is meant to be the time
     * @param told hears what each question came to, from the watch's own thread
     */
    public AccountWatch(
            StripeAccount account,
            MeterNames names,
            boolean live,
            boolean judgesClock,
            Pauses pauses,
            Consumer<Findings> told,
            RandomGenerator random) {
        this.account = account;
        this.names = names;
        this.live = live;
        this.judgesClock = judgesClock;
        this.pauses = pauses;
        this.told = told;
        this.random = random;
        told.accept(new Findings(Optional.of("has not read the account at Stripe yet"), List.of(), new TreeMap<>()));
    }

    /** Begins to ask, in a thread of its own. */
    public void start() {
        thread.setDaemon(true);
        thread.start();
    }

    @Override
    public boolean maySend(String eventName) {
        Verdict now = verdict;
        if (!now.judged().contains(eventName)) {
            askFor(eventName);
        }
        return now.good().contains(eventName);
    }

    private void askFor(String eventName) {
        lock.lock();
        try {
            if (asked.add(eventName)) {
                unheard = true;
                wake.signalAll();
            }
        } finally {
            lock.unlock();
        }
    }

    private void run() {
        try {
            while (true) {
                if (!awaitNext(askOrSayWhyNot())) {
                    return;
                }
            }
        } catch (InterruptedException interrupted) {
            Thread.currentThread().interrupt();
        }
    }

    /** A fault in here must not end the checks in silence. */
    private Duration askOrSayWhyNot() throws InterruptedException {
        try {
            return ask();
        } catch (RuntimeException fault) {
            log.atError().setCause(fault).log("The check of the account at Stripe failed; it is tried again");
            untold("the check failed: " + fault);
            return pauses.contradiction();
        }
    }

    /** Waits for the next question; false when there is to be none. */
    private boolean awaitNext(Duration pause) throws InterruptedException {
        long nanos = pause.toNanos();
        lock.lock();
        try {
            // A new name does not wait for what heals slowly; but it heals no outage.
            while (!stopped && nanos > 0 && !(unheard && failures == 0)) {
                nanos = wake.awaitNanos(nanos);
            }
            return !stopped;
        } finally {
            lock.unlock();
        }
    }

    /** Asks once, judges the answer, and says how long to wait before the next question. */
    Duration ask() throws InterruptedException {
        Set<String> wanted = wanted();
        return switch (account.read()) {
            case AccountReading.Told told -> judge(told, wanted);
            case AccountReading.Untold(Answer.AccountHalt(String reason, String detail)) -> {
                untold("Stripe refuses the key: " + reason + ", " + detail);
                yield pauses.passing().haltDelay(failures, random);
            }
            case AccountReading.Untold(Answer answer) -> {
                untold("Stripe does not tell about its account: " + answer);
                yield pauses.passing().delay(failures, Optional.empty(), random);
            }
        };
    }

    private Set<String> wanted() {
        try {
            catalogue = names.read();
        } catch (KafkaException away) {
            log.atWarn()
                    .addKeyValue("reason", away.getMessage())
                    .log("The catalogue's meters could not be read; those known are checked");
        }
        lock.lock();
        try {
            unheard = false;
            Set<String> wanted = new HashSet<>(asked);
            wanted.addAll(catalogue);
            return wanted;
        } finally {
            lock.unlock();
        }
    }

    private Duration judge(AccountReading.Told told, Set<String> wanted) {
        List<String> problems = AccountRules.problems(told, live, judgesClock);
        SortedMap<String, List<String>> meters = new TreeMap<>();
        for (String name : wanted) {
            List<String> wrong = AccountRules.problems(told, name);
            if (!wrong.isEmpty()) {
                meters.put(name, wrong);
            }
        }
        Set<String> good = problems.isEmpty() ? new HashSet<>(wanted) : new HashSet<>();
        good.removeAll(meters.keySet());
        failures = 0;
        heard = true;
        verdict = new Verdict(wanted, good);
        tell(new Findings(Optional.empty(), problems, meters));
        return problems.isEmpty() && meters.isEmpty() ? pauses.harmony() : pauses.contradiction();
    }

    /** What was found before stands. */
    private void untold(String why) {
        failures = Math.min(failures, Integer.MAX_VALUE - 1) + 1;
        if (!heard) {
            tell(new Findings(Optional.of(why), List.of(), new TreeMap<>()));
        } else if (failures == 1) {
            log.atWarn().addKeyValue("reason", why).log("The account at Stripe could not be read; it is tried again");
        }
    }

    private void tell(Findings newest) {
        if (!newest.equals(last)) {
            if (newest.equals(Findings.NONE)) {
                log.atInfo().log("The account at Stripe is as it must be");
            } else {
                log.atError()
                        .addKeyValue("waiting", newest.waiting().orElse(""))
                        .addKeyValue("account", newest.account())
                        .addKeyValue("meters", newest.meters())
                        .log(
                                "Facts are held: the account at Stripe is not as it must be, or not known; it is asked again");
            }
            last = newest;
        }
        told.accept(newest);
    }

    /** Ends the thread; what was found last stays in force. */
    @Override
    public void close() {
        lock.lock();
        try {
            stopped = true;
            wake.signalAll();
        } finally {
            lock.unlock();
        }
        thread.interrupt();
    }
}
