package dev.tally.streams.http.auth;

import com.nimbusds.jwt.JWTClaimsSet;
import dev.tally.keys.Subject;
import java.text.ParseException;
import java.time.Instant;
import java.time.InstantSource;
import java.time.temporal.ChronoUnit;
import java.util.Date;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/**
 * Tickets for streams. A browser's {@code EventSource} cannot send a token, and a token must not stand in a URL, which is logged and kept in many
 * places. A ticket may: it opens the stream of one subject, once, within half a minute.
 *
 * <p>It is a signed text that each instance can check; what was used is remembered by each for itself. So a ticket is good once at each instance: who
 * reads it on its way in that half minute can open this one subject's stream at another instance, and nothing else.
 */
public final class StreamTickets {

    private static final int REMEMBERED_AT_MOST = 100_000;
    private static final String UNTIL = "until";

    private final OwnTokens tokens;
    private final InstantSource clock;

    /** Tickets that were used, with the time from which they are invalid anyway; oldest first, nearly. */
    private final Map<String, Instant> used = new LinkedHashMap<>();

    /** Tickets that are good at all instances that share a secret. */
    public StreamTickets(InstanceSecret secret, InstantSource clock) {
        this.tokens = new OwnTokens(secret, "tally-stream", clock);
        this.clock = clock;
    }

    /**
     * A ticket.
     *
     * @param text what {@code ?ticket=} takes
     * @param expiresAt until when it is to be used
     */
    public record Ticket(String text, Instant expiresAt) {}

    /** A ticket for the stream of a subject, which must not go on after the token of the caller has expired. */
    public Ticket issue(Subject subject, Caller caller) {
        JWTClaimsSet.Builder claims = new JWTClaimsSet.Builder()
                .subject(subject.text())
                .jwtID(UUID.randomUUID().toString());
        Instant until = caller.expiresAt();
        if (until != null) {
            claims.claim(UNTIL, until.getEpochSecond());
        }
        Instant now = clock.instant().truncatedTo(ChronoUnit.SECONDS);
        return new Ticket(tokens.make(claims), now.plus(OwnTokens.VALID_FOR));
    }

    /** Takes a ticket for the stream of a subject: who it lets in, which is empty where the ticket is of no use (any more) or for another subject. */
    public Optional<Caller> redeem(String ticket, Subject subject) {
        Optional<JWTClaimsSet> checked = tokens.check(ticket);
        if (checked.isEmpty()) {
            return Optional.empty();
        }
        JWTClaimsSet claims = checked.get();
        String id = claims.getJWTID();
        if (id == null || !subject.text().equals(claims.getSubject()) || !use(id, claims.getExpirationTime())) {
            return Optional.empty();
        }
        boolean ofUser = subject.kind() == Subject.Kind.USER;
        return Optional.of(new Caller(
                Digests.of("ticket " + id),
                Set.of(Scope.USAGE_READ),
                ofUser ? subject.id() : null,
                ofUser ? null : subject.id(),
                until(claims)));
    }

    private static @Nullable Instant until(JWTClaimsSet claims) {
        try {
            Long seconds = claims.getLongClaim(UNTIL);
            return seconds == null ? null : Instant.ofEpochSecond(seconds);
        } catch (ParseException e) {
            throw new IllegalStateException("we wrote a number", e);
        }
    }

    /** Whether a ticket was not used before. Where more are remembered than there is room for, none is taken: nothing is forgotten too early. */
    private synchronized boolean use(String id, Date expiresAt) {
        Instant now = clock.instant();
        Iterator<Instant> oldest = used.values().iterator();
        while (oldest.hasNext() && oldest.next().isBefore(now)) {
            oldest.remove();
        }
        return used.size() < REMEMBERED_AT_MOST
                && used.putIfAbsent(id, expiresAt.toInstant().plus(OwnTokens.SKEW)) == null;
    }
}
