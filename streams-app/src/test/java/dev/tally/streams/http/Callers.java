package dev.tally.streams.http;

import com.nimbusds.jose.JOSEException;
import com.nimbusds.jose.JWSAlgorithm;
import com.nimbusds.jose.JWSHeader;
import com.nimbusds.jose.crypto.MACSigner;
import com.nimbusds.jwt.JWTClaimsSet;
import com.nimbusds.jwt.PlainJWT;
import dev.tally.keys.Subject;
import dev.tally.streams.http.auth.BearerTokens;
import dev.tally.streams.http.auth.Caller;
import dev.tally.streams.http.auth.InstanceCredentials;
import dev.tally.streams.http.auth.InstanceSecret;
import dev.tally.streams.http.auth.Issuer;
import dev.tally.streams.http.auth.RateLimit;
import dev.tally.streams.http.auth.SigningKeys;
import dev.tally.streams.http.auth.StreamTickets;
import java.time.InstantSource;
import java.util.Date;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;

/** Who calls in tests, each by what stands in the header Authorization. */
final class Callers {

    static final InstanceSecret SECRET = InstanceSecret.of("0123456789abcdef0123456789abcdef");
    static final InstantSource CLOCK = () -> ServedApi.NOW;

    /** It is let in where instances ask each other, and nowhere else. */
    static final String ANOTHER_INSTANCE = "another instance";

    private static final List<JWSAlgorithm> ALGORITHMS =
            List.of(JWSAlgorithm.RS256, JWSAlgorithm.ES256, JWSAlgorithm.EdDSA);

    private Callers() {}

    /** Rules that ask for the issuer's tokens. */
    static Security jwt(int callsPerSecond) {
        return new Security(
                Optional.of(new BearerTokens(
                        new SigningKeys(Issuer.ONE::jwks, CLOCK, Runnable::run), Issuer.NAME, Issuer.AUDIENCE, CLOCK)),
                InstanceCredentials.sharing(SECRET, CLOCK),
                new StreamTickets(SECRET, CLOCK),
                new RateLimit(callsPerSecond, CLOCK),
                Optional.empty(),
                false,
                Set.of(),
                Optional.empty());
    }

    /** A valid token with these scopes, narrowed by these claims: each {@code user=…} or {@code org=…}. */
    static String with(String scopes, String... narrowing) {
        JWTClaimsSet.Builder claims = Issuer.claims(ServedApi.NOW, scopes);
        for (String claim : narrowing) {
            claims.claim(claim.replaceFirst("=.*", ""), claim.replaceFirst(".*=", ""));
        }
        // Each algorithm in its turn, always the same for the same token.
        JWSAlgorithm algorithm = ALGORITHMS.get(Math.floorMod(scopes.length() + narrowing.length, ALGORITHMS.size()));
        return "Bearer " + Issuer.ONE.token(algorithm, claims);
    }

    /** What must let nobody in, anywhere. */
    static Map<String, String> withoutAValidToken() {
        Map<String, String> callers = new LinkedHashMap<>();
        callers.put("garbage", "Bearer garbage");
        callers.put("a token cut short", with("admin").substring(0, 100));
        callers.put("no token", "Bearer");
        callers.put("other scheme", "Basic dTpw");
        callers.put("two in one", with("admin") + ", " + with("admin"));
        callers.put("expired", bearer(claims().expirationTime(Date.from(ServedApi.NOW.minusSeconds(61)))));
        callers.put("without expiry", bearer(claims().expirationTime(null)));
        callers.put("not yet valid", bearer(claims().notBeforeTime(Date.from(ServedApi.NOW.plusSeconds(62)))));
        callers.put("of another issuer", bearer(claims().issuer("https://other.example")));
        callers.put("for another audience", bearer(claims().audience("other")));
        callers.put("narrowed to nothing that makes sense", bearer(claims().claim("org", List.of("o1", "o2"))));
        callers.put("alg none", "Bearer " + new PlainJWT(claims().build()).serialize());
        callers.put("HS256 by the public key", "Bearer " + byPublicKey());
        for (JWSAlgorithm algorithm : ALGORITHMS) {
            callers.put(algorithm + " by another key", "Bearer " + Issuer.IMPOSTOR.token(algorithm, claims()));
        }
        callers.put(
                "a ticket",
                "Bearer "
                        + new StreamTickets(SECRET, CLOCK)
                                .issue(Subject.user("u1"), Caller.ANYBODY)
                                .text());
        callers.put(ANOTHER_INSTANCE, instance());
        return callers;
    }

    /** What another instance shows. */
    static String instance() {
        return Objects.requireNonNull(
                InstanceCredentials.sharing(SECRET, CLOCK).headers().get("Authorization"));
    }

    private static String byPublicKey() {
        try {
            return Issuer.signed(
                    new JWSHeader.Builder(JWSAlgorithm.HS256).keyID("rsa").build(),
                    claims().build(),
                    new MACSigner(Issuer.ONE.rsa.toRSAPublicKey().getEncoded()));
        } catch (JOSEException e) {
            throw new IllegalStateException(e);
        }
    }

    private static JWTClaimsSet.Builder claims() {
        return Issuer.claims(ServedApi.NOW, "usage:read", "admission:write", "admin");
    }

    private static String bearer(JWTClaimsSet.Builder claims) {
        return "Bearer " + Issuer.ONE.token(JWSAlgorithm.ES256, claims);
    }
}
