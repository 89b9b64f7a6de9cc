package dev.tally.streams.http.auth;

import static org.assertj.core.api.Assertions.assertThat;

import com.nimbusds.jose.JOSEException;
import com.nimbusds.jose.JOSEObjectType;
import com.nimbusds.jose.JWSAlgorithm;
import com.nimbusds.jose.JWSHeader;
import com.nimbusds.jose.JWSObject;
import com.nimbusds.jose.Payload;
import com.nimbusds.jose.crypto.MACSigner;
import com.nimbusds.jose.jwk.Curve;
import com.nimbusds.jose.jwk.OctetKeyPair;
import com.nimbusds.jose.util.Base64URL;
import com.nimbusds.jwt.JWTClaimsSet;
import com.nimbusds.jwt.PlainJWT;
import dev.tally.keys.Subject;
import dev.tally.streams.http.auth.BearerTokens.Checked;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.text.ParseException;
import java.time.Instant;
import java.util.Arrays;
import java.util.Date;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.junit.jupiter.api.Test;

class BearerTokensTest {

    private static final Instant NOW = Instant.parse("2026-11-21T12:00:00Z");
    private static final List<JWSAlgorithm> ALGORITHMS =
            List.of(JWSAlgorithm.RS256, JWSAlgorithm.ES256, JWSAlgorithm.EdDSA);

    private final BearerTokens tokens = new BearerTokens(
            new SigningKeys(() -> Issuer.ONE.jwks(), () -> NOW, Runnable::run),
            Issuer.NAME,
            Issuer.AUDIENCE,
            () -> NOW);

    @Test
    void shouldTakeTokensOfEachAlgorithm() {
        for (JWSAlgorithm algorithm : ALGORITHMS) {
            String token = Issuer.ONE.token(algorithm, claims("usage:read", "other:scope"));

            assertThat(tokens.check(token)).isInstanceOfSatisfying(Checked.Valid.class, valid -> {
                assertThat(valid.caller().scopes()).containsExactly(Scope.USAGE_READ);
                assertThat(valid.caller().isNarrowed()).isFalse();
                assertThat(valid.caller().expiresAt()).isEqualTo(NOW.plusSeconds(300));
            });
        }
    }

    @Test
    void shouldCheckSignaturesOfEd25519AsRfc8037Has() throws ParseException, JOSEException {
        // Appendix A.4 and A.2.
        JWSObject example = JWSObject.parse("eyJhbGciOiJFZERTQSJ9.RXhhbXBsZSBvZiBFZDI1NTE5IHNpZ25pbmc."
                + "hgyY0il_MGCjP0JzlnLWG1PPOt7-09PGcvMg3AIbQR6dWbhijcNR4ki4iylGjg5BhVsPt9g7sVvpAr_MuM0KAg");
        OctetKeyPair key = new OctetKeyPair.Builder(
                        Curve.Ed25519, new Base64URL("11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"))
                .build();

        assertThat(example.verify(new Ed25519Verifier(key))).isTrue();
        assertThat(example.verify(new Ed25519Verifier(Issuer.ONE.ed))).isFalse();
    }

    @Test
    void shouldRefuseWhatIsNotSignedByTheIssuersKeyForTheAlgorithm() throws JOSEException, ParseException {
        JWTClaimsSet claims = claims("admin").build();
        // A public key is public: as a secret it must be worth nothing.
        for (byte[] secret : List.of(
                Issuer.ONE.rsa.toRSAPublicKey().getEncoded(),
                Issuer.ONE.rsa.toPublicJWK().toJSONString().getBytes(StandardCharsets.UTF_8))) {
            for (JWSAlgorithm algorithm : List.of(JWSAlgorithm.HS256, JWSAlgorithm.HS384, JWSAlgorithm.HS512)) {
                refused(Issuer.signed(
                        new JWSHeader.Builder(algorithm).keyID("rsa").build(), claims, new MACSigner(secret)));
            }
        }
        refused(new PlainJWT(claims).serialize());
        refused(new PlainJWT(claims).serialize() + Base64URL.encode("x"));
        for (JWSAlgorithm algorithm : ALGORITHMS) {
            String genuine = Issuer.ONE.token(algorithm, claims("admin"));
            String[] parts = genuine.split("\\.", -1);
            refused(Issuer.IMPOSTOR.token(algorithm, claims("admin")));
            refused(parts[0] + "." + parts[1] + ".");
            refused(parts[0] + "." + parts[1]);
            refused(parts[0] + "."
                    + Base64URL.encode(claims("admin").subject("other").build().toString()) + "." + parts[2]);
            refused(parts[0] + "." + parts[1] + "." + Base64URL.encode(new byte[64]));
            // The name of one key, the algorithm of another.
            for (JWSAlgorithm other : ALGORITHMS) {
                if (!other.equals(algorithm)) {
                    JWSHeader header = new JWSHeader.Builder(other)
                            .keyID(JWSHeader.parse(new Base64URL(parts[0])).getKeyID())
                            .build();
                    refused(header.toBase64URL() + "." + parts[1] + "." + parts[2]);
                }
            }
        }
        for (JWSAlgorithm algorithm : List.of(JWSAlgorithm.RS384, JWSAlgorithm.RS512, JWSAlgorithm.PS256)) {
            refused(Issuer.signed(
                    new JWSHeader.Builder(algorithm).keyID("rsa").build(),
                    claims,
                    Issuer.ONE.signer(JWSAlgorithm.RS256)));
        }
    }

