package dev.tally.schemas.catalogue;

import dev.tally.schemas.Beyond;
import dev.tally.schemas.Limit;
import dev.tally.schemas.LimitWindow;
import dev.tally.schemas.Scope;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;

/** What the limits of a plan, or the overrides of a subscription, must be. */
final class LimitRules {

    private LimitRules() {}

    private record Slot(Scope scope, String meter, LimitWindow window) {}

    /** @param orgPays whether they are limits of an organisation's pooled plan, else of a user's plan */
    static void check(List<Limit> limits, boolean orgPays, String field, Issues issues) {
        Map<Slot, Integer> slots = new HashMap<>();
        for (int i = 0; i < limits.size(); i++) {
            Limit limit = limits.get(i);
            Issues at = issues.item(field, i);
            boolean scope = at.known("scope", limit.getScope());
            boolean window = at.known("window", limit.getWindow());
            boolean beyond = at.known("beyond", limit.getBeyond());
            at.id("meter", limit.getMeter());
            at.optionalAmount("amount", limit.getAmount());
            warnAt(limit.getWarnAt(), at);
            if (scope && window && beyond) {
                meaning(limit, orgPays, at);
                Integer first = slots.putIfAbsent(new Slot(limit.getScope(), limit.getMeter(), limit.getWindow()), i);
                if (first != null) {
                    at.add("limits the same scope, meter and window as " + field + "[" + first + "]");
                }
            }
        }
    }

    private static void meaning(Limit limit, boolean orgPays, Issues issues) {
        Scope payerScope = orgPays ? Scope.ORG : Scope.USER;
        Set<Scope> allowed = orgPays ? Set.of(Scope.ORG, Scope.MEMBER, Scope.SPACE) : Set.of(Scope.USER);
        if (!allowed.contains(limit.getScope())) {
            issues.add(
                    "scope",
                    orgPays
                            ? "must be ORG, MEMBER or SPACE where an organisation pays, not " + limit.getScope()
                            : "must be USER where a user pays, not " + limit.getScope());
            return;
        }
        boolean wholePeriod = limit.getWindow() == LimitWindow.PERIOD && limit.getScope() == payerScope;
        if (limit.getAmount() == null && !wholePeriod) {
            issues.add("amount", "is missing; only a PERIOD limit of scope " + payerScope + " can do without");
        }
        if (limit.getBeyond() == Beyond.BILL && !wholePeriod) {
            issues.add("beyond", "can be BILL only in a PERIOD limit of scope " + payerScope);
        } else if (limit.getWindow() == LimitWindow.CONCURRENT
                && limit.getBeyond() != Beyond.QUEUE
                && limit.getBeyond() != Beyond.REJECT) {
            issues.add(
                    "beyond",
                    "must be QUEUE or REJECT in a CONCURRENT limit, which no reset frees and no usage reaches; not "
                            + limit.getBeyond());
        }
    }

    private static void warnAt(List<Integer> warnAt, Issues issues) {
        for (int percent : warnAt) {
            if (percent < 1 || percent > 100) {
                issues.add("warnAt", "holds percentages from 1 to 100, not " + percent);
            }
        }
        if (new HashSet<>(warnAt).size() < warnAt.size()) {
            issues.add("warnAt", "holds a percentage twice");
        }
    }
}
