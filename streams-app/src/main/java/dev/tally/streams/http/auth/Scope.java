package dev.tally.streams.http.auth;

import java.util.Collection;
import java.util.EnumSet;
import java.util.Set;

/** What a token allows. Names are public contract. */
public enum Scope {

    /** Reads what is kept of users and orgs: usage, limits, billing, facts, alerts, actions. */
    USAGE_READ("usage:read"),

    /** Asks whether actions may run, follows and cancels admissions. */
    ADMISSION_WRITE("admission:write"),

    /** Changes the catalogue and reads what concerns the whole installation; includes the other scopes. */
    ADMIN("admin");

    private final String text;

    Scope(String text) {
        this.text = text;
    }

    /** The name that tokens carry. */
    public String text() {
        return text;
    }

    /** The scopes among these names, with what they include. Others are of other services and mean nothing here. */
    static Set<Scope> among(Collection<String> names) {
        if (names.contains(ADMIN.text)) {
            return EnumSet.allOf(Scope.class);
        }
        Set<Scope> scopes = EnumSet.noneOf(Scope.class);
        for (Scope scope : values()) {
            if (names.contains(scope.text)) {
                scopes.add(scope);
            }
        }
        return scopes;
    }
}
