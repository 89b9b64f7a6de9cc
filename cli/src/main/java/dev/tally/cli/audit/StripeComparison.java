package dev.tally.cli.audit;

import dev.tally.schemas.LedgerEntry;
import dev.tally.schemas.LedgerState;
import java.math.BigDecimal;
import java.time.Duration;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashSet;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.function.Predicate;

/**
 * Compares what Stripe has with what the ledger says it accepted, by customer, meter and day, and finds the minute in which they differ.
 *
 * <p>What is on its way, or was accepted so shortly ago that Stripe need not show it yet, may be there or not.
 */
public final class StripeComparison {

    private static final Duration DAY = Duration.ofDays(1);
    private static final int MOST_MINUTES = 5;
    private static final int MOST_NAMED = 5;

    private final StripeTotals stripe;
    private final SortedMap<CustomerMeter, List<Sent>> byMeter = new TreeMap<>();
    private final List<Asked> unfit = new ArrayList<>();
    private long compared;
    private long untold;

    private record CustomerMeter(String customer, String eventName) implements Comparable<CustomerMeter> {
        private static final Comparator<CustomerMeter> ORDER =
                Comparator.comparing(CustomerMeter::customer).thenComparing(CustomerMeter::eventName);

        @Override
        public int compareTo(CustomerMeter other) {
            return ORDER.compare(this, other);
        }
    }

    private record Asked(CustomerMeter of, Instant day, List<Sent> due, BigDecimal sum) {}

    private record Sent(SaidEntry said, boolean sure) {
        long amount() {
            return said.entry().getAmount();
        }
    }

    /**
     * Compares.
     *
     * @param before the ledger before Stripe is asked
     * @param settledBefore what was accepted earlier is in Stripe's sums
     * @param payers whose customers are asked for
     */
    public StripeComparison(StripeTotals stripe, Ledger before, Instant settledBefore, Predicate<String> payers) {
        this.stripe = stripe;
        Set<String> customers = new HashSet<>();
        for (SaidEntry said : before.all()) {
            String customer = said.entry().getStripeCustomerId();
            if (customer != null && payers.test(said.entry().getPayer())) {
                customers.add(customer);
            }
        }
        for (SaidEntry said : before.all()) {
            LedgerEntry entry = said.entry();
            if (entry.getState() != LedgerState.DEAD
                    && entry.getStripeCustomerId() != null
                    && customers.contains(entry.getStripeCustomerId())) {
                boolean sure = said.isAtStripe() && entry.getAt().isBefore(settledBefore);
                byMeter.computeIfAbsent(
                                new CustomerMeter(entry.getStripeCustomerId(), entry.getEventName()),
                                of -> new ArrayList<>())
                        .add(new Sent(said, sure));
            }
        }
    }

    /** Asks Stripe, day by day. */
    public void ask() {
        byMeter.forEach((of, sent) -> {
            TreeMap<Instant, List<Sent>> byDay = new TreeMap<>();
            sent.forEach(one -> byDay.computeIfAbsent(
                            one.said().entry().getTimestamp().truncatedTo(ChronoUnit.DAYS), day -> new ArrayList<>())
                    .add(one));
            // A day more at each end: nothing is there.
            Instant from = byDay.firstKey().minus(DAY);
            Instant to = byDay.lastKey().plus(DAY).plus(DAY);
            Optional<SortedMap<Instant, BigDecimal>> told = stripe.byDay(of.customer(), of.eventName(), from, to);
            if (told.isEmpty()) {
                untold++;
                return;
            }
            for (Instant day = from; day.isBefore(to); day = day.plus(DAY)) {
                List<Sent> due = byDay.getOrDefault(day, List.of());
                BigDecimal sum = told.get().getOrDefault(day, BigDecimal.ZERO);
                if (!due.isEmpty() || sum.signum() != 0) {
                    compared++;
                    if (!fits(due, sum)) {
                        unfit.add(new Asked(of, day, due, sum));
                    }
                }
            }
        });
    }

