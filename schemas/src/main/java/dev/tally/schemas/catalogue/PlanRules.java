package dev.tally.schemas.catalogue;

import dev.tally.schemas.Allocation;
import dev.tally.schemas.OveragePrice;
import dev.tally.schemas.PayerKind;
import dev.tally.schemas.Plan;
import dev.tally.schemas.Prices;
import java.util.HashSet;
import java.util.List;
import java.util.Set;

/** What a plan must be. */
final class PlanRules {

    private PlanRules() {}

    static void check(Plan plan, Issues issues) {
        issues.id("planId", plan.getPlanId());
        if (plan.getVersion() < 1) {
            issues.add("version", "begins with 1");
        }
        boolean orgPays = plan.getPayer() == PayerKind.ORG;
        if (issues.known("payer", plan.getPayer())) {
            LimitRules.check(plan.getLimits(), orgPays, "limits", issues);
        }
        allocations(plan.getAllocations(), orgPays, issues);
        if (plan.getPrices() != null) {
            prices(plan.getPrices(), orgPays, issues.in("prices"));
        }
    }

    private static void allocations(List<Allocation> allocations, boolean orgPays, Issues issues) {
        Set<String> meters = new HashSet<>();
        for (int i = 0; i < allocations.size(); i++) {
            Allocation allocation = allocations.get(i);
            Issues at = issues.item("allocations", i);
            at.id("meter", allocation.getMeter());
            at.amount("base", allocation.getBase(), 0);
            at.amount("perSeat", allocation.getPerSeat(), 0);
            if (!orgPays && allocation.getPerSeat() != 0) {
                at.add("perSeat", "is for plans an organisation pays; a user has no seats");
            }
            if (!meters.add(allocation.getMeter())) {
                at.add("meter", "has an allocation already");
            }
        }
    }

    private static void prices(Prices prices, boolean orgPays, Issues issues) {
        if (!isCurrencyCode(prices.getCurrency())) {
            issues.add("currency", "must be three upper-case letters (ISO 4217), not '" + prices.getCurrency() + "'");
        }
        issues.known("interval", prices.getInterval());
        issues.decimal("base", prices.getBase());
        issues.decimal("perSeat", prices.getPerSeat());
        if (!orgPays && !isZero(prices.getPerSeat())) {
            issues.add("perSeat", "is for plans an organisation pays; a user has no seats");
        }
        Set<String> meters = new HashSet<>();
        for (int i = 0; i < prices.getOverage().size(); i++) {
            OveragePrice price = prices.getOverage().get(i);
            Issues at = issues.item("overage", i);
            at.id("meter", price.getMeter());
            at.decimal("amount", price.getAmount());
            at.amount("per", price.getPer(), 1);
            at.known("rounding", price.getRounding());
            if (!meters.add(price.getMeter())) {
                at.add("meter", "has an overage price already");
            }
        }
    }

    static boolean isCurrencyCode(String text) {
        return text.matches("[A-Z]{3}");
    }

    private static boolean isZero(String decimal) {
        return decimal.matches("0+(\\.0+)?");
    }
}
