package dev.tally.schemas.catalogue;

import dev.tally.schemas.Grant;
import dev.tally.schemas.Membership;
import dev.tally.schemas.Meter;
import dev.tally.schemas.Plan;
import dev.tally.schemas.Subscription;
import java.util.ArrayList;
import java.util.List;
import java.util.function.BiConsumer;
import java.util.function.Consumer;

/**
 * The rules a catalogue keeps, for files before anything is sent and for records on the topics, which anybody may have written.
 * Per record: {@code problems(...)}, each {@code field: message}; for a whole catalogue: {@link #check}.
 */
public final class CatalogueRules {

    private CatalogueRules() {}

    /** Every problem of a whole catalogue: of each record, and of the references between them. */
    public static List<Problem> check(Catalogue catalogue) {
        return check(catalogue, Catalogue.EMPTY);
    }

    /**
     * Every problem of a catalogue that adds to an existing one.
     *
     * @param existing what is published; references may lead there, and plan versions there never change
     */
    public static List<Problem> check(Catalogue catalogue, Catalogue existing) {
        List<Problem> problems = new ArrayList<>();
        check(Drafts.of(catalogue), existing, problems::add);
        return problems;
    }

    static void check(Drafts drafts, Catalogue existing, Consumer<Problem> sink) {
        each(drafts.meters(), MeterRules::check, sink);
        each(drafts.plans(), PlanRules::check, sink);
        each(drafts.subscriptions(), SubscriptionRules::check, sink);
        each(drafts.grants(), SubscriptionRules::check, sink);
        each(drafts.memberships(), SubscriptionRules::check, sink);
        ReferenceRules.check(drafts, existing, sink);
    }

    /** What is wrong with one meter taken by itself. */
    public static List<String> problems(Meter meter) {
        return Issues.collect(issues -> MeterRules.check(meter, issues));
    }

    /** What is wrong with one plan taken by itself. */
    public static List<String> problems(Plan plan) {
        return Issues.collect(issues -> PlanRules.check(plan, issues));
    }

    /** What is wrong with one subscription taken by itself. */
    public static List<String> problems(Subscription subscription) {
        return Issues.collect(issues -> SubscriptionRules.check(subscription, issues));
    }

    /** What is wrong with one grant taken by itself. */
    public static List<String> problems(Grant grant) {
        return Issues.collect(issues -> SubscriptionRules.check(grant, issues));
    }

    /** What is wrong with one membership taken by itself. */
    public static List<String> problems(Membership membership) {
        return Issues.collect(issues -> SubscriptionRules.check(membership, issues));
    }

    private static <T> void each(List<Drafts.Draft<T>> drafts, BiConsumer<T, Issues> rules, Consumer<Problem> sink) {
        drafts.forEach(draft -> rules.accept(draft.value(), Issues.at(draft.path(), sink)));
    }
}
