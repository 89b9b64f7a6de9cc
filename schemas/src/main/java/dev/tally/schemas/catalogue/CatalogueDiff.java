package dev.tally.schemas.catalogue;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.function.Function;
import org.apache.avro.specific.SpecificRecord;
import org.jspecify.annotations.Nullable;

/**
 * How a catalogue differs from the published one.
 *
 * @param entries in the order of publishing, in which nothing refers to what comes later: meters, plans, memberships, grants, subscriptions
 */
public record CatalogueDiff(List<Entry> entries) {

    /** What differs. */
    public enum Kind {
        /** Not published yet. */
        ADDED,
        /** Published with other content. */
        CHANGED,
        /** Published with other content, though it never changes: a plan version or a grant. */
        CONFLICT,
        /** Published, and not in the catalogue. */
        ONLY_PUBLISHED
    }

    /**
     * A record that differs.
     *
     * @param list the list of the file it belongs to, which is also the name of its topic without prefix
     * @param key its record key
     * @param published as it is published; null if it is not
     * @param wanted as the catalogue has it; null if it has not
     */
    public record Entry(
            Kind kind,
            String list,
            String key,
            @Nullable SpecificRecord published,
            @Nullable SpecificRecord wanted) {

        /** The fields that differ between a published record and the wanted one. */
        public List<FieldDifference> fields() {
            return published == null || wanted == null ? List.of() : FieldDifference.between(published, wanted);
        }

        /** The record to publish; empty where there is nothing to publish. */
        public Optional<SpecificRecord> toPublish() {
            return Optional.ofNullable(wanted);
        }

        /** Why it must not be published; empty unless it is a conflict. */
        public Optional<String> conflict() {
            if (kind != Kind.CONFLICT) {
                return Optional.empty();
            }
            return Optional.of(list.equals("grants") ? PublishedRules.GRANT_CHANGED : PublishedRules.PLAN_CHANGED);
        }
    }

    public CatalogueDiff {
        entries = List.copyOf(entries);
    }

    /**
     * Compares. What is published and not in the catalogue is told only of lists that the catalogue has anything of: a file of plans says
     * nothing about subscriptions.
     */
    public static CatalogueDiff between(Catalogue wanted, Catalogue published) {
        List<Entry> entries = new ArrayList<>();
        add(entries, "meters", wanted.meters(), published.meters(), Catalogue::key, Kind.CHANGED);
        add(entries, "plans", wanted.plans(), published.plans(), Catalogue::key, Kind.CONFLICT);
        add(entries, "memberships", wanted.memberships(), published.memberships(), Catalogue::key, Kind.CHANGED);
        add(entries, "grants", wanted.grants(), published.grants(), Catalogue::key, Kind.CONFLICT);
        add(entries, "subscriptions", wanted.subscriptions(), published.subscriptions(), Catalogue::key, Kind.CHANGED);
        return new CatalogueDiff(entries);
    }

    private static <T extends SpecificRecord> void add(
            List<Entry> entries,
            String list,
            List<T> wanted,
            List<T> published,
            Function<T, String> key,
            Kind otherContent) {
        Map<String, T> left = new LinkedHashMap<>();
        published.forEach(one -> left.put(key.apply(one), one));
        for (T one : wanted) {
            T before = left.remove(key.apply(one));
            if (before == null) {
                entries.add(new Entry(Kind.ADDED, list, key.apply(one), null, one));
            } else if (!Objects.equals(before, one)) {
                entries.add(new Entry(otherContent, list, key.apply(one), before, one));
            }
        }
        if (!wanted.isEmpty()) {
            left.forEach((one, before) -> entries.add(new Entry(Kind.ONLY_PUBLISHED, list, one, before, null)));
        }
    }

    /** What is not published as the catalogue has it. */
    public List<Entry> toPublish() {
        return entries.stream()
                .filter(entry -> entry.kind() != Kind.ONLY_PUBLISHED)
                .toList();
    }

    /** How many records differ in a way. */
    public long count(Kind kind) {
        return entries.stream().filter(entry -> entry.kind() == kind).count();
    }
}
