package dev.tally.streams.http.auth;

import dev.tally.keys.Subject;
import java.time.Instant;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * Who calls, as a token tells it.
 *
 * @param key what the caller is told apart by; a digest, nothing secret
 * @param scopes what the token allows
 * @param user the one user that it is narrowed to, if any
 * @param org the one org that it is narrowed to, if any; with a user too, it covers both of them
 * @param expiresAt when the token is valid no longer; null for never
 */
public record Caller(
        String key,
        Set<Scope> scopes,
        @Nullable String user,
        @Nullable String org,
        @Nullable Instant expiresAt) {

    /** Where nobody is asked for a token. */
    public static final Caller ANYBODY = new Caller("", Set.of(Scope.values()), null, null, null);

    public Caller {
        scopes = Set.copyOf(scopes);
    }

    /** Whether the token is valid no longer, also by a clock that is behind as far as clocks may be. */
    public boolean isOver(Instant now) {
        return expiresAt != null && !now.minus(BearerTokens.SKEW).isBefore(expiresAt);
    }

    /** Whether the token covers only one user, one org, or these two. */
    public boolean isNarrowed() {
        return user != null || org != null;
    }

    /** Whether the token has a scope. */
    public boolean has(Scope scope) {
        return scopes.contains(scope);
    }

    /** Whether the token covers a subject. */
    public boolean sees(Subject subject) {
        return !isNarrowed()
                || switch (subject.kind()) {
                    case USER -> subject.id().equals(user);
                    case ORG -> subject.id().equals(org);
                };
    }

    /**
     * Whether the token covers an action. A user's token covers the actions of that user outside orgs; an org's those in that org, of any
     * user; one of both, those of the user, in that org or outside orgs.
     */
    public boolean actsFor(String actingUser, @Nullable String inOrg) {
        if (user == null) {
            return org == null || org.equals(inOrg);
        }
        return user.equals(actingUser) && (inOrg == null || inOrg.equals(org));
    }

    /** Whether actions that the token covers may be paid by a payer: an org's action is paid by its user where the org has no pooled plan. */
    public boolean mayBePaidBy(Subject payer) {
        return sees(payer) || (payer.kind() == Subject.Kind.USER && user == null);
    }
}
