package dev.tally.schemas.catalogue;

import dev.tally.schemas.Beyond;
import dev.tally.schemas.Caps;
import dev.tally.schemas.Limit;
import dev.tally.schemas.LimitWindow;
import dev.tally.schemas.PayerKind;
import dev.tally.schemas.Plan;
import dev.tally.schemas.Report;
import dev.tally.schemas.Scope;
import dev.tally.schemas.Subscription;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;

/** What a subscription must be beside the plans of its phases. */
final class SubscribedRules {

    private final Subscription subscription;
    private final List<Plan> plans;
    private final Issues issues;

    private SubscribedRules(Subscription subscription, List<Plan> plans, Issues issues) {
        this.subscription = subscription;
        this.plans = plans;
        this.issues = issues;
    }

    /** @param plans those of all its phases; none where one of them is not known */
    static void check(Subscription subscription, List<Plan> plans, Issues issues) {
        if (!plans.isEmpty()) {
            SubscribedRules rules = new SubscribedRules(subscription, plans, issues);
            rules.caps();
            rules.overageCap();
            rules.allocationsAtStripe();
        }
    }

    private void caps() {
        Caps caps = subscription.getCaps();
        if (caps == null) {
            return;
        }
        Set<String> pools = new HashSet<>();
        payerPeriodLimits().stream()
                .filter(limit -> limit.getAmount() == null)
                .forEach(limit -> pools.add(limit.getMeter()));
        if (pools.isEmpty()) {
            issues.add(
                    "caps",
                    "are shares of a pool, and no plan of the phases has one (a PERIOD limit of scope ORG without an"
                            + " amount)");
            return;
        }
        boolean members = caps.getMemberDefault() != null || !caps.getMember().isEmpty();
        boolean spaces = caps.getSpaceDefault() != null || !caps.getSpace().isEmpty();
        for (int i = 0; i < subscription.getOverrides().size(); i++) {
            Limit limit = subscription.getOverrides().get(i);
            if (limit.getWindow() == LimitWindow.PERIOD
                    && pools.contains(limit.getMeter())
                    && ((members && limit.getScope() == Scope.MEMBER) || (spaces && limit.getScope() == Scope.SPACE))) {
                issues.item("overrides", i)
                        .add("limits the same as caps do: scope " + limit.getScope() + " per PERIOD");
            }
        }
    }

    private void overageCap() {
        if (subscription.getOverageCap() != null
                && payerPeriodLimits().stream().noneMatch(limit -> limit.getBeyond() == Beyond.BILL)) {
            issues.add("overageCap", "has no effect: no plan of the phases bills what is beyond");
        }
    }

    /** With report ALL the included tier and the price beyond it are Stripe's, which knows nothing of an override. */
    private void allocationsAtStripe() {
        for (int i = 0; i < subscription.getOverrides().size(); i++) {
            Limit limit = subscription.getOverrides().get(i);
            for (Plan plan : plans) {
                if (plan.getReport() != Report.ALL || !isPayers(limit, plan)) {
                    continue;
                }
                if (limit.getBeyond() != Beyond.BILL
                        && plan.getLimits().stream()
                                .anyMatch(one -> isPayers(one, plan)
                                        && one.getMeter().equals(limit.getMeter())
                                        && one.getBeyond() == Beyond.BILL)) {
                    issues.item("overrides", i)
                            .add("ends the billing of what is beyond under plan " + Catalogue.key(plan)
                                    + ", which has report ALL: Stripe bills it all the same");
                } else if (limit.getAmount() != null
                        && plan.getAllocations().stream()
                                .anyMatch(one -> one.getMeter().equals(limit.getMeter()))) {
                    issues.item("overrides", i)
                            .add("replaces what plan " + Catalogue.key(plan)
                                    + " includes, which has report ALL: Stripe has what is included");
                }
            }
        }
    }

    /** Limits per period of the payer as a whole, in any of the phases. */
    private List<Limit> payerPeriodLimits() {
        List<Limit> limits = new ArrayList<>();
        for (Plan plan : plans) {
            List<Limit> overrides = subscription.getOverrides().stream()
                    .filter(limit -> isPayers(limit, plan))
                    .toList();
            limits.addAll(overrides);
            plan.getLimits().stream()
                    .filter(limit -> isPayers(limit, plan))
                    .filter(limit ->
                            overrides.stream().noneMatch(one -> one.getMeter().equals(limit.getMeter())))
                    .forEach(limits::add);
        }
        return limits;
    }

    private static boolean isPayers(Limit limit, Plan plan) {
        Scope payer = plan.getPayer() == PayerKind.ORG ? Scope.ORG : Scope.USER;
        return limit.getWindow() == LimitWindow.PERIOD && limit.getScope() == payer;
    }
}
