package dev.tally.streams.topology;

import dev.tally.schemas.Membership;
import dev.tally.schemas.MembershipStatus;
import dev.tally.schemas.SeatChange;
import dev.tally.streams.metering.BillingCalendar;
import dev.tally.streams.metering.Period;
import dev.tally.streams.metering.SubscriptionTerms;
import dev.tally.streams.state.AccountCatalogueWriter;
import dev.tally.streams.state.SeatsTold;
import dev.tally.streams.topology.AccountTerms.Account;
import java.time.Instant;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/** Follows the number of an org's seats: what the pool of each period goes by, and what is to be told to Stripe. */
final class Seats {

    private final AccountCatalogueWriter catalogue;

    Seats(AccountCatalogueWriter catalogue) {
        this.catalogue = catalogue;
    }

    /**
     * A change of an org's seats; empty where the number is the one that was told last.
     *
     * @param org as it is after the change
     * @param membership as it is now; null where it was removed
     * @param userId whose it is
     * @param now log time
     */
    Optional<SeatChange> changed(
            AccountTerms terms, Account org, @Nullable Membership membership, String userId, Instant now) {
        long seats = terms.seats(org.subject());
        SeatsTold before = catalogue.seatsTold(org.subject());
        if (seats == before.quantity()) {
            return Optional.empty();
        }
        Optional<Period> period = period(org, now);
        Instant effectiveAt = effectiveAt(membership, period, now);
        SeatsTold told = before.after(before.version() + 1, seats, dayOf(effectiveAt));
        tell(terms, org, before, told, period, effectiveAt);
        String status = membership == null
                ? MembershipStatus.REMOVED.name()
                : membership.getStatus().name();
        return Optional.of(
                new SeatChange(org.text(), told.quantity(), told.version(), effectiveAt, userId + " " + status));
    }

    /** Takes note of a change that was told before this state began; changes come in their order, and one that is known changes nothing. */
    void toldBefore(AccountTerms terms, Account org, SeatChange change) {
        SeatsTold before = catalogue.seatsTold(org.subject());
        if (change.getVersion() > before.version()) {
            Instant at = change.getEffectiveAt();
            SeatsTold told = before.after(change.getVersion(), change.getQuantity(), dayOf(at));
            tell(terms, org, before, told, period(org, at), at);
        }
    }

    /** The period that the change belongs to. */
    private static Optional<Period> period(Account org, Instant at) {
        return org.subscription().map(SubscriptionTerms::anchor).map(anchor -> BillingCalendar.period(anchor, at));
    }

    private void tell(
            AccountTerms terms,
            Account org,
            SeatsTold before,
            SeatsTold told,
            Optional<Period> period,
            Instant effectiveAt) {
        boolean isCheckout = told.checkout().equals(dayOf(effectiveAt));
        period.ifPresent(open -> catalogue.seatPools(
                org.subject(),
                terms.seatPools(org.subject())
                        .changed(
                                open.start(),
                                isCheckout ? open.start() : effectiveAt,
                                before.quantity(),
                                told.quantity())));
        catalogue.seatsTold(org.subject(), told);
    }

    private static Instant dayOf(Instant at) {
        return BillingCalendar.day(at).start();
    }

    /** Midnight of the day of change, within the open period: Stripe prorates by it. */
    private static Instant effectiveAt(@Nullable Membership membership, Optional<Period> period, Instant now) {
        Instant stated = stated(membership);
        Instant changed = stated == null || stated.isAfter(now) ? now : stated;
        Instant day = BillingCalendar.day(changed).start();
        return period.map(Period::start).filter(day::isBefore).orElse(day);
    }

    private static @Nullable Instant stated(@Nullable Membership membership) {
        if (membership == null) {
            return null;
        }
        return switch (membership.getStatus()) {
            case ACCEPTED -> membership.getAcceptedAt();
            case REMOVED -> membership.getRemovedAt();
            case INVITED, UNKNOWN -> null;
        };
    }
}
