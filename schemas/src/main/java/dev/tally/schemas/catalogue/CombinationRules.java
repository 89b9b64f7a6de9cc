package dev.tally.schemas.catalogue;

import dev.tally.schemas.Grant;
import dev.tally.schemas.Meter;
import dev.tally.schemas.Phase;
import dev.tally.schemas.Plan;
import dev.tally.schemas.Report;
import dev.tally.schemas.Subscription;
import java.time.Instant;
import java.util.Currency;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.function.Consumer;

/**
 * What records of a catalogue that are right by themselves must be together. Of the plans of a subscription only those that are wholly known
 * are judged.
 */
final class CombinationRules {

    private final CatalogueIndex index;
    private final Consumer<Problem> sink;

    private CombinationRules(CatalogueIndex index, Consumer<Problem> sink) {
        this.index = index;
        this.sink = sink;
    }

    static void check(Drafts drafts, CatalogueIndex index, Consumer<Problem> sink) {
        new CombinationRules(index, sink).check(drafts);
    }

    private void check(Drafts drafts) {
        eventNames(drafts.meters());
        drafts.plans().drafts().forEach(draft -> currency(draft.value(), issues(draft)));
        for (Drafts.Draft<Subscription> draft : drafts.subscriptions().drafts()) {
            if (!draft.isPartial()) {
                SubscribedRules.check(draft.value(), index.plans(draft.value()), issues(draft));
                publishedGrants(draft.value(), issues(draft));
            }
        }
        for (Drafts.Draft<Grant> draft : drafts.grants().drafts()) {
            if (!draft.isPartial()) {
                grant(draft.value(), issues(draft));
            }
        }
    }

    /** Stripe would add up what two meters report under one name, and nobody could tell them apart any more. */
    private void eventNames(Drafts.ListOf<Meter> drafts) {
        Map<String, Meter> published = new TreeMap<>(index.meters());
        drafts.drafts().forEach(draft -> published.remove(draft.value().getMeterId()));
        Map<String, String> owners = new HashMap<>();
        published.forEach((meterId, meter) -> owners.putIfAbsent(eventName(meter), meterId));
        for (Drafts.Draft<Meter> draft : drafts.drafts()) {
            String name = eventName(draft.value());
            String meterId = draft.value().getMeterId();
            String owner = draft.isPartial() ? null : owners.putIfAbsent(name, meterId);
            if (owner != null && !owner.equals(meterId)) {
                issues(draft)
                        .add(
                                "stripeEventName",
                                "is " + name + " (the meterId where none is given), as that of " + owner);
            }
        }
    }

    private static String eventName(Meter meter) {
        return meter.getStripeEventName() == null ? meter.getMeterId() : meter.getStripeEventName();
    }

    /**
     * Which codes there are depends on the Java release, so it must not decide about records on the topics, which all instances have to see
     * alike.
     */
    private static void currency(Plan plan, Issues issues) {
        if (plan.getPrices() != null
                && PlanRules.isCurrencyCode(plan.getPrices().getCurrency())) {
            String code = plan.getPrices().getCurrency();
            if (Currency.getAvailableCurrencies().stream()
                    .noneMatch(one -> one.getCurrencyCode().equals(code))) {
                issues.in("prices").add("currency", code + " is no currency of ISO 4217");
            }
        }
    }

    private void grant(Grant grant, Issues issues) {
        index.subscription(grant.getSubject())
                .ifPresent(subscription -> phaseReportingAll(subscription, grant)
                        .ifPresent(phase -> issues.add(
                                "subject",
                                "has plan " + phase.getPlanId()
                                        + " with report ALL while the grant holds: Stripe has what is"
                                        + " included, and a grant has no effect")));
    }

    private void publishedGrants(Subscription subscription, Issues issues) {
        for (Grant grant : index.publishedGrants(subscription.getSubject())) {
            phaseReportingAll(subscription, grant)
                    .ifPresent(phase -> issues.item(
                                    "phases", subscription.getPhases().indexOf(phase))
                            .add(
                                    "planId",
                                    "plan " + phase.getPlanId() + " has report ALL, and the subject has grant "
                                            + grant.getGrantId() + ", which would have no effect"));
        }
    }

    /** The first phase of a plan with report ALL that holds at a time at which a grant does. */
    private Optional<Phase> phaseReportingAll(Subscription subscription, Grant grant) {
        List<Phase> phases = subscription.getPhases();
        for (int i = 0; i < phases.size(); i++) {
            Instant end = i + 1 < phases.size() ? phases.get(i + 1).getEffectiveFrom() : Instant.MAX;
            boolean meet = grant.getEffectiveAt().isBefore(end)
                    && (grant.getExpiresAt() == null
                            || grant.getExpiresAt().isAfter(phases.get(i).getEffectiveFrom()));
            if (meet
                    && index.plan(phases.get(i))
                            .filter(plan -> plan.getReport() == Report.ALL)
                            .isPresent()) {
                return Optional.of(phases.get(i));
            }
        }
        return Optional.empty();
    }

    private Issues issues(Drafts.Draft<?> draft) {
        return Issues.at(draft.path(), sink);
    }
}
