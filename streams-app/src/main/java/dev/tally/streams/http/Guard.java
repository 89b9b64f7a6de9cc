package dev.tally.streams.http;

import dev.tally.keys.Subject;
import dev.tally.streams.http.auth.Access;
import dev.tally.streams.http.auth.BearerTokens;
import dev.tally.streams.http.auth.BearerTokens.Checked;
import dev.tally.streams.http.auth.Caller;
import dev.tally.streams.http.auth.Scope;
import io.javalin.config.EventConfig;
import io.javalin.http.Context;
import io.javalin.http.Handler;
import java.time.Duration;
import java.util.Collections;
import java.util.List;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/** Stands before each route: lets in who may ask it, and answers everybody else the same, whatever is behind it. */
final class Guard {

    /** The parameter of a stream's address that a ticket stands in. */
    static final String TICKET = "ticket";

    private static final String CALLER = "tally.caller";
    private static final String CHALLENGE = "Bearer realm=\"tally\"";
    private static final Pattern BEARER = Pattern.compile("(?i:bearer) +([A-Za-z0-9._~+/-]+=*)");

    private final Security security;

    Guard(Security security) {
        this.security = security;
    }

    /** Who makes a request that a guarded route handles. */
    static Caller caller(Context context) {
        Caller caller = context.attribute(CALLER);
        if (caller == null) {
            throw new IllegalStateException("nobody guards this route");
        }
        return caller;
    }

    /** The route, asked by those only who have access. */
    Handler around(Access access, Handler route) {
        return new Guarded(this, access, route);
    }

    /** From now on a route that no guard stands before is refused, so that a server with one does not start. */
    static void requireGuards(EventConfig events) {
        events.handlerAdded(added -> {
            if (added.getHttpMethod().isHttpMethod() && !(added.getHandler() instanceof Guarded)) {
                throw new IllegalStateException("nobody guards " + added.getHttpMethod() + " " + added.getPath());
            }
        });
    }

    private record Guarded(Guard guard, Access access, Handler route) implements Handler {
        @Override
        public void handle(Context context) throws Exception {
            Optional<Caller> caller = guard.admitted(context, access);
            if (caller.isPresent()) {
                context.attribute(CALLER, caller.get());
                route.handle(context);
            }
        }
    }

    /** Who is let in; where it is nobody, the answer has been written. */
    private Optional<Caller> admitted(Context context, Access access) {
        return switch (access) {
            case OPEN -> Optional.of(Caller.ANYBODY);
            case INSTANCE ->
                security.instances().accepts(token(context).orElse(null))
                        ? Optional.of(Caller.ANYBODY)
                        : unauthenticated(context);
            case METRICS -> security.metricsOpen() ? Optional.of(Caller.ANYBODY) : byToken(context, access);
            case STREAM -> {
                String ticket = Call.parameter(context, TICKET);
                yield ticket == null
                                || security.tokens().isEmpty()
                                || token(context).isPresent()
                        ? byToken(context, access)
                        : byTicket(context, ticket);
            }
            case READ, TICKET, ADMISSION, ADMIN -> byToken(context, access);
        };
    }

    private Optional<Caller> byToken(Context context, Access access) {
        BearerTokens tokens = security.tokens().orElse(null);
        if (tokens == null) {
            return Optional.of(Caller.ANYBODY);
        }
        List<String> headers = authorization(context);
        if (headers.stream().noneMatch(header -> header.regionMatches(true, 0, "bearer", 0, 6))) {
            return unauthenticated(context);
        }
        Optional<String> token = token(context);
        if (token.isEmpty()) {
            return invalid(context);
        }
        return switch (tokens.check(token.get())) {
            case Checked.Invalid() -> invalid(context);
            case Checked.KeysAway(Duration retryAfter) -> {
                Reply.notReady(context, "the keys that tokens are checked with cannot be read", retryAfter);
                yield Optional.empty();
            }
            case Checked.Valid(Caller caller) -> within(context, access, caller);
        };
    }

    private Optional<Caller> within(Context context, Access access, Caller caller) {
        if (access != Access.METRICS) {
            Optional<Duration> wait = security.rateLimit().refusal(caller.key());
            if (wait.isPresent()) {
                Reply.later(context, Problem.rateLimited(), wait.get());
                return Optional.empty();
            }
        }
        Scope scope = access.scope().orElseThrow();
        if (!caller.has(scope)) {
            return refused(
                    context,
                    Problem.scopeMissing(scope.text()),
                    CHALLENGE + ", error=\"insufficient_scope\", scope=\"" + scope.text() + "\"");
        }
        boolean covered = switch (access) {
            case READ, STREAM -> caller.sees(Call.subjectOfPath(context));
            case ADMIN, METRICS -> !caller.isNarrowed();
            case TICKET, ADMISSION, OPEN, INSTANCE -> true;
        };
        if (!covered) {
            return refused(context, Problem.otherSubject(), null);
        }
        return Optional.of(caller);
    }

    private Optional<Caller> byTicket(Context context, String ticket) {
        Subject subject = Call.subjectOfPath(context);
        Optional<Caller> caller = security.tickets().redeem(ticket, subject);
        return caller.isPresent() ? caller : invalid(context);
    }

    /** The one bearer token of a request. Of several none is taken: which of them others have looked at is unknown. */
    private static Optional<String> token(Context context) {
        List<String> headers = authorization(context);
        Matcher bearer = BEARER.matcher(headers.size() == 1 ? headers.get(0) : "");
        return bearer.matches() ? Optional.of(bearer.group(1)) : Optional.empty();
    }

    private static List<String> authorization(Context context) {
        return Collections.list(context.req().getHeaders("Authorization"));
    }

    /** RFC 6750 section 3: who shows no token is told only that one is asked for. */
    private static Optional<Caller> unauthenticated(Context context) {
        return refused(context, Problem.unauthenticated("a bearer token is asked for"), CHALLENGE);
    }

    private static Optional<Caller> invalid(Context context) {
        return refused(
                context, Problem.unauthenticated("the token is not valid"), CHALLENGE + ", error=\"invalid_token\"");
    }

    private static Optional<Caller> refused(Context context, Problem problem, @Nullable String challenge) {
        if (challenge != null) {
            context.header("WWW-Authenticate", challenge);
        }
        Reply.problem(context, problem);
        return Optional.empty();
    }
}
