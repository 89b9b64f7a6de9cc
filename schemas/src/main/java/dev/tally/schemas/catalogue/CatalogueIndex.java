package dev.tally.schemas.catalogue;

import dev.tally.keys.Keys;
import dev.tally.keys.Subject;
import dev.tally.schemas.Grant;
import dev.tally.schemas.Meter;
import dev.tally.schemas.Phase;
import dev.tally.schemas.Plan;
import dev.tally.schemas.Subscription;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.function.Function;

/** What there will be once a file is published: its own records, and the published ones that it does not replace. */
final class CatalogueIndex {

    private final Map<String, Meter> meters = new HashMap<>();
    private final Map<String, Plan> plans = new HashMap<>();
    private final Map<String, Subscription> subscriptions = new HashMap<>();
    private final Map<String, List<Grant>> publishedGrants = new HashMap<>();
    private final Set<String> partialMeters = new HashSet<>();
    private final Set<String> partialPlans = new HashSet<>();
    private final Set<String> partialSubscriptions = new HashSet<>();
    private final boolean isAnyMeterUnnamed;
    private final boolean isAnyPlanUnnamed;
    private final boolean isAnySubscriptionUnnamed;

    CatalogueIndex(Drafts drafts, Catalogue published) {
        published.meters().forEach(meter -> meters.put(Catalogue.key(meter), meter));
        published.plans().forEach(plan -> plans.put(Catalogue.key(plan), plan));
        published.subscriptions().forEach(one -> subscriptions.put(one.getSubject(), one));
        replace(drafts.meters(), meters, Catalogue::key, partialMeters, Meter::getMeterId);
        replace(drafts.plans(), plans, Catalogue::key, partialPlans, Plan::getPlanId);
        replace(
                drafts.subscriptions(),
                subscriptions,
                Subscription::getSubject,
                partialSubscriptions,
                Subscription::getSubject);
        isAnyMeterUnnamed = isAnyUnnamed(drafts.meters(), Meter::getMeterId);
        isAnyPlanUnnamed = isAnyUnnamed(drafts.plans(), Plan::getPlanId);
        isAnySubscriptionUnnamed = isAnyUnnamed(drafts.subscriptions(), Subscription::getSubject);
        Set<String> inFile = new HashSet<>();
        drafts.grants().drafts().forEach(draft -> inFile.add(grantKey(draft.value())));
        for (Grant grant : published.grants()) {
            if (!inFile.contains(grantKey(grant))) {
                publishedGrants
                        .computeIfAbsent(grant.getSubject(), any -> new ArrayList<>())
                        .add(grant);
            }
        }
    }

    /** What is partial is known by its name only; of a plan not even the version is sure. */
    private static <T> void replace(
            Drafts.ListOf<T> drafts,
            Map<String, T> byKey,
            Function<T, String> key,
            Set<String> partial,
            Function<T, String> name) {
        for (Drafts.Draft<T> draft : drafts.drafts()) {
            if (draft.isPartial()) {
                byKey.remove(key.apply(draft.value()));
                partial.add(name.apply(draft.value()));
            } else {
                byKey.put(key.apply(draft.value()), draft.value());
            }
        }
    }

    /** Grants are compared by it only; unlike a key it needs no valid subject. */
    private static String grantKey(Grant grant) {
        return grant.getSubject() + "/" + grant.getGrantId();
    }

    /** The subject of a text; empty where it is none, which is a problem of its own. */
    static Optional<Subject> subject(String text) {
        try {
            return Optional.of(Subject.parse(text));
        } catch (IllegalArgumentException e) {
            return Optional.empty();
        }
    }

    boolean hasMeter(String meterId) {
        return meters.containsKey(meterId) || partialMeters.contains(meterId) || isAnyMeterUnnamed;
    }

    /** Meters that are wholly known, by meterId. */
    Map<String, Meter> meters() {
        return meters;
    }

    boolean hasPlan(String planId, int version) {
        return plans.containsKey(Keys.plan(planId, version)) || partialPlans.contains(planId) || isAnyPlanUnnamed;
    }

    /** A plan that is wholly known. */
    Optional<Plan> plan(Phase phase) {
        return partialPlans.contains(phase.getPlanId())
                ? Optional.empty()
                : Optional.ofNullable(plans.get(Keys.plan(phase.getPlanId(), phase.getVersion())));
    }

    /** The plans of all phases, in their order; empty where one of them is not wholly known. */
    List<Plan> plans(Subscription subscription) {
        List<Plan> all = new ArrayList<>();
        for (Phase phase : subscription.getPhases()) {
            Optional<Plan> plan = plan(phase);
            if (plan.isEmpty()) {
                return List.of();
            }
            all.add(plan.get());
        }
        return all;
    }

    boolean hasSubscription(Subject subject) {
        return subscriptions.containsKey(subject.text())
                || partialSubscriptions.contains(subject.text())
                || isAnySubscriptionUnnamed;
    }

    /** A subscription that is wholly known. */
    Optional<Subscription> subscription(String subject) {
        return Optional.ofNullable(subscriptions.get(subject));
    }

    /** Grants of a subject that are published and not in the file. */
    List<Grant> publishedGrants(String subject) {
        return publishedGrants.getOrDefault(subject, List.of());
    }

    /** Whether an item is there whose name could not be read: it may be the one that is looked for. */
    private static <T> boolean isAnyUnnamed(Drafts.ListOf<T> list, Function<T, String> name) {
        return list.isIncomplete()
                || list.drafts().stream()
                        .anyMatch(draft ->
                                draft.isPartial() && name.apply(draft.value()).isEmpty());
    }
}
