package dev.tally.schemas.catalogue;

import dev.tally.schemas.Grant;
import dev.tally.schemas.Membership;
import dev.tally.schemas.Meter;
import dev.tally.schemas.Plan;
import dev.tally.schemas.Subscription;
import java.util.ArrayList;
import java.util.List;

/** The records of a catalogue as they were found, some of them perhaps only in part. */
record Drafts(
        ListOf<Meter> meters,
        ListOf<Plan> plans,
        ListOf<Subscription> subscriptions,
        ListOf<Grant> grants,
        ListOf<Membership> memberships) {

    /**
     * A record and where it was found.
     *
     * @param path e.g. {@code plans[2]}
     * @param isPartial whether some of its values could not be read and are stand-ins: nothing may be concluded from them
     */
    record Draft<T>(T value, String path, boolean isPartial) {}

    /** The records of one kind. */
    static final class ListOf<T> {
        private final List<Draft<T>> drafts = new ArrayList<>();
        private boolean incomplete;

        void add(Draft<T> draft) {
            drafts.add(draft);
        }

        /** Says that there are items whose content is not known at all. */
        void markIncomplete() {
            incomplete = true;
        }

        boolean isIncomplete() {
            return incomplete;
        }

        List<Draft<T>> drafts() {
            return drafts;
        }

        private List<T> values() {
            return drafts.stream().map(Draft::value).toList();
        }
    }

    static Drafts empty() {
        return new Drafts(new ListOf<>(), new ListOf<>(), new ListOf<>(), new ListOf<>(), new ListOf<>());
    }

    static Drafts of(Catalogue catalogue) {
        return new Drafts(
                drafts(catalogue.meters(), "meters"),
                drafts(catalogue.plans(), "plans"),
                drafts(catalogue.subscriptions(), "subscriptions"),
                drafts(catalogue.grants(), "grants"),
                drafts(catalogue.memberships(), "memberships"));
    }

    Catalogue catalogue() {
        return new Catalogue(
                meters.values(), plans.values(), subscriptions.values(), grants.values(), memberships.values());
    }

    private static <T> ListOf<T> drafts(List<T> values, String field) {
        ListOf<T> list = new ListOf<>();
        for (T value : values) {
            list.add(new Draft<>(value, field + "[" + list.drafts().size() + "]", false));
        }
        return list;
    }
}
