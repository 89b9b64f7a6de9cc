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
 * Per record: {@code problems(...)}, each {@code field: message}; for a whole catalogue, besides, what its records are together:
 * {@link #check}. A record on a topic is judged by itself alone, whatever else is there or is still to come.
 */
public final class CatalogueRules {

    private CatalogueRules() {}

    /** Every problem of a whole catalogue: of each record, and of what they are together. */
    public static List<Problem> check(Catalogue catalogue) {
        return check(catalogue, Catalogue.EMPTY);
    }

    /**
     * Every problem of a catalogue that is to be published beside what is published already.
     *
     * @param published references may lead there; plan versions and grants there never change
     */
    public static List<Problem> check(Catalogue catalogue, Catalogue published) {
        List<Problem> problems = new ArrayList<>();
        Drafts drafts = Drafts.of(catalogue);
        check(drafts, published, problems::add);
        PublishedRules.check(drafts, published, problems::add);
        return problems;
    }

    static void check(Drafts drafts, Catalogue published, Consumer<Problem> sink) {
        each(drafts.meters(), MeterRules::check, sink);
        each(drafts.plans(), PlanRules::check, sink);
        each(drafts.subscriptions(), SubscriptionRules::check, sink);
        each(drafts.grants(), GrantRules::check, sink);
        each(drafts.memberships(), MembershipRules::check, sink);
        CatalogueIndex index = new CatalogueIndex(drafts, published);
        ReferenceRules.check(drafts, index, sink);
        CombinationRules.check(drafts, index, sink);
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
        return Issues.collect(issues -> GrantRules.check(grant, issues));
    }

    /** What is wrong with one membership taken by itself. */
    public static List<String> problems(Membership membership) {
        return Issues.collect(issues -> MembershipRules.check(membership, issues));
    }

    private static <T> void each(Drafts.ListOf<T> list, BiConsumer<T, Issues> rules, Consumer<Problem> sink) {
        list.drafts().forEach(draft -> rules.accept(draft.value(), Issues.at(draft.path(), sink)));
    }
}