    @Test
    void shouldRefuseHeadersItDoesNotUnderstand() {
        refused(header(new JWSHeader.Builder(JWSAlgorithm.RS256)
                .keyID("rsa")
                .criticalParams(Set.of("exp"))
                .customParam("exp", 1)));
        refused(header(new JWSHeader.Builder(JWSAlgorithm.RS256).keyID("rsa").type(new JOSEObjectType("logout+jwt"))));
        refused(header(new JWSHeader.Builder(JWSAlgorithm.RS256).keyID("none")));
        taken(header(new JWSHeader.Builder(JWSAlgorithm.RS256).type(new JOSEObjectType("at+jwt"))));
        taken(header(new JWSHeader.Builder(JWSAlgorithm.RS256).type(new JOSEObjectType("application/at+jwt"))));
        taken(header(new JWSHeader.Builder(JWSAlgorithm.RS256).type(JOSEObjectType.JWT)));
        // Keys that a token brings along are its own affair.
        refused(Issuer.signed(
                new JWSHeader.Builder(JWSAlgorithm.RS256)
                        .jwk(Issuer.IMPOSTOR.rsa.toPublicJWK())
                        .build(),
                claims("admin").build(),
                Issuer.IMPOSTOR.signer(JWSAlgorithm.RS256)));
    }

    @Test
    void shouldAskForIssuerAudienceAndTimes() {
        taken(claims().audience(List.of("other", Issuer.AUDIENCE)));
        refused(claims().audience("other"));
        refused(claims().audience((String) null));
        refused(claims().issuer("https://issuer.example/"));
        refused(claims().issuer(null));
        refused(claims().expirationTime(null));
        // A minute's difference of clocks is allowed, no more.
        taken(claims().expirationTime(Date.from(NOW.minusSeconds(59))));
        refused(claims().expirationTime(Date.from(NOW.minusSeconds(60))));
        taken(claims().notBeforeTime(Date.from(NOW.plusSeconds(60))));
        refused(claims().notBeforeTime(Date.from(NOW.plusSeconds(61))));
        refused(claims().claim("exp", "soon"));
    }

    @Test
    void shouldCheckATokenAnewThatItHasSeenBefore() {
        Instant[] time = {NOW};
        String[] published = {Issuer.ONE.jwks()};
        BearerTokens seen = new BearerTokens(
                new SigningKeys(() -> published[0], () -> time[0], Runnable::run),
                Issuer.NAME,
                Issuer.AUDIENCE,
                () -> time[0]);
        String token = Issuer.ONE.token(JWSAlgorithm.ES256, claims().expirationTime(Date.from(NOW.plusSeconds(3600))));
        String shortLived = Issuer.ONE.token(JWSAlgorithm.ES256, claims());
        for (int i = 0; i < 2; i++) {
            assertThat(seen.check(token)).isInstanceOf(Checked.Valid.class);
            assertThat(seen.check(shortLived)).isInstanceOf(Checked.Valid.class);
        }

        // It has expired, or its key is the issuer's no more.
        time[0] = NOW.plusSeconds(361);
        published[0] = Issuer.IMPOSTOR.jwks();
        assertThat(seen.check(shortLived)).isInstanceOf(Checked.Invalid.class);
        assertThat(seen.check(token)).isInstanceOf(Checked.Invalid.class);
    }

    @Test
    void shouldReadScopesInBothForms() {
        assertThat(scopes(claims().claim("scope", "a  usage:read b"))).containsExactly(Scope.USAGE_READ);
        assertThat(scopes(claims().claim("scope", null).claim("scp", List.of("usage:read", "admission:write"))))
                .containsExactlyInAnyOrder(Scope.USAGE_READ, Scope.ADMISSION_WRITE);
        assertThat(scopes(claims().claim("scope", null).claim("scp", "admission:write")))
                .containsExactly(Scope.ADMISSION_WRITE);
        assertThat(scopes(claims().claim("scope", "admin"))).containsExactlyInAnyOrder(Scope.values());
        assertThat(scopes(claims().claim("scope", "Admin administrator admin:x")))
                .isEmpty();
        assertThat(scopes(claims().claim("scope", null))).isEmpty();
        refused(claims().claim("scope", 7));
        refused(claims().claim("scp", List.of(7)));
    }

