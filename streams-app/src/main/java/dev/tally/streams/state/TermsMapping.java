package dev.tally.streams.state;

import dev.tally.keys.Subject;
import dev.tally.schemas.Caps;
import dev.tally.schemas.Grant;
import dev.tally.schemas.Limit;
import dev.tally.schemas.Meter;
import dev.tally.schemas.OveragePrice;
import dev.tally.schemas.PayerKind;
import dev.tally.schemas.Plan;
import dev.tally.schemas.PriceInterval;
import dev.tally.schemas.Rate;
import dev.tally.schemas.Report;
import dev.tally.schemas.Rounding;
import dev.tally.schemas.Subscription;
import dev.tally.schemas.SubscriptionStatus;
import dev.tally.streams.metering.GrantTerms;
import dev.tally.streams.metering.MeterDefinition;
import dev.tally.streams.metering.MeterDefinition.Aggregation;
import dev.tally.streams.metering.PlanTerms;
import dev.tally.streams.metering.PlanTerms.AllocationTerms;
import dev.tally.streams.metering.PlanTerms.Beyond;
import dev.tally.streams.metering.PlanTerms.LimitTerms;
import dev.tally.streams.metering.PlanTerms.Scope;
import dev.tally.streams.metering.PlanTerms.Window;
import dev.tally.streams.metering.SubscriptionTerms;
import dev.tally.streams.metering.SubscriptionTerms.PhaseTerms;
import dev.tally.streams.metering.money.PlanPrices;
import java.math.BigDecimal;
import java.util.List;
import java.util.Optional;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/** From catalogue records, which were checked before they came this far, to the core's terms. */
public final class TermsMapping {

    private static final int DEFAULT_POOL_LOW_SHARE = 20;

    private TermsMapping() {}

    public static MeterDefinition meter(Meter meter) {
        MeterDefinition.Filter filter = meter.getWhere() == null
                ? null
                : new MeterDefinition.Filter(
                        meter.getWhere().getActionType(),
                        meter.getWhere().getModel(),
                        meter.getWhere().getTrigger());
        return new MeterDefinition(
                meter.getMeterId(),
                Aggregation.valueOf(meter.getAggregation().name()),
                meter.getUnits(),
                filter,
                meter.getRates().stream().map(TermsMapping::rate).toList(),
                meter.getStripeEventName() == null ? meter.getMeterId() : meter.getStripeEventName());
    }

    private static MeterDefinition.Rate rate(Rate rate) {
        return new MeterDefinition.Rate(
                rate.getMatch(),
                rate.getPerAction() == null ? 0 : rate.getPerAction(),
                rate.getUnit(),
                rate.getPer1000() == null ? 0 : rate.getPer1000());
    }

    public static PlanTerms plan(Plan plan) {
        return new PlanTerms(
                plan.getPlanId(),
                plan.getVersion(),
                plan.getPayer() == PayerKind.ORG ? Subject.Kind.ORG : Subject.Kind.USER,
                limits(plan.getLimits()),
                plan.getAllocations().stream()
                        .map(a -> new AllocationTerms(a.getMeter(), a.getBase(), a.getPerSeat()))
                        .toList(),
                plan.getReport() == Report.ALL);
    }

    /** What a plan costs; empty where it is free of charge. */
    public static Optional<PlanPrices> prices(Plan plan) {
        return Optional.ofNullable(plan.getPrices())
                .map(prices -> new PlanPrices(
                        prices.getCurrency(),
                        prices.getInterval() == PriceInterval.YEAR
                                ? PlanPrices.Interval.YEAR
                                : PlanPrices.Interval.MONTH,
                        new BigDecimal(prices.getBase()),
                        new BigDecimal(prices.getPerSeat()),
                        prices.getOverage().stream()
                                .collect(Collectors.toMap(
                                        OveragePrice::getMeter,
                                        price -> new PlanPrices.OveragePrice(
                                                new BigDecimal(price.getAmount()),
                                                price.getPer(),
                                                price.getRounding() == Rounding.BLOCK_UP
                                                        ? PlanPrices.Rounding.BLOCK_UP
                                                        : PlanPrices.Rounding.EXACT)))));
    }

    private static List<LimitTerms> limits(List<Limit> limits) {
        return limits.stream()
                .map(l -> new LimitTerms(
                        Scope.valueOf(l.getScope().name()),
                        l.getMeter(),
                        Window.valueOf(l.getWindow().name()),
                        l.getAmount(),
                        Beyond.valueOf(l.getBeyond().name()),
                        l.getWarnAt()))
                .toList();
    }

    public static SubscriptionTerms subscription(Subscription subscription) {
        return new SubscriptionTerms(
                Subject.parse(subscription.getSubject()),
                subscription.getStripeCustomerId(),
                subscription.getAnchor(),
                subscription.getPhases().stream()
                        .map(p -> new PhaseTerms(p.getPlanId(), p.getVersion(), p.getEffectiveFrom()))
                        .toList(),
                limits(subscription.getOverrides()),
                caps(subscription.getCaps()),
                subscription.getPoolLowShare() == null ? DEFAULT_POOL_LOW_SHARE : subscription.getPoolLowShare(),
                subscription.getOverageCap(),
                subscription.getStatus() == SubscriptionStatus.CANCELED);
    }

    private static SubscriptionTerms.Caps caps(@Nullable Caps caps) {
        return caps == null
                ? SubscriptionTerms.Caps.NONE
                : new SubscriptionTerms.Caps(
                        caps.getMemberDefault(), caps.getSpaceDefault(), caps.getMember(), caps.getSpace());
    }

    public static GrantTerms grant(Grant grant) {
        return new GrantTerms(
                grant.getGrantId(), grant.getMeter(), grant.getAmount(), grant.getEffectiveAt(), grant.getExpiresAt());
    }
}
