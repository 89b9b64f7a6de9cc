package dev.tally.streams.http.auth;

import com.nimbusds.jose.JOSEException;
import com.nimbusds.jose.JOSEObjectType;
import com.nimbusds.jose.JWSAlgorithm;
import com.nimbusds.jose.JWSHeader;
import com.nimbusds.jose.JWSVerifier;
import com.nimbusds.jwt.JWTClaimsSet;
import com.nimbusds.jwt.SignedJWT;
import dev.tally.keys.Ids;
import java.text.ParseException;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.Date;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * Checks the tokens that callers carry: JSON Web Tokens (RFC 7519), signed by the issuer's keys, by the advice of RFC 8725. The algorithm is one of
 * three, and the kind of key decides which; so neither {@code none} nor a signature made with a public key as a secret is ever looked at.
 */
public final class BearerTokens {

    /** How far the clocks of issuer and instance may be apart. */
    static final Duration SKEW = Duration.ofSeconds(60);

    private static final int MAX_LENGTH = 16 * 1024;
    private static final int SIGNERS_REMEMBERED = 10_000;
    private static final Set<JWSAlgorithm> ALGORITHMS =
            Set.of(JWSAlgorithm.RS256, JWSAlgorithm.ES256, JWSAlgorithm.EdDSA);

    /** Those of RFC 7519 and of RFC 9068, which takes its own with and without {@code application/}. */
    private static final Set<JOSEObjectType> TYPES =
            Set.of(JOSEObjectType.JWT, new JOSEObjectType("at+jwt"), new JOSEObjectType("application/at+jwt"));

    private final SigningKeys keys;
    private final String issuer;
    private final String audience;
    private final InstantSource clock;

    /**
     * By digest of a token, the key that it was found to be signed by: checking a signature takes longer than all else. Claims and times are
     * looked at each time, and a key that is read anew is another one.
     */
    private final Map<String, JWSVerifier> signers = Collections.synchronizedMap(new Recent<>(SIGNERS_REMEMBERED));

    /**
     * Tokens of one issuer.
     *
     * @param issuer claim {@code iss} that a token must have
     * @param audience must be in the claim {@code aud}
     */
    public BearerTokens(SigningKeys keys, String issuer, String audience, InstantSource clock) {
        this.keys = keys;
        this.issuer = issuer;
        this.audience = audience;
        this.clock = clock;
    }

    /** What a token is worth. */
    public sealed interface Checked {

        /** It is valid and tells who calls. */
        record Valid(Caller caller) implements Checked {}

        /** It is not valid; why is nobody's business. */
        record Invalid() implements Checked {}

        /** The keys to check it with cannot be had before so long. */
        record KeysAway(Duration retryAfter) implements Checked {}
    }

    /** Checks a token. */
    public Checked check(String token) {
        try {
            if (token.length() > MAX_LENGTH) {
                return new Checked.Invalid();
            }
            SignedJWT jwt = SignedJWT.parse(token);
            if (!isWellFormed(jwt.getHeader())) {
                return new Checked.Invalid();
            }
            return switch (keys.lookup(jwt.getHeader())) {
                case SigningKeys.Lookup.Away(Duration retryAfter) -> new Checked.KeysAway(retryAfter);
                case SigningKeys.Lookup.Unknown() -> new Checked.Invalid();
                case SigningKeys.Lookup.Candidates(List<JWSVerifier> verifiers) ->
                    isSigned(token, jwt, verifiers) ? caller(token, jwt.getJWTClaimsSet()) : new Checked.Invalid();
            };
        } catch (ParseException | JOSEException | RuntimeException e) {
            // Whatever made-up text leads to: what is wrong is not told, and not logged, since messages repeat parts of
            // the token.
            return new Checked.Invalid();
        }
    }

    private static boolean isWellFormed(JWSHeader header) {
        return ALGORITHMS.contains(header.getAlgorithm())
                && (header.getType() == null || TYPES.contains(header.getType()))
                // Extensions that must be understood (RFC 7515 section 4.1.11): there are none here.
                && header.getCriticalParams() == null;
    }

    private boolean isSigned(String token, SignedJWT jwt, List<JWSVerifier> verifiers) throws JOSEException {
        String digest = Digests.of(token);
        JWSVerifier known = signers.get(digest);
        if (known != null && verifiers.contains(known)) {
            return true;
        }
        for (JWSVerifier verifier : verifiers) {
            if (jwt.verify(verifier)) {
                signers.put(digest, verifier);
                return true;
            }
        }
        return false;
    }

    private Checked caller(String token, JWTClaimsSet claims) throws ParseException {
        Instant now = clock.instant();
        Date expires = claims.getExpirationTime();
        Date notBefore = claims.getNotBeforeTime();
        if (!issuer.equals(claims.getIssuer())
                || !claims.getAudience().contains(audience)
                || expires == null
                || !now.minus(SKEW).isBefore(expires.toInstant())
                || (notBefore != null && now.plus(SKEW).isBefore(notBefore.toInstant()))) {
            return new Checked.Invalid();
        }
        return new Checked.Valid(new Caller(
                Digests.of(identity(token, claims)),
                Scope.among(scopes(claims)),
                narrowing(claims, "user"),
                narrowing(claims, "org"),
                expires.toInstant()));
    }

    /** What stays the same from token to token of one caller, where the issuer names it. */
    private static String identity(String token, JWTClaimsSet claims) {
        if (claims.getSubject() != null) {
            return "sub " + claims.getSubject();
        }
        return claims.getJWTID() != null ? "jti " + claims.getJWTID() : "token " + token;
    }

    /** Both forms that issuers use: one text with spaces (RFC 8693 section 4.2), or a list. */
    private static List<String> scopes(JWTClaimsSet claims) throws ParseException {
        List<String> names = new ArrayList<>();
        for (String claim : List.of("scope", "scp")) {
            if (claims.getClaim(claim) instanceof String text) {
                names.addAll(Arrays.asList(text.split(" ")));
            } else if (claims.getClaim(claim) != null) {
                names.addAll(claims.getStringListClaim(claim));
            }
        }
        return names;
    }

    /** A claim that narrows. What is there and cannot be understood must not be taken for nothing: the token would see more, not less. */
    private static @Nullable String narrowing(JWTClaimsSet claims, String name) throws ParseException {
        if (!claims.getClaims().containsKey(name)) {
            return null;
        }
        if (claims.getClaim(name) instanceof String id && Ids.problem(id).isEmpty()) {
            return id;
        }
        throw new ParseException(name, 0);
    }
}
