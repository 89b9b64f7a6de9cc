package dev.tally.schemas.catalogue;

import dev.tally.keys.Ids;
import dev.tally.keys.Keys;
import dev.tally.keys.Subject;
import dev.tally.schemas.Limit;
import dev.tally.schemas.Membership;
import dev.tally.schemas.PayerKind;
import dev.tally.schemas.Phase;
import dev.tally.schemas.Plan;
import dev.tally.schemas.Subscription;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.BiConsumer;
import java.util.function.Consumer;
import java.util.function.Function;

/** One record per key, and nothing refers to what is neither in the file nor published. */
final class ReferenceRules {

    private final CatalogueIndex index;
    private final Consumer<Problem> sink;

    private ReferenceRules(CatalogueIndex index, Consumer<Problem> sink) {
        this.index = index;
        this.sink = sink;
    }

    static void check(Drafts drafts, CatalogueIndex index, Consumer<Problem> sink) {
        new ReferenceRules(index, sink).check(drafts);
    }

    private void check(Drafts drafts) {
        unique(drafts.meters(), meter -> Optional.of(Catalogue.key(meter)), "meterId");
        unique(drafts.plans(), plan -> Optional.of(Catalogue.key(plan)), "planId and version");
        unique(
                drafts.subscriptions(),
                one -> CatalogueIndex.subject(one.getSubject()).map(Subject::text),
                "subject");
        unique(
                drafts.grants(),
                grant -> CatalogueIndex.subject(grant.getSubject())
                        .map(subject -> Keys.grant(subject, grant.getGrantId())),
                "subject and grantId");
        unique(drafts.memberships(), one -> Optional.of(Catalogue.key(one)), "orgId and userId");
        each(drafts.plans(), this::plan);
        each(drafts.subscriptions(), this::subscription);
        each(drafts.grants(), (grant, issues) -> meter(grant.getMeter(), issues));
        each(drafts.memberships(), this::membership);
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
        Optional<Subject> subject = CatalogueIndex.subject(subscription.getSubject());
        for (int i = 0; i < subscription.getPhases().size(); i++) {
            Phase phase = subscription.getPhases().get(i);
            Issues at = issues.item("phases", i);
            if (!index.hasPlan(phase.getPlanId(), phase.getVersion())) {
                at.add("planId", "there is no plan " + Keys.plan(phase.getPlanId(), phase.getVersion()));
            } else {
                subject.ifPresent(payer -> index.plan(phase).ifPresent(plan -> payer(plan, payer.kind(), at)));
            }
        }
    }

    private static void payer(Plan plan, Subject.Kind kind, Issues issues) {
        PayerKind payer = kind == Subject.Kind.ORG ? PayerKind.ORG : PayerKind.USER;
        if (plan.getPayer() != payer && plan.getPayer() != PayerKind.UNKNOWN) {
            issues.add(
                    "planId",
                    "plan " + Catalogue.key(plan) + " is for payer " + plan.getPayer() + ", the subject is " + payer);
        }
    }

    private void membership(Membership membership, Issues issues) {
        if (Ids.problem(membership.getOrgId()).isEmpty()) {
            Subject org = Subject.org(membership.getOrgId());
            if (!index.hasSubscription(org)) {
                issues.add("orgId", "there is no subscription of " + org.text());
            }
        }
    }

    private void limits(List<Limit> limits, String field, Issues issues) {
        for (int i = 0; i < limits.size(); i++) {
            meter(limits.get(i).getMeter(), issues.item(field, i));
        }
    }

    private void meter(String meterId, Issues issues) {
        if (!index.hasMeter(meterId)) {
            issues.add("meter", "there is no meter " + meterId);
        }
    }

    private <T> void unique(Drafts.ListOf<T> list, Function<T, Optional<String>> key, String fields) {
        Map<String, String> firsts = new HashMap<>();
        for (Drafts.Draft<T> draft : list.drafts()) {
            key.apply(draft.value())
                    .map(text -> firsts.putIfAbsent(text, draft.path()))
                    .ifPresent(first -> issues(draft).add("has the " + fields + " of " + first));
        }
    }

    private <T> void each(Drafts.ListOf<T> list, BiConsumer<T, Issues> rules) {
        list.drafts().forEach(draft -> rules.accept(draft.value(), issues(draft)));
    }

    private Issues issues(Drafts.Draft<?> draft) {
        return Issues.at(draft.path(), sink);
    }
}
