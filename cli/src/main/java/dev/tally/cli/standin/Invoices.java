package dev.tally.cli.standin;

import java.math.BigDecimal;
import java.math.BigInteger;
import java.math.RoundingMode;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.stream.Stream;

/**
 * Computes invoices from prices, quantities and the meter events received, and from nothing else. Amounts are whole cents,
 * rounded half up once per line; a metered quantity below zero bills as zero. Usage received after an invoice was finalized
 * (period end + grace, one hour by default at Stripe) is not on it.
 *
 * <p>A licensed item is billed in advance, by the quantity at the period's start. A change within the period gives a credit for the unused
 * time at the old quantity and a charge for the remaining time at the new one, by the second (Stripe's page on prorations). Stripe puts
 * those on the next invoice; here they are shown with the period that they are about.
 */
final class Invoices {

    private final Account account;
    private final Book book;
    private final Duration grace;

    Invoices(Account account, Book book, Duration grace) {
        this.account = account;
        this.book = book;
        this.grace = grace;
    }

    /** An invoice for one period of a subscription; {@code total} in cents. */
    record Invoice(
            Account.Subscription subscription,
            Period period,
            Instant finalizesAt,
            List<Line> lines,
            List<Proration> prorations,
            BigInteger total) {}

    /**
     * What a change of quantity within a period comes to.
     *
     * @param credit cents, not above 0, for the unused time at the old quantity
     * @param charge cents for the remaining time at the new one
     */
    record Proration(Account.Item item, ItemUpdate update, BigInteger credit, BigInteger charge) {
        BigInteger amount() {
            return credit.add(charge);
        }
    }

    /**
     * A line of an invoice.
     *
     * @param quantity units billed; for metered prices what the meter holds, which may be below zero
     * @param late units of the period that came after the invoice was finalized and are not billed
     * @param amount cents
     */
    record Line(Account.Item item, BigDecimal quantity, BigDecimal late, BigInteger amount) {}

    /** What a period comes to. */
    Invoice of(Account.Subscription subscription, Period period) {
        return of(subscription, period, period.start());
    }

    /** What the invoice after a period comes to, as far as it is known: usage and prorations of the period, the rest in advance. */
    Invoice after(Account.Subscription subscription, Period period) {
        return of(subscription, period, Instant.MAX);
    }

    /** @param licensedAt licensed items are billed by the quantity just before then */
    private Invoice of(Account.Subscription subscription, Period period, Instant licensedAt) {
        Instant finalizesAt = period.end().plus(grace);
        List<Line> lines = subscription.items().stream()
                .map(item -> line(subscription.customer(), item, period, finalizesAt, licensedAt))
                .toList();
        List<Proration> prorations = subscription.items().stream()
                .flatMap(item -> prorations(item, period).stream())
                .toList();
        BigInteger total = Stream.concat(
                        lines.stream().map(Line::amount), prorations.stream().map(Proration::amount))
                .reduce(BigInteger.ZERO, BigInteger::add);
        return new Invoice(subscription, period, finalizesAt, lines, prorations, total);
    }

    private List<Proration> prorations(Account.Item item, Period period) {
        return book
                .updates(update ->
                        update.item().equals(item.id()) && update.prorated() && period.contains(update.receivedAt()))
                .stream()
                .map(update -> new Proration(
                        item,
                        update,
                        share(item.price(), update.before(), update, period).negate(),
                        share(item.price(), update.quantity(), update, period)))
                .toList();
    }

    /** The cents of a quantity for what is left of a period from the proration date on. */
    private static BigInteger share(Account.Price price, long quantity, ItemUpdate update, Period period) {
        BigDecimal left = BigDecimal.valueOf(
                Duration.between(update.prorationDate(), period.end()).toSeconds());
        BigDecimal whole = BigDecimal.valueOf(
                Duration.between(period.start(), period.end()).toSeconds());
        return exactly(price, BigDecimal.valueOf(quantity))
                .multiply(left)
                .divide(whole, 0, RoundingMode.HALF_UP)
                .toBigIntegerExact();
    }

    private Line line(String customer, Account.Item item, Period period, Instant finalizesAt, Instant licensedAt) {
        Long quantity = book.quantity(item, licensedAt);
        if (quantity != null) {
            BigDecimal units = BigDecimal.valueOf(quantity);
            return new Line(item, units, BigDecimal.ZERO, amount(item.price(), units));
        }
        Account.Meter meter = account.meterOf(item.price());
        List<MeterEvent> events = book.events(
                event -> event.customer().equals(customer) && event.eventName().equals(meter.eventName()));
        BigDecimal all = units(meter.aggregation(), events, period);
        BigDecimal units = units(
                meter.aggregation(),
                events.stream()
                        .filter(event -> event.receivedAt().isBefore(finalizesAt))
                        .toList(),
                period);
        return new Line(item, units, all.subtract(units), amount(item.price(), units.max(BigDecimal.ZERO)));
    }

    private static BigDecimal units(Aggregation aggregation, List<MeterEvent> events, Period period) {
        return aggregation.of(aggregation.standing(events).stream()
                .filter(event -> period.contains(event.timestamp()))
                .toList());
    }

    private static BigInteger amount(Account.Price price, BigDecimal units) {
        return exactly(price, units).setScale(0, RoundingMode.HALF_UP).toBigIntegerExact();
    }

    private static BigDecimal exactly(Account.Price price, BigDecimal units) {
        Account.Packages packages = price.packages();
        BigDecimal billed = packages == null
                ? units
                : units.divide(
                        BigDecimal.valueOf(packages.size()),
                        0,
                        packages.up() ? RoundingMode.CEILING : RoundingMode.FLOOR);
        return billed.multiply(price.unitAmount());
    }
}
