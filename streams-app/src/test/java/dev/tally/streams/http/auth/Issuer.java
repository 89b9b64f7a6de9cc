package dev.tally.streams.http.auth;

import com.nimbusds.jose.JOSEException;
import com.nimbusds.jose.JWSAlgorithm;
import com.nimbusds.jose.JWSHeader;
import com.nimbusds.jose.JWSSigner;
import com.nimbusds.jose.crypto.ECDSASigner;
import com.nimbusds.jose.crypto.RSASSASigner;
import com.nimbusds.jose.jca.JCAContext;
import com.nimbusds.jose.jwk.Curve;
import com.nimbusds.jose.jwk.ECKey;
import com.nimbusds.jose.jwk.JWK;
import com.nimbusds.jose.jwk.JWKSet;
import com.nimbusds.jose.jwk.OctetKeyPair;
import com.nimbusds.jose.jwk.RSAKey;
import com.nimbusds.jose.jwk.gen.ECKeyGenerator;
import com.nimbusds.jose.jwk.gen.RSAKeyGenerator;
import com.nimbusds.jose.util.Base64URL;
import com.nimbusds.jwt.JWTClaimsSet;
import com.nimbusds.jwt.SignedJWT;
import java.security.GeneralSecurityException;
import java.security.KeyPair;
import java.security.KeyPairGenerator;
import java.security.PrivateKey;
import java.security.Signature;
import java.time.Instant;
import java.util.Arrays;
import java.util.Date;
import java.util.List;
import java.util.Set;

/** An issuer of tokens with a key of each kind. */
public final class Issuer {

    public static final String NAME = "https://issuer.example";
    public static final String AUDIENCE = "tally";

    /** Its keys are made once: making one of RSA takes long. */
    public static final Issuer ONE = new Issuer();

    /** Keys of the same names that are not the issuer's. */
    public static final Issuer IMPOSTOR = new Issuer();

    public final RSAKey rsa;
    public final ECKey ec;
    public final OctetKeyPair ed;
    private final PrivateKey edPrivate;

    private Issuer() {
        try {
            rsa = new RSAKeyGenerator(2048).keyID("rsa").generate();
            ec = new ECKeyGenerator(Curve.P_256).keyID("ec").generate();
            KeyPair pair = KeyPairGenerator.getInstance("Ed25519").generateKeyPair();
            edPrivate = pair.getPrivate();
            byte[] x509 = pair.getPublic().getEncoded();
            ed = new OctetKeyPair.Builder(
                            Curve.Ed25519, Base64URL.encode(Arrays.copyOfRange(x509, x509.length - 32, x509.length)))
                    .keyID("ed")
                    .build();
        } catch (JOSEException | GeneralSecurityException e) {
            throw new IllegalStateException(e);
        }
    }

    /** The public keys. */
    public String jwks() {
        return new JWKSet(List.<JWK>of(rsa, ec, ed)).toString();
    }

    /** Claims of a valid token, to be changed. */
    public static JWTClaimsSet.Builder claims(Instant now, String... scopes) {
        return new JWTClaimsSet.Builder()
                .issuer(NAME)
                .audience(AUDIENCE)
                .subject("client-1")
                .expirationTime(Date.from(now.plusSeconds(300)))
                .claim("scope", String.join(" ", scopes));
    }

    /** A token, signed by the key for an algorithm. */
    public String token(JWSAlgorithm algorithm, JWTClaimsSet.Builder claims) {
        JWSHeader header =
                new JWSHeader.Builder(algorithm).keyID(name(algorithm)).build();
        return signed(header, claims.build(), signer(algorithm));
    }

    /** A token under any header, signed by any key. */
    public static String signed(JWSHeader header, JWTClaimsSet claims, JWSSigner signer) {
        SignedJWT jwt = new SignedJWT(header, claims);
        try {
            jwt.sign(signer);
        } catch (JOSEException e) {
            throw new IllegalStateException(e);
        }
        return jwt.serialize();
    }

    /** What signs for an algorithm. */
    public JWSSigner signer(JWSAlgorithm algorithm) {
        try {
            if (algorithm.equals(JWSAlgorithm.ES256)) {
                return new ECDSASigner(ec);
            }
            return JWSAlgorithm.EdDSA.equals(algorithm) ? new Ed25519Signer(edPrivate) : new RSASSASigner(rsa);
        } catch (JOSEException e) {
            throw new IllegalStateException(e);
        }
    }

    private static String name(JWSAlgorithm algorithm) {
        if (algorithm.equals(JWSAlgorithm.ES256)) {
            return "ec";
        }
        return JWSAlgorithm.EdDSA.equals(algorithm) ? "ed" : "rsa";
    }

    private record Ed25519Signer(PrivateKey key, JCAContext jca) implements JWSSigner {

        private Ed25519Signer(PrivateKey key) {
            this(key, new JCAContext());
        }

        @Override
        public Base64URL sign(JWSHeader header, byte[] input) throws JOSEException {
            try {
                Signature signature = Signature.getInstance("Ed25519");
                signature.initSign(key);
                signature.update(input);
                return Base64URL.encode(signature.sign());
            } catch (GeneralSecurityException e) {
                throw new JOSEException("Ed25519", e);
            }
        }

        @Override
        public Set<JWSAlgorithm> supportedJWSAlgorithms() {
            return Set.of(JWSAlgorithm.EdDSA);
        }

        @Override
        public JCAContext getJCAContext() {
            return jca;
        }
    }
}
