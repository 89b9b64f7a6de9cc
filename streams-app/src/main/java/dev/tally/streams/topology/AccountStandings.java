package dev.tally.streams.topology;

import dev.tally.keys.Subject;
import dev.tally.streams.metering.BillingCalendar;
import dev.tally.streams.metering.EffectiveLimits.EffectiveLimit;
import dev.tally.streams.metering.LimitStanding;
import dev.tally.streams.metering.Period;
import dev.tally.streams.metering.PlanTerms;
import dev.tally.streams.metering.PlanTerms.Beyond;
import dev.tally.streams.metering.PlanTerms.LimitTerms;
import dev.tally.streams.metering.PlanTerms.Scope;
import dev.tally.streams.metering.PlanTerms.Window;
import dev.tally.streams.metering.Standings;
import dev.tally.streams.metering.SubscriptionTerms;
import dev.tally.streams.metering.Thresholds.Level;
import dev.tally.streams.topology.AccountTerms.Account;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** Where payers stand, from the windows and pools of one task. */
final class AccountStandings implements Standings {

    private final AccountTerms terms;
    private final UsageWindows windows;
    private final Pools pools;

    AccountStandings(AccountTerms terms, UsageWindows windows, Pools pools) {
        this.terms = terms;
        this.windows = windows;
        this.pools = pools;
    }

    @Override
    public Optional<String> refusal(Subject payer, String userId, Instant now) {
        Account account = terms.account(payer.text());
        if (account.canceledAt().isPresent()) {
            return Optional.of("subscription_canceled");
        }
        return payer.kind() == Subject.Kind.ORG && !account.isMember(userId)
                ? Optional.of("not_a_member")
                : Optional.empty();
    }

    @Override
    public List<LimitStanding> of(
            Subject payer, String userId, @Nullable String spaceId, Set<String> meters, Instant now) {
        Account account = terms.account(payer.text());
        Optional<SubscriptionTerms> subscription = account.subscription();
        if (subscription.isEmpty()) {
            return List.of();
        }
        List<LimitStanding> standings = new ArrayList<>();
        add(standings, account, subscription.get(), account.limits(now).own(), payer.id(), meters, now);
        addCapped(standings, account, subscription.get(), meters, now);
        if (payer.kind() == Subject.Kind.ORG) {
            add(
                    standings,
                    account,
                    subscription.get(),
                    account.limits(now).of(Scope.MEMBER, userId),
                    userId,
                    meters,
                    now);
            if (spaceId != null) {
                add(
                        standings,
                        account,
                        subscription.get(),
                        account.limits(now).of(Scope.SPACE, spaceId),
                        spaceId,
                        meters,
                        now);
            }
        }
        return standings;
    }

    /** Where overage is capped, what is covered and what may still be billed is a limit, whatever the plan says of the meter besides. */
    private void addCapped(
            List<LimitStanding> to, Account account, SubscriptionTerms subscription, Set<String> meters, Instant now) {
        Optional<PlanTerms> plan =
                subscription.phaseAt(now).flatMap(phase -> account.plan(phase.planId(), phase.version()));
        if (subscription.overageCap() == null || plan.isEmpty()) {
            return;
        }
        Period period = BillingCalendar.period(subscription.anchor(), now);
        Subject payer = account.subject();
        Scope scope = payer.kind() == Subject.Kind.ORG ? Scope.ORG : Scope.USER;
        for (String meter : meters) {
            if (plan.get().bills(meter)) {
                long room = pools.room(account, meter, plan.get(), period.start());
                to.add(new LimitStanding(
                        scope, payer.id(), meter, Window.PERIOD, room, 0, Beyond.REJECT, period.end()));
            }
        }
    }

    private void add(
            List<LimitStanding> to,
            Account account,
            SubscriptionTerms subscription,
            List<EffectiveLimit> limits,
            String scopeId,
            Set<String> meters,
            Instant now) {
        for (EffectiveLimit limit : limits) {
            if (meters.contains(limit.terms().meter())) {
                to.add(standing(account, subscription, limit, scopeId, now));
            }
        }
    }

    private LimitStanding standing(
            Account account, SubscriptionTerms subscription, EffectiveLimit limit, String scopeId, Instant now) {
        LimitTerms of = limit.terms();
        if (of.window() == Window.CONCURRENT) {
            return new LimitStanding(
                    of.scope(), scopeId, of.meter(), of.window(), limit.amount(), 0, of.beyond(), null);
        }
        Period time = of.window() == Window.DAY
                ? BillingCalendar.day(now)
                : BillingCalendar.period(subscription.anchor(), now);
        Level level = windows.level(account, limit, scopeId, time);
        return new LimitStanding(
                of.scope(), scopeId, of.meter(), of.window(), level.limit(), level.used(), of.beyond(), time.end());
    }
}
