package dev.tally.streams.query;

import dev.tally.keys.Keys;
import dev.tally.keys.Subject;
import dev.tally.schemas.Plan;
import dev.tally.streams.metering.BillingCalendar;
import dev.tally.streams.metering.Period;
import dev.tally.streams.metering.PlanTerms;
import dev.tally.streams.metering.PlanTerms.AllocationTerms;
import dev.tally.streams.metering.Pool;
import dev.tally.streams.metering.SubscriptionTerms;
import dev.tally.streams.metering.SubscriptionTerms.PhaseTerms;
import dev.tally.streams.metering.money.Cost;
import dev.tally.streams.metering.money.DailyUsage;
import dev.tally.streams.metering.money.Licences;
import dev.tally.streams.metering.money.OverageLine;
import dev.tally.streams.metering.money.PlanPrices;
import dev.tally.streams.metering.money.SeatCourse;
import dev.tally.streams.metering.money.UsageForecast;
import dev.tally.streams.metering.money.UsageForecast.Outlook;
import dev.tally.streams.state.AccountCatalogue;
import dev.tally.streams.state.CarriedUnits;
import dev.tally.streams.state.CatalogueKind;
import dev.tally.streams.state.StoreNames;
import dev.tally.streams.state.TermsMapping;
import dev.tally.streams.state.WindowKeys;
import dev.tally.streams.state.WindowKeys.Length;
import dev.tally.streams.state.WindowTotals;
import java.math.BigDecimal;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import java.util.function.Function;
import java.util.function.ToLongFunction;
import org.apache.kafka.common.utils.Bytes;
import org.apache.kafka.streams.state.ReadOnlyKeyValueStore;
import org.jspecify.annotations.Nullable;

/**
 * What billing periods cost, and will have cost, as the accounts stage's stores of one partition have it. A unit is priced by the plan that is
 * in force at the time under which Stripe has it: that of its interval, or, where it is carried into a later period, of the moment there.
 */
final class PeriodCosts {

    private static final Duration DAY = Duration.ofDays(1);

    private final AccountCatalogue terms;
    private final Function<String, ReadOnlyKeyValueStore<Bytes, byte[]>> stores;

    PeriodCosts(AccountCatalogue terms, Function<String, ReadOnlyKeyValueStore<Bytes, byte[]>> stores) {
        this.terms = terms;
        this.stores = stores;
    }

    /**
     * What was used of a meter in a period.
     *
     * @param pool where what is included stands
     * @param billable units by {@code planId@version}
     * @param carried units that are charged in another period than they were used in
     */
    record MeteredUse(String meter, Pool pool, Map<String, Long> billable, CarriedUnits carried) {

        Set<String> plans() {
            Set<String> plans = new TreeSet<>(billable.keySet());
            plans.addAll(carried.in().keySet());
            plans.addAll(carried.out().keySet());
            return plans;
        }

        long charged(String plan) {
            return Math.addExact(
                    billable.getOrDefault(plan, 0L),
                    carried.in().getOrDefault(plan, 0L) - carried.out().getOrDefault(plan, 0L));
        }
    }

    /**
     * The cost of a period.
     *
     * @param plan in force now, or at its end where it is over, with the subscription's overrides
     * @return empty where no plan of it has a price, where the record of one has not arrived yet, where their currencies differ, and where it
     *     is not known since when which seats are paid for
     */
    Optional<Cost> of(
            SubscriptionTerms subscription, PlanTerms plan, Period period, List<MeteredUse> used, Instant now) {
        Map<String, Optional<PlanPrices>> prices = new HashMap<>();
        Set<String> plans = new TreeSet<>(phases(subscription, period));
        used.forEach(use -> plans.addAll(use.plans()));
        for (String key : plans) {
            Optional<Plan> known = plan(key);
            if (known.isEmpty()) {
                return Optional.empty();
            }
            prices.put(key, TermsMapping.prices(known.get()));
        }
        Set<String> currencies = new TreeSet<>();
        prices.values().forEach(each -> each.map(PlanPrices::currency).ifPresent(currencies::add));
        boolean paysForSeats = prices.values().stream()
                .flatMap(Optional::stream)
                .anyMatch(price -> price.perSeat().signum() != 0);
        Optional<SeatCourse> seats =
                paysForSeats ? seats(subscription.subject(), period) : Optional.of(SeatCourse.NONE);
        return currencies.size() == 1 && seats.isPresent()
                ? Optional.of(cost(subscription, plan, period, used, prices, seats.get(), now))
                : Optional.empty();
    }

    private Optional<SeatCourse> seats(Subject subject, Period period) {
        return terms.seatPools(subject).course(period.start(), terms.seats(subject));
    }

    private Optional<Plan> plan(String key) {
        return terms.record(CatalogueKind.PLAN, key).map(Plan.class::cast);
    }

    /** The plans that are, or will be, in force in a period, or were just before. */
    private static List<String> phases(SubscriptionTerms subscription, Period period) {
        List<String> plans = new ArrayList<>();
        subscription.phaseAt(period.start().minusMillis(1)).ifPresent(before -> plans.add(key(before)));
        subscription.phases().stream()
                .filter(phase -> period.contains(phase.effectiveFrom()))
                .forEach(phase -> plans.add(key(phase)));
        return plans;
    }

    private static String key(PhaseTerms phase) {
        return Keys.plan(phase.planId(), phase.version());
    }

