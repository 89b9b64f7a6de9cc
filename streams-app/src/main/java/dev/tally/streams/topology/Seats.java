package dev.tally.streams.topology;

import dev.tally.schemas.Membership;
import dev.tally.schemas.MembershipStatus;
import dev.tally.schemas.SeatChange;
import dev.tally.streams.metering.BillingCalendar;
import dev.tally.streams.metering.Period;
import dev.tally.streams.metering.SubscriptionTerms;
import dev.tally.streams.state.AccountCatalogueWriter;
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
     * A change of an org's seats; empty where the number is the same.
     *
     * @param org as it is after the change
     * @param membership as it is now; null where it was removed
     * @param userId whose it is
     * @param now log time
     */
    Optional<SeatChange> changed(
            AccountTerms terms, Account org, long before, @Nullable Membership membership, String userId, Instant now) {
        long after = terms.seats(org.subject());
        if (before == after) {
            return Optional.empty();
        }
        Optional<Period> period =
                org.subscription().map(SubscriptionTerms::anchor).map(anchor -> BillingCalendar.period(anchor, now));
        period.ifPresent(open -> catalogue.seatPools(
                org.subject(), terms.seatPools(org.subject()).changed(open.start(), before, after)));
        String status = membership == null
                ? MembershipStatus.REMOVED.name()
                : membership.getStatus().name();
        return Optional.of(new SeatChange(
                org.text(),
                after,
                catalogue.nextSeatVersion(org.subject()),
                effectiveAt(membership, period, now),
                userId + " " + status));
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
