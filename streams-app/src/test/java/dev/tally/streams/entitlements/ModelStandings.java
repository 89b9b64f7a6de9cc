package dev.tally.streams.entitlements;

import dev.tally.schemas.Beyond;
import dev.tally.schemas.Limit;
import dev.tally.schemas.LimitWindow;
import dev.tally.schemas.Plan;
import dev.tally.schemas.Scope;
import dev.tally.schemas.Subscription;
import java.time.Instant;
import java.util.Optional;
import java.util.Set;

/** Where limits stand: how much they allow, and how much of it is used. */
final class ModelStandings {

    private final ModelCatalogue catalogue;
    private final ModelUsage usage;
    private final ModelCoverage coverage;

    /** The amount a limit allows and what of it is used. */
    record Standing(long limit, long limitUsed) {}

    ModelStandings(ModelCatalogue catalogue, ModelUsage usage, ModelCoverage coverage) {
        this.catalogue = catalogue;
        this.usage = usage;
        this.coverage = coverage;
    }

    /** Empty where the limit has no figure: a pool of nothing, which holds nothing back. */
    Optional<Standing> of(String payer, Limit limit, String scopeId, Span span, Instant now) {
        Optional<Long> amount = ModelCatalogue.isPool(payer, limit)
                ? coverage.poolLimit(payer, limit.getMeter(), span, now)
                : Optional.ofNullable(limit.getAmount());
        boolean holdsBack = Set.of(Beyond.QUEUE, Beyond.PAUSE, Beyond.REJECT).contains(limit.getBeyond());
        return amount.or(() -> holdsBack ? Optional.of(0L) : Optional.empty())
                .map(allowed -> new Standing(allowed, used(payer, limit, scopeId, span)));
    }

    long used(String payer, Limit limit, String scopeId, Span span) {
        return ModelCatalogue.isPool(payer, limit)
                ? coverage.of(payer, limit.getMeter(), span).limitUsed()
                : counted(payer, limit, scopeId, span);
    }

    /** What the payer pays for of a window, whatever is included of it. */
    long counted(String payer, Limit limit, String scopeId, Span span) {
        return usage.limitUsed(window(payer, limit, span), limit.getScope(), scopeId);
    }

    /** What the allocation and the grants in force have left. */
    long poolLeft(String payer, String meter, Span span, Instant now) {
        long allocation = catalogue
                .plan(payer, now)
                .map(plan -> catalogue.included(payer, plan, meter, span, now))
                .orElse(0L);
        return Math.max(0, allocation - coverage.of(payer, meter, span).included)
                + coverage.grantsLeft(payer, meter, now);
    }

    /** What may still come of a meter until it would be neither covered nor billed; empty where nothing ends that. */
    Optional<Long> billableRoom(String payer, String meter, Instant now) {
        Optional<Plan> plan = catalogue.plan(payer, now);
        Optional<Span> period = catalogue.period(payer, now);
        Subscription subscription = catalogue.subscription(payer);
        if (plan.isEmpty()
                || period.isEmpty()
                || subscription == null
                || subscription.getOverageCap() == null
                || !catalogue.bills(payer, plan.get(), meter)) {
            return Optional.empty();
        }
        long overage = coverage.of(payer, meter, period.get()).overage;
        return Optional.of(
                poolLeft(payer, meter, period.get(), now) + Math.max(0, subscription.getOverageCap() - overage));
    }

    static ModelUsage.Window window(String payer, Limit limit, Span span) {
        return new ModelUsage.Window(payer, limit.getMeter(), limit.getWindow(), span.start());
    }

    /** The id within a limit's scope. */
    static String scopeId(String payer, Scope scope, String member, String space) {
        return switch (scope) {
            case MEMBER -> member;
            case SPACE -> space;
            case USER, ORG, UNKNOWN -> payer.substring(payer.indexOf(':') + 1);
        };
    }

    Optional<Span> window(String payer, LimitWindow window, Instant at) {
        return catalogue.window(payer, window, at);
    }
}
