package dev.tally.schemas.catalogue;

import dev.tally.keys.Keys;
import dev.tally.keys.Subject;
import dev.tally.schemas.Grant;
import dev.tally.schemas.Limit;
import dev.tally.schemas.PayerKind;
import dev.tally.schemas.Phase;
import dev.tally.schemas.Plan;
import dev.tally.schemas.Report;
import dev.tally.schemas.Subscription;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.function.Consumer;
import java.util.function.Function;

/** What must hold between the records of a catalogue: one record per key, and nothing refers to what is not there. */
final class ReferenceRules {

    private final Drafts drafts;
    private final Consumer<Problem> sink;
    private final Set<String> meters;
    private final Map<String, Plan> plans = new HashMap<>();
    private final Set<String> planKeys;
    private final Set<String> subjectsReportingAll = new HashSet<>();

    private ReferenceRules(Drafts drafts, Catalogue existing, Consumer<Problem> sink) {
        this.drafts = drafts;
        this.sink = sink;
        this.meters = new HashSet<>(drafts.brokenMeters());
        this.planKeys = new HashSet<>(drafts.brokenPlans());
        existing.meters().forEach(meter -> meters.add(meter.getMeterId()));
        drafts.meters().forEach(meter -> meters.add(meter.value().getMeterId()));
        existing.plans().forEach(plan -> plans.put(Catalogue.key(plan), plan));
        drafts.plans().forEach(plan -> plans.put(Catalogue.key(plan.value()), plan.value()));
        planKeys.addAll(plans.keySet());
    }

    /** @param existing what the drafts may refer to besides each other */
    static void check(Drafts drafts, Catalogue existing, Consumer<Problem> sink) {
        new ReferenceRules(drafts, existing, sink).check(existing);
    }

    private void check(Catalogue existing) {
        unique(drafts.meters(), meter -> Optional.of(Catalogue.key(meter)), "meterId");
        unique(drafts.plans(), plan -> Optional.of(Catalogue.key(plan)), "planId and version");
        unique(drafts.subscriptions(), one -> subject(one.getSubject()).map(Subject::text), "subject");
        unique(
                drafts.grants(),
                grant -> subject(grant.getSubject()).map(subject -> Keys.grant(subject, grant.getGrantId())),
                "subject and grantId");
        unique(drafts.memberships(), one -> Optional.of(Catalogue.key(one)), "orgId and userId");
        publishedPlans(existing.plans());
        drafts.plans().forEach(plan -> plan(plan.value(), issues(plan)));
        drafts.subscriptions().forEach(one -> subscription(one.value(), issues(one)));
        existing.subscriptions().forEach(this::rememberReport);
        drafts.grants().forEach(grant -> grant(grant.value(), issues(grant)));
    }

    private void publishedPlans(List<Plan> published) {
        Map<String, Plan> byKey = new HashMap<>();
        published.forEach(plan -> byKey.put(Catalogue.key(plan), plan));
        for (Drafts.Draft<Plan> draft : drafts.plans()) {
            Plan before = byKey.get(Catalogue.key(draft.value()));
            if (before != null && !before.equals(draft.value())) {
                issues(draft)
                        .add("version", "is published with other content; a version never changes, use the next one");
            }
        }
    }

    private void plan(Plan plan, Issues issues) {
        limits(plan.getLimits(), "limits", issues);
        for (int i = 0; i < plan.getAllocations().size(); i++) {
            meter(plan.getAllocations().get(i).getMeter(), issues.item("allocations", i));
        }
        if (plan.getPrices() != null) {
            for (int i = 0; i < plan.getPrices().getOverage().size(); i++) {
                meter(
                        plan.getPrices().getOverage().get(i).getMeter(),
                        issues.in("prices").item("overage", i));
            }
        }
    }

    private void subscription(Subscription subscription, Issues issues) {
        limits(subscription.getOverrides(), "overrides", issues);
        Optional<Subject> subject = subject(subscription.getSubject());
        for (int i = 0; i < subscription.getPhases().size(); i++) {
            Phase phase = subscription.getPhases().get(i);
            Issues at = issues.item("phases", i);
            String key = Keys.plan(phase.getPlanId(), phase.getVersion());
            Plan plan = plans.get(key);
            if (!planKeys.contains(key)) {
                at.add("planId", "there is no plan " + key);
            } else if (plan != null && subject.isPresent()) {
                PayerKind payer = subject.get().kind() == Subject.Kind.ORG ? PayerKind.ORG : PayerKind.USER;
                if (plan.getPayer() != payer && plan.getPayer() != PayerKind.UNKNOWN) {
                    at.add("planId", "plan " + key + " is for payer " + plan.getPayer() + ", the subject is " + payer);
                }
            }
        }
        rememberReport(subscription);
    }

    private void rememberReport(Subscription subscription) {
        for (Phase phase : subscription.getPhases()) {
            Plan plan = plans.get(Keys.plan(phase.getPlanId(), phase.getVersion()));
            if (plan != null && plan.getReport() == Report.ALL) {
                subjectsReportingAll.add(subscription.getSubject());
            }
        }
    }

    private void grant(Grant grant, Issues issues) {
        meter(grant.getMeter(), issues);
        if (subjectsReportingAll.contains(grant.getSubject())) {
            issues.add(
                    "subject",
                    "has a plan with report ALL, under which Stripe holds what is included and a grant has no effect");
        }
    }

    private void limits(List<Limit> limits, String field, Issues issues) {
        for (int i = 0; i < limits.size(); i++) {
            meter(limits.get(i).getMeter(), issues.item(field, i));
        }
    }

    private void meter(String meterId, Issues issues) {
        if (!meters.contains(meterId)) {
            issues.add("meter", "there is no meter " + meterId);
        }
    }

    private <T> void unique(List<Drafts.Draft<T>> drafts, Function<T, Optional<String>> key, String fields) {
        Map<String, String> firsts = new HashMap<>();
        for (Drafts.Draft<T> draft : drafts) {
            key.apply(draft.value())
                    .map(text -> firsts.putIfAbsent(text, draft.path()))
                    .ifPresent(first -> issues(draft).add("has the " + fields + " of " + first));
        }
    }

    private Issues issues(Drafts.Draft<?> draft) {
        return Issues.at(draft.path(), sink);
    }

    private static Optional<Subject> subject(String text) {
        try {
            return Optional.of(Subject.parse(text));
        } catch (IllegalArgumentException e) {
            return Optional.empty();
        }
    }
}
