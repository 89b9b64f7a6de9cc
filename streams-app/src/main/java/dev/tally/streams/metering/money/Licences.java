package dev.tally.streams.metering.money;

import dev.tally.streams.metering.Period;
import dev.tally.streams.metering.money.PlanPrices.Interval;
import dev.tally.streams.metering.money.PlanPrices.Licence;
import java.math.BigDecimal;
import java.math.RoundingMode;
import java.time.Duration;
import java.time.Instant;
import java.time.ZoneOffset;
import java.time.ZonedDateTime;
import java.time.temporal.ChronoUnit;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * What a subscription's base and seats come to in a billing period. They are invoiced in advance: those of a monthly plan with each period,
 * those of a yearly one with the period that begins a year of the anchor, so that the periods of a year add up to its invoice. A change
 * within the time paid for gives a credit for what is left of it at the old quantity or price, and a charge for it at the new, by the second
 * and each rounded half up (Stripe's page on prorations; {@code proration_behavior=create_prorations}).
 *
 * @param anchor start of the first billing period
 * @param phases plans in order of their beginnings; at least one
 * @param ended when the subscription was canceled, which gives no credit; null: not
 */
public record Licences(
        Instant anchor, List<Phase> phases, @Nullable Instant ended) {

    /**
     * A plan from an instant on.
     *
     * @param prices null: free of charge
     */
    public record Phase(Instant from, @Nullable PlanPrices prices) {}

    public Licences {
        phases = List.copyOf(phases);
    }

    /**
     * The base of a period.
     *
     * @param until changes of plan later than this are left out
     */
    public BigDecimal base(Period period, Instant until) {
        return licences(Licence.BASE, period, new SeatCourse(1, List.of()), until);
    }

    /**
     * The seats of a period.
     *
     * @param until changes of plan later than this are left out
     */
    public BigDecimal seats(Period period, SeatCourse seats, Instant until) {
        return licences(Licence.SEATS, period, seats, until);
    }

    private BigDecimal licences(Licence licence, Period period, SeatCourse quantity, Instant until) {
        if (hasEndedBy(period.start())) {
            return BigDecimal.ZERO;
        }
        BigDecimal sum = BigDecimal.ZERO;
        PlanPrices running = pricesBefore(period.start());
        boolean changesAtStart = false;
        for (Phase phase : phases) {
            Instant at = phase.from();
            if (!period.contains(at) || at.isAfter(until) || hasEndedBy(at)) {
                continue;
            }
            changesAtStart |= at.equals(period.start());
            // What begins just then has not been invoiced at the old price.
            if (running != null && span(running, at).start().isBefore(at)) {
                sum = sum.subtract(share(licence, running, quantity.before(at), at));
            }
            running = phase.prices();
            if (running != null) {
                sum = sum.add(share(licence, running, quantity.before(at), at));
            }
        }
        PlanPrices begun = pricesBefore(period.start());
        if (!changesAtStart
                && begun != null
                && span(begun, period.start()).start().equals(period.start())) {
            sum = sum.add(share(licence, begun, quantity.first(), period.start()));
        }
        long before = quantity.first();
        for (SeatCourse.Step step : quantity.steps()) {
            PlanPrices prices = pricesAt(step.at());
            if (prices != null && !hasEndedBy(step.at())) {
                sum = sum.subtract(share(licence, prices, before, step.at()))
                        .add(share(licence, prices, step.seats(), step.at()));
            }
            before = step.seats();
        }
        return sum;
    }

    private boolean hasEndedBy(Instant at) {
        return ended != null && !ended.isAfter(at);
    }

    private @Nullable PlanPrices pricesBefore(Instant at) {
        PlanPrices found = null;
        for (Phase phase : phases) {
            if (phase.from().isBefore(at)) {
                found = phase.prices();
            }
        }
        return found;
    }

    private @Nullable PlanPrices pricesAt(Instant at) {
        return pricesBefore(at.plusMillis(1));
    }

    /** What a quantity costs for the rest of the time that it is paid for. */
    private BigDecimal share(Licence licence, PlanPrices prices, long quantity, Instant from) {
        Period span = span(prices, from);
        return prices.of(licence, quantity)
                .multiply(seconds(from, span.end()))
                .divide(seconds(span.start(), span.end()), prices.decimals(), RoundingMode.HALF_UP);
    }

    private static BigDecimal seconds(Instant from, Instant to) {
        return BigDecimal.valueOf(Duration.between(from, to).toSeconds());
    }

    /** The month or year of the anchor that an instant lies in, as Stripe counts it: from the original anchor, clamped. */
    private Period span(PlanPrices prices, Instant at) {
        Interval interval = prices.interval();
        ZonedDateTime first = anchor.atZone(ZoneOffset.UTC);
        long number =
                Math.floorDiv(ChronoUnit.MONTHS.between(first, at.atZone(ZoneOffset.UTC)), (long) interval.months());
        while (border(first, interval, number).isAfter(at)) {
            number--;
        }
        while (!border(first, interval, number + 1).isAfter(at)) {
            number++;
        }
        return new Period(border(first, interval, number), border(first, interval, number + 1));
    }

    private static Instant border(ZonedDateTime first, Interval interval, long number) {
        return first.plusMonths(interval.months() * number).toInstant();
    }
}
