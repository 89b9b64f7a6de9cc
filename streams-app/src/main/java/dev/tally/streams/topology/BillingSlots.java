package dev.tally.streams.topology;

import dev.tally.schemas.BillingSlot;
import dev.tally.streams.metering.BillingCalendar;
import dev.tally.streams.metering.Period;
import dev.tally.streams.metering.SubscriptionTerms;
import dev.tally.streams.metering.SubscriptionTerms.PhaseTerms;
import java.time.Duration;
import java.time.Instant;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/** Where instants lie in a subscriber's billing calendar. Remembers the period it was asked for last: most actions lie in the same. */
final class BillingSlots {

    private final SubscriptionTerms subscription;
    private final Duration interval;
    private @Nullable Period latest;

    BillingSlots(SubscriptionTerms subscription, Duration interval) {
        this.subscription = subscription;
        this.interval = interval;
    }

    /**
     * A part of a day within which billing does not change.
     *
     * @param billing null where no plan is in force
     */
    record Span(Period time, @Nullable BillingSlot billing) {}

    /** The longest such span around an instant. */
    Span spanAt(Instant at) {
        Period day = BillingCalendar.day(at);
        Period phase = phase(at, day);
        Optional<PhaseTerms> plan = subscription.phaseAt(at);
        if (plan.isEmpty()) {
            return new Span(phase, null);
        }
        Period period = period(at);
        Period slot = BillingCalendar.interval(period, interval, at);
        // An interval is of one plan: it is cut where another begins.
        Instant start = later(from(at), slot.start());
        Instant end = earlier(to(at), slot.end());
        return new Span(
                new Period(later(day.start(), start), earlier(day.end(), end)),
                new BillingSlot(
                        period.start(),
                        period.end(),
                        start,
                        end,
                        plan.get().planId(),
                        plan.get().version()));
    }

    private Period phase(Instant at, Period day) {
        return new Period(later(day.start(), from(at)), earlier(day.end(), to(at)));
    }

    private Period period(Instant at) {
        Period known = latest;
        if (known == null || !known.contains(at)) {
            known = BillingCalendar.period(subscription.anchor(), at);
            latest = known;
        }
        return known;
    }

    private Instant from(Instant at) {
        Instant from = Instant.MIN;
        for (PhaseTerms phase : subscription.phases()) {
            if (!phase.effectiveFrom().isAfter(at)) {
                from = later(from, phase.effectiveFrom());
            }
        }
        return from;
    }

    private Instant to(Instant at) {
        Instant to = Instant.MAX;
        for (PhaseTerms phase : subscription.phases()) {
            if (phase.effectiveFrom().isAfter(at)) {
                to = earlier(to, phase.effectiveFrom());
            }
        }
        return to;
    }

    private static Instant later(Instant one, Instant other) {
        return one.isAfter(other) ? one : other;
    }

    private static Instant earlier(Instant one, Instant other) {
        return one.isBefore(other) ? one : other;
    }
}
