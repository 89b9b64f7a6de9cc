package dev.tally.streams.topology;

import dev.tally.keys.Subject;
import dev.tally.streams.metering.Amounts;
import dev.tally.streams.metering.BillingCalendar;
import dev.tally.streams.metering.EffectiveLimits.EffectiveLimit;
import dev.tally.streams.metering.LimitStanding;
import dev.tally.streams.metering.Period;
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
    private final UsageApplier usage;

    AccountStandings(AccountTerms terms, UsageApplier usage) {
        this.terms = terms;
        this.usage = usage;
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
        Level level = usage.level(account, limit, scopeId, time);
        Long cap = limit.pool() != null && of.beyond() == Beyond.BILL ? subscription.overageCap() : null;
        return new LimitStanding(
                of.scope(),
                scopeId,
                of.meter(),
                of.window(),
                cap == null ? level.limit() : Amounts.plus(level.limit(), cap),
                level.used(),
                cap == null ? of.beyond() : Beyond.REJECT,
                time.end());
    }
}
