package dev.tally.schemas.catalogue;

import dev.tally.schemas.Grant;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Consumer;
import java.util.function.Function;

/** What is published once and for all: usage was rated by it, so it never changes. */
final class PublishedRules {

    /** What is said of a plan version that is published with other content. */
    static final String PLAN_CHANGED = "is published with other content; a version never changes, use the next one";

    /** What is said of a grant that is published with other content. */
    static final String GRANT_CHANGED =
            "is published with other content; a grant never changes, use another grantId for a further one";

    private PublishedRules() {}

    static void check(Drafts drafts, Catalogue published, Consumer<Problem> sink) {
        unchanged(
                drafts.plans(),
                published.plans(),
                plan -> Optional.of(Catalogue.key(plan)),
                draft -> at(draft, sink).add("version", PLAN_CHANGED));
        unchanged(
                drafts.grants(),
                published.grants(),
                PublishedRules::key,
                draft -> at(draft, sink).add("grantId", GRANT_CHANGED));
    }

    private static <T> void unchanged(
            Drafts.ListOf<T> drafts,
            List<T> published,
            Function<T, Optional<String>> key,
            Consumer<Drafts.Draft<T>> changed) {
        Map<String, T> byKey = new HashMap<>();
        published.forEach(one -> key.apply(one).ifPresent(text -> byKey.put(text, one)));
        for (Drafts.Draft<T> draft : drafts.drafts()) {
            T before = key.apply(draft.value()).map(byKey::get).orElse(null);
            if (before != null && !draft.isPartial() && !before.equals(draft.value())) {
                changed.accept(draft);
            }
        }
    }

    private static Optional<String> key(Grant grant) {
        return CatalogueIndex.subject(grant.getSubject()).map(subject -> Catalogue.key(grant));
    }

    private static Issues at(Drafts.Draft<?> draft, Consumer<Problem> sink) {
        return Issues.at(draft.path(), sink);
    }
}