    /**
     * What differs.
     *
     * @param after the ledger after Stripe was asked: what it has besides may be in the sums
     */
    public List<Difference> differences(Ledger after) {
        List<Difference> differences = new ArrayList<>();
        for (Asked one : unfit) {
            List<Sent> due = new ArrayList<>(one.due());
            for (SaidEntry said : after.all()) {
                LedgerEntry entry = said.entry();
                boolean known = due.stream()
                        .anyMatch(sent -> sent.said().entry().getIdentifier().equals(entry.getIdentifier()));
                if (!known
                        && entry.getState() != LedgerState.DEAD
                        && Objects.equals(entry.getStripeCustomerId(), one.of().customer())
                        && entry.getEventName().equals(one.of().eventName())
                        && entry.getTimestamp().truncatedTo(ChronoUnit.DAYS).equals(one.day())) {
                    due.add(new Sent(said, false));
                }
            }
            if (!fits(due, one.sum())) {
                differences.add(explain(one, due));
            }
        }
        return differences;
    }

    private static long least(List<Sent> sent) {
        return sent.stream()
                .mapToLong(one -> one.sure() ? one.amount() : Math.min(0, one.amount()))
                .sum();
    }

    private static long most(List<Sent> sent) {
        return sent.stream()
                .mapToLong(one -> one.sure() ? one.amount() : Math.max(0, one.amount()))
                .sum();
    }

    private static boolean fits(List<Sent> sent, BigDecimal sum) {
        return sum.compareTo(BigDecimal.valueOf(least(sent))) >= 0
                && sum.compareTo(BigDecimal.valueOf(most(sent))) <= 0;
    }

    private Difference explain(Asked one, List<Sent> due) {
        CustomerMeter of = one.of();
        List<String> because = new ArrayList<>();
        minutes(of, one.day(), one.day().plus(DAY), due, because);
        return Difference.of(of.customer() + " " + of.eventName() + " on "
                        + one.day().toString().substring(0, 10) + ": stripe-ledger has "
                        + Comparison.range(least(due), most(due)) + " accepted, Stripe says "
                        + one.sum().stripTrailingZeros().toPlainString())
                .because(because);
    }

    /** Halves the time until it is a minute: about twenty questions. */
    private void minutes(CustomerMeter of, Instant from, Instant to, List<Sent> due, List<String> because) {
        if (because.size() >= MOST_MINUTES) {
            return;
        }
        List<Sent> within = due.stream()
                .filter(one -> !one.said().entry().getTimestamp().isBefore(from)
                        && one.said().entry().getTimestamp().isBefore(to))
                .toList();
        Optional<BigDecimal> sum = stripe.sum(of.customer(), of.eventName(), from, to);
        if (sum.isEmpty() || fits(within, sum.get())) {
            return;
        }
        long minutes = Duration.between(from, to).toMinutes();
        if (minutes <= 1) {
            because.add(minute(from, within, sum.get()));
            return;
        }
        Instant middle = from.plus(Duration.ofMinutes(minutes / 2));
        minutes(of, from, middle, due, because);
        minutes(of, middle, to, due, because);
    }

    private static String minute(Instant at, List<Sent> due, BigDecimal sum) {
        boolean above = sum.compareTo(BigDecimal.valueOf(most(due))) > 0;
        BigDecimal difference = sum.subtract(BigDecimal.valueOf(above ? most(due) : least(due)));
        String line = "in the minute " + at + ": " + sum.stripTrailingZeros().toPlainString() + " instead of "
                + Comparison.range(least(due), most(due));
        for (Sent one : due) {
            if (difference.abs().compareTo(BigDecimal.valueOf(Math.abs(one.amount()))) == 0) {
                boolean more = difference.signum() == Long.signum(one.amount());
                return line + ": " + (more ? "once more than " : "without ")
                        + one.said().text();
            }
        }
        return line + ": " + (due.isEmpty() ? "the ledger has nothing there" : named(due));
    }

    private static String named(List<Sent> due) {
        List<String> first =
                due.stream().limit(MOST_NAMED).map(one -> one.said().text()).toList();
        return String.join(", ", first)
                + (due.size() > MOST_NAMED ? " and " + (due.size() - MOST_NAMED) + " more" : "");
    }

    /** How many days of customers' meters were compared. */
    public long compared() {
        return compared;
    }

    /** Of how many customers' meters Stripe did not tell. */
    public long untold() {
        return untold;
    }
}