    @Test
    void shouldNeverTakeANarrowTokenForAWideOne() throws JOSEException {
        assertThat(caller(claims().claim("user", "u1"))).satisfies(caller -> {
            assertThat(caller.sees(Subject.user("u1"))).isTrue();
            assertThat(caller.sees(Subject.user("u2"))).isFalse();
            assertThat(caller.sees(Subject.org("u1"))).isFalse();
        });
        assertThat(caller(claims().claim("user", "u1").claim("org", "o1"))).satisfies(caller -> {
            assertThat(caller.sees(Subject.user("u1"))).isTrue();
            assertThat(caller.sees(Subject.org("o1"))).isTrue();
            assertThat(caller.sees(Subject.org("o2"))).isFalse();
        });
        for (Object meaningless : Arrays.asList("", 7, List.of("u1"), Map.of("id", "u1"), true, "a\u0000b")) {
            refused(claims().claim("user", meaningless));
            refused(claims().claim("org", meaningless));
        }
        // As a claim that is null, which the library leaves out where it writes claims.
        for (String claim : List.of("user", "org")) {
            JWSObject jws = new JWSObject(
                    new JWSHeader(JWSAlgorithm.RS256),
                    new Payload(claims().build().toString().replaceFirst("\\{", "{\"" + claim + "\":null,")));
            jws.sign(Issuer.ONE.signer(JWSAlgorithm.RS256));
            refused(jws.serialize());
        }
    }

    @Test
    void shouldTellCallersApartByTheirSubject() {
        String first = caller(claims().claim("jti", "1")).key();

        assertThat(caller(claims().claim("jti", "2")).key()).isEqualTo(first);
        assertThat(caller(claims().subject("client-2")).key()).isNotEqualTo(first);
        assertThat(caller(claims().subject(null).jwtID("1")).key())
                .isEqualTo(
                        caller(claims().subject(null).jwtID("1").claim("x", 1)).key())
                .isNotEqualTo(caller(claims().subject("1")).key());
        assertThat(caller(claims().subject(null)).key())
                .isNotEqualTo(caller(claims().subject(null).claim("x", 1)).key())
                .doesNotContain("eyJ");
    }

    @Test
    void shouldRefuseWhatIsNoToken() {
        for (String nonsense :
                List.of("", ".", "..", "...", "a.b.c", "eyJhbGciOiJSUzI1NiJ9..", "x".repeat(20_000), "\u00e4", "a b")) {
            refused(nonsense);
        }
    }

    @Test
    void shouldSayNothingWhereTheKeysAreAway() {
        BearerTokens away = new BearerTokens(
                new SigningKeys(
                        () -> {
                            throw new IOException("away");
                        },
                        () -> NOW,
                        Runnable::run),
                Issuer.NAME,
                Issuer.AUDIENCE,
                () -> NOW);

        assertThat(away.check(Issuer.ONE.token(JWSAlgorithm.RS256, claims("admin"))))
                .isInstanceOf(Checked.KeysAway.class);
        assertThat(away.check("nonsense")).isInstanceOf(Checked.Invalid.class);
    }

    private static JWTClaimsSet.Builder claims(String... scopes) {
        return Issuer.claims(NOW, scopes);
    }

    private static String header(JWSHeader.Builder header) {
        return Issuer.signed(header.build(), claims("admin").build(), Issuer.ONE.signer(JWSAlgorithm.RS256));
    }

    private Set<Scope> scopes(JWTClaimsSet.Builder claims) {
        return caller(claims).scopes();
    }

    private Caller caller(JWTClaimsSet.Builder claims) {
        Checked checked = tokens.check(Issuer.ONE.token(JWSAlgorithm.ES256, claims));
        assertThat(checked).isInstanceOf(Checked.Valid.class);
        return ((Checked.Valid) checked).caller();
    }

    private void taken(JWTClaimsSet.Builder claims) {
        taken(Issuer.ONE.token(JWSAlgorithm.EdDSA, claims));
    }

    private void taken(String token) {
        assertThat(tokens.check(token)).as(token).isInstanceOf(Checked.Valid.class);
    }

    private void refused(JWTClaimsSet.Builder claims) {
        refused(Issuer.ONE.token(JWSAlgorithm.EdDSA, claims));
    }

    private void refused(String token) {
        assertThat(tokens.check(token)).as(token).isInstanceOf(Checked.Invalid.class);
    }
}
