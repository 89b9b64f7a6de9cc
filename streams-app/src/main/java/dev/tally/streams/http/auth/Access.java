package dev.tally.streams.http.auth;

import java.util.Optional;
import org.jspecify.annotations.Nullable;

/** What a route asks of its callers, declared beside the route. Without authentication ({@code auth=none}, {@code behind-proxy}) all but {@link #INSTANCE} is open. */
public enum Access {

    /** Anybody: it tells nothing about any subject. */
    OPEN(null),

    /** {@code usage:read}, for the subject that the path names. */
    READ(Scope.USAGE_READ),

    /** As {@link #READ}; a ticket for the subject does too. */
    STREAM(Scope.USAGE_READ),

    /** {@code usage:read}; the route itself checks the subject, which the body names. */
    TICKET(Scope.USAGE_READ),

    /** {@code admission:write}; the route itself checks whose action it is. */
    ADMISSION(Scope.ADMISSION_WRITE),

    /** {@code admin}, in a token that is not narrowed to a user or an org. */
    ADMIN(Scope.ADMIN),

    /** As {@link #ADMIN}, unless {@code auth.metrics} opens it; never counted by the rate limit. */
    METRICS(Scope.ADMIN),

    /** Another instance of the same installation, and nobody else. */
    INSTANCE(null);

    private final @Nullable Scope scope;

    Access(@Nullable Scope scope) {
        this.scope = scope;
    }

    /** The scope that a token must have. */
    public Optional<Scope> scope() {
        return Optional.ofNullable(scope);
    }
}
