package dev.tally.schemas.catalogue;

import dev.tally.schemas.Grant;
import dev.tally.schemas.Membership;
import dev.tally.schemas.Meter;
import dev.tally.schemas.Plan;
import dev.tally.schemas.Subscription;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;

/**
 * Records with the path each was found at. {@code brokenMeters} and {@code brokenPlans} are keys of records that could not be read,
 * so that what refers to them is not reported too.
 */
record Drafts(
        List<Draft<Meter>> meters,
        List<Draft<Plan>> plans,
        List<Draft<Subscription>> subscriptions,
        List<Draft<Grant>> grants,
        List<Draft<Membership>> memberships,
        Set<String> brokenMeters,
        Set<String> brokenPlans) {

    record Draft<T>(T value, String path) {}

    static Drafts empty() {
        return new Drafts(
                new ArrayList<>(),
                new ArrayList<>(),
                new ArrayList<>(),
                new ArrayList<>(),
                new ArrayList<>(),
                new HashSet<>(),
                new HashSet<>());
    }

    static Drafts of(Catalogue catalogue) {
        return new Drafts(
                drafts(catalogue.meters(), "meters"),
                drafts(catalogue.plans(), "plans"),
                drafts(catalogue.subscriptions(), "subscriptions"),
                drafts(catalogue.grants(), "grants"),
                drafts(catalogue.memberships(), "memberships"),
                Set.of(),
                Set.of());
    }

    Catalogue catalogue() {
        return new Catalogue(values(meters), values(plans), values(subscriptions), values(grants), values(memberships));
    }

    private static <T> List<Draft<T>> drafts(List<T> values, String field) {
        List<Draft<T>> drafts = new ArrayList<>();
        for (T value : values) {
            drafts.add(new Draft<>(value, field + "[" + drafts.size() + "]"));
        }
        return drafts;
    }

    private static <T> List<T> values(List<Draft<T>> drafts) {
        return drafts.stream().map(Draft::value).toList();
    }
}
