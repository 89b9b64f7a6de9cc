package dev.tally.streams.http.auth;

import com.nimbusds.jose.JOSEException;
import com.nimbusds.jose.JWSAlgorithm;
import com.nimbusds.jose.JWSHeader;
import com.nimbusds.jose.JWSSigner;
import com.nimbusds.jose.JWSVerifier;
import com.nimbusds.jose.crypto.MACSigner;
import com.nimbusds.jose.crypto.MACVerifier;
import com.nimbusds.jwt.JWTClaimsSet;
import com.nimbusds.jwt.SignedJWT;
import java.text.ParseException;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.Date;
import java.util.Optional;

/**
 * Short-lived tokens that instances of one installation make and check (HMAC with SHA-256 under a key of the use). They are no bearer tokens: those
 * are never signed so.
 */
final class OwnTokens {

    /** How long a token is valid. */
    static final Duration VALID_FOR = Duration.ofSeconds(30);

    /** How far the clocks of two instances may be apart. */
    static final Duration SKEW = Duration.ofSeconds(10);

    private final String audience;
    private final InstantSource clock;
    private final JWSSigner signer;
    private final JWSVerifier verifier;

    OwnTokens(InstanceSecret secret, String audience, InstantSource clock) {
        this.audience = audience;
        this.clock = clock;
        try {
            this.signer = new MACSigner(secret.key(audience));
            this.verifier = new MACVerifier(secret.key(audience));
        } catch (JOSEException e) {
            throw new IllegalStateException("HMAC with SHA-256 takes a key of 256 bits", e);
        }
    }

    /** Makes a token with these claims, valid from now on. */
    String make(JWTClaimsSet.Builder claims) {
        Instant now = clock.instant();
        SignedJWT jwt = new SignedJWT(
                new JWSHeader(JWSAlgorithm.HS256),
                claims.audience(audience)
                        .issueTime(Date.from(now))
                        .expirationTime(Date.from(now.plus(VALID_FOR)))
                        .build());
        try {
            jwt.sign(signer);
        } catch (JOSEException e) {
            throw new IllegalStateException("HMAC with SHA-256 signs anything", e);
        }
        return jwt.serialize();
    }

    /** The claims of a token that is valid now. */
    Optional<JWTClaimsSet> check(String token) {
        try {
            SignedJWT jwt = SignedJWT.parse(token);
            if (!JWSAlgorithm.HS256.equals(jwt.getHeader().getAlgorithm()) || !jwt.verify(verifier)) {
                return Optional.empty();
            }
            JWTClaimsSet claims = jwt.getJWTClaimsSet();
            Instant now = clock.instant();
            boolean valid = claims.getAudience().contains(audience)
                    && claims.getExpirationTime() != null
                    && now.minus(SKEW).isBefore(claims.getExpirationTime().toInstant())
                    && claims.getIssueTime() != null
                    && !now.plus(SKEW).isBefore(claims.getIssueTime().toInstant());
            return valid ? Optional.of(claims) : Optional.empty();
        } catch (ParseException | JOSEException | RuntimeException e) {
            // Whatever made-up text leads to.
            return Optional.empty();
        }
    }
}
