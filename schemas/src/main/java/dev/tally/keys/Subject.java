package dev.tally.keys;

import java.util.Locale;
import java.util.Objects;

/**
 * Whose usage is counted: a user or an organisation.
 *
 * @param kind user or organisation
 * @param id the id as it is, not percent-encoded
 */
public record Subject(Kind kind, String id) {

    /** The two kinds of subject. */
    public enum Kind {
        USER,
        ORG;

        private final String prefix = name().toLowerCase(Locale.ROOT) + ":";
    }

    /** @throws IllegalArgumentException when the id is empty, too long or has control characters */
    public Subject {
        Objects.requireNonNull(kind, "kind");
        Ids.problem(id).ifPresent(problem -> {
            throw new IllegalArgumentException("the id of a subject " + problem);
        });
    }

    public static Subject user(String id) {
        return new Subject(Kind.USER, id);
    }

    public static Subject org(String id) {
        return new Subject(Kind.ORG, id);
    }

    /**
     * Reads {@code user:<id>} or {@code org:<id>} with a percent-encoded id.
     *
     * @throws IllegalArgumentException naming what is wrong with the text
     */
    public static Subject parse(String text) {
        for (Kind kind : Kind.values()) {
            if (text.startsWith(kind.prefix)) {
                return new Subject(kind, PercentEncoding.decode(text.substring(kind.prefix.length())));
            }
        }
        throw new IllegalArgumentException("a subject is user:<id> or org:<id>, not '" + text + "'");
    }

    /** The one text form of this subject, e.g. {@code user:u%2F1}. */
    public String text() {
        return kind.prefix + PercentEncoding.encode(id);
    }

    @Override
    public String toString() {
        return text();
    }
}