    private Cost cost(
            SubscriptionTerms subscription,
            PlanTerms plan,
            Period period,
            List<MeteredUse> used,
            Map<String, Optional<PlanPrices>> prices,
            SeatCourse seats,
            Instant now) {
        Subject subject = subscription.subject();
        @Nullable Instant ended = terms.canceledAt(subject).orElse(null);
        Licences licences = new Licences(
                subscription.anchor(),
                subscription.phases().stream()
                        .filter(phase -> prices.containsKey(key(phase)))
                        .map(phase -> new Licences.Phase(
                                phase.effectiveFrom(),
                                Objects.requireNonNull(prices.get(key(phase))).orElse(null)))
                        .toList(),
                ended);
        boolean goesOn = now.isBefore(period.end()) && (ended == null || now.isBefore(ended));
        List<OverageLine> lines = new ArrayList<>();
        used.forEach(use -> lines.addAll(lines(use, subscription, plan, period, prices, goesOn)));
        PlanPrices any =
                prices.values().stream().flatMap(Optional::stream).findFirst().orElseThrow();
        Instant until = now.isBefore(period.start()) ? period.start() : now;
        BigDecimal base = any.zero().add(licences.base(period, until));
        BigDecimal ofSeats = any.zero().add(licences.seats(period, seats, until));
        BigDecimal overage = sum(any, lines, line -> 0);
        if (!goesOn) {
            BigDecimal all = base.add(ofSeats).add(overage);
            return new Cost(any.currency(), base, ofSeats, overage, new Cost.Projected(all, all, all));
        }
        BigDecimal fixed = licences.base(period, period.end()).add(licences.seats(period, seats, period.end()));
        Map<String, Outlook> ahead = new HashMap<>();
        for (OverageLine line : lines) {
            if (line.room() != null) {
                ahead.put(line.meter(), outlook(subject, line.meter(), period, now));
            }
        }
        return new Cost(
                any.currency(),
                base,
                ofSeats,
                overage,
                new Cost.Projected(
                        fixed.add(sum(any, lines, line -> outlook(ahead, line).low())),
                        fixed.add(sum(any, lines, line -> outlook(ahead, line).likely())),
                        fixed.add(sum(any, lines, line -> outlook(ahead, line).high()))));
    }

    private static Outlook outlook(Map<String, Outlook> ahead, OverageLine line) {
        return ahead.getOrDefault(line.meter(), Outlook.NOTHING);
    }

    private static BigDecimal sum(PlanPrices any, List<OverageLine> lines, ToLongFunction<OverageLine> more) {
        return lines.stream().map(line -> line.amount(more.applyAsLong(line))).reduce(any.zero(), BigDecimal::add);
    }

    /** One for each plan version: they are at different prices. */
    private List<OverageLine> lines(
            MeteredUse use,
            SubscriptionTerms subscription,
            PlanTerms inForce,
            Period period,
            Map<String, Optional<PlanPrices>> prices,
            boolean goesOn) {
        String meter = use.meter();
        String open = Keys.plan(inForce.planId(), inForce.version());
        List<OverageLine> lines = new ArrayList<>();
        prices.forEach((key, priced) -> priced.filter(of -> of.prices(meter)).ifPresent(of -> {
            OverageLine.Room room = goesOn && key.equals(open) ? room(use, subscription, inForce) : null;
            lines.add(new OverageLine(
                    of, meter, use.charged(key), includedAtStripe(key, meter, subscription.subject(), period), room));
        }));
        return lines;
    }

    /** Null where nothing more is billed. */
    private static OverageLine.@Nullable Room room(MeteredUse use, SubscriptionTerms subscription, PlanTerms plan) {
        if (plan.reportAll()) {
            return new OverageLine.Room(0, Long.MAX_VALUE);
        }
        if (!plan.bills(use.meter())) {
            return null;
        }
        Long cap = subscription.overageCap();
        return new OverageLine.Room(
                use.pool().remaining(),
                cap == null
                        ? Long.MAX_VALUE
                        : Math.max(0, cap - use.pool().covered().overage()));
    }

    /** What Stripe takes off itself, since it is told of every unit. */
    private long includedAtStripe(String planKey, String meter, Subject subject, Period period) {
        PlanTerms plan = plan(planKey).map(TermsMapping::plan).orElseThrow();
        long seats = terms.seatPools(subject).seats(period.start(), terms.seats(subject));
        return plan.reportAll()
                ? plan.allocation(meter).orElse(AllocationTerms.NONE).amount(seats)
                : 0;
    }

    /** What will be used from now, or from the beginning of the period, to its end. */
    private Outlook outlook(Subject subject, String meter, Period period, Instant now) {
        ReadOnlyKeyValueStore<Bytes, byte[]> windows = stores.apply(StoreNames.ACCOUNT_WINDOWS);
        Instant today = BillingCalendar.day(now).start();
        List<Long> amounts = new ArrayList<>();
        Instant first = today.minus(DAY.multipliedBy(DailyUsage.DAYS));
        for (Instant day = first; !day.isAfter(today); day = day.plus(DAY)) {
            byte[] window = windows.get(WindowKeys.window(Length.DAY, day, subject.text()));
            amounts.add(
                    window == null
                            ? 0L
                            : WindowTotals.fromBytes(window).totals().limitUsed(meter));
        }
        double share = Duration.between(today, now).toMillis() / (double) DAY.toMillis();
        Instant from = now.isBefore(period.start()) ? period.start() : now;
        return UsageForecast.of(
                new DailyUsage(first.getEpochSecond() / DAY.toSeconds(), amounts, share),
                new Period(from, period.end()));
    }
}
