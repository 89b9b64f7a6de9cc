package dev.tally.cli.standin;

import java.math.BigDecimal;
import java.math.BigInteger;
import java.math.RoundingMode;
import java.time.Duration;
import java.time.Instant;
import java.util.List;

/**
 * Computes invoices from prices, quantities and the meter events received, and from nothing else. Amounts are whole cents,
 * rounded half up once per line; a metered quantity below zero bills as zero. Usage received after an invoice was finalized
 * (period end + grace, one hour by default at Stripe) is not on it.
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
            BigInteger total) {}

    /**
     * A line of an invoice.
     *
     * @param quantity units billed; for metered prices what the meter holds, which may be below zero
     * @param late units of the period that came after the invoice was finalized and are not billed
     * @param amount cents
     */
    record Line(Account.Item item, BigInteger quantity, BigInteger late, BigInteger amount) {}

    Invoice of(Account.Subscription subscription, Period period) {
        Instant finalizesAt = period.end().plus(grace);
        List<Line> lines = subscription.items().stream()
                .map(item -> line(subscription.customer(), item, period, finalizesAt))
                .toList();
        BigInteger total = lines.stream().map(Line::amount).reduce(BigInteger.ZERO, BigInteger::add);
        return new Invoice(subscription, period, finalizesAt, lines, total);
    }

    private Line line(String customer, Account.Item item, Period period, Instant finalizesAt) {
        Integer quantity = item.quantity();
        if (quantity != null) {
            BigInteger units = BigInteger.valueOf(quantity);
            return new Line(item, units, BigInteger.ZERO, amount(item.price(), units));
        }
        Account.Meter meter = account.meterOf(item.price());
        List<MeterEvent> events = book.events(
                event -> event.customer().equals(customer) && event.eventName().equals(meter.eventName()));
        BigInteger all = units(meter.aggregation(), events, period);
        BigInteger units = units(
                meter.aggregation(),
                events.stream()
                        .filter(event -> event.receivedAt().isBefore(finalizesAt))
                        .toList(),
                period);
        return new Line(item, units, all.subtract(units), amount(item.price(), units.max(BigInteger.ZERO)));
    }

    private static BigInteger units(Aggregation aggregation, List<MeterEvent> events, Period period) {
        return aggregation.of(aggregation.standing(events).stream()
                .filter(event -> period.contains(event.timestamp()))
                .toList());
    }

    private static BigInteger amount(Account.Price price, BigInteger units) {
        Integer divideBy = price.divideBy();
        BigDecimal billed = divideBy == null
                ? new BigDecimal(units)
                : new BigDecimal(units).divide(BigDecimal.valueOf(divideBy), 0, RoundingMode.CEILING);
        return billed.multiply(price.unitAmount())
                .setScale(0, RoundingMode.HALF_UP)
                .toBigIntegerExact();
    }
}
