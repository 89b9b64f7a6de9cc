package dev.tally.streams.http.auth;

import com.nimbusds.jose.JOSEException;
import com.nimbusds.jose.JWSAlgorithm;
import com.nimbusds.jose.JWSHeader;
import com.nimbusds.jose.JWSVerifier;
import com.nimbusds.jose.jca.JCAContext;
import com.nimbusds.jose.jwk.OctetKeyPair;
import com.nimbusds.jose.util.Base64URL;
import java.nio.ByteBuffer;
import java.security.GeneralSecurityException;
import java.security.KeyFactory;
import java.security.PublicKey;
import java.security.Signature;
import java.security.SignatureException;
import java.security.spec.X509EncodedKeySpec;
import java.util.HexFormat;
import java.util.Set;

/**
 * Checks EdDSA signatures over Ed25519 (RFC 8037) with the JDK's own implementation; the one that Nimbus has needs Google's Tink. Safe for
 * use by many threads.
 */
final class Ed25519Verifier implements JWSVerifier {

    /** What stands before the 32 bytes of a key in its X.509 form (RFC 8410 section 4). */
    private static final byte[] X509_PREFIX = HexFormat.of().parseHex("302a300506032b6570032100");

    private static final int KEY_BYTES = 32;

    private final PublicKey key;
    private final JCAContext jca = new JCAContext();

    /** @throws JOSEException when it is no key of Ed25519 */
    Ed25519Verifier(OctetKeyPair key) throws JOSEException {
        byte[] x = key.getDecodedX();
        if (x.length != KEY_BYTES) {
            throw new JOSEException("a key of Ed25519 has 32 bytes");
        }
        try {
            this.key = KeyFactory.getInstance("Ed25519")
                    .generatePublic(new X509EncodedKeySpec(ByteBuffer.allocate(X509_PREFIX.length + KEY_BYTES)
                            .put(X509_PREFIX)
                            .put(x)
                            .array()));
        } catch (GeneralSecurityException e) {
            throw new JOSEException("no key of Ed25519", e);
        }
    }

    @Override
    public boolean verify(JWSHeader header, byte[] signingInput, Base64URL signature) throws JOSEException {
        if (!JWSAlgorithm.EdDSA.equals(header.getAlgorithm())) {
            return false;
        }
        try {
            Signature check = Signature.getInstance("Ed25519");
            check.initVerify(key);
            check.update(signingInput);
            return check.verify(signature.decode());
        } catch (SignatureException e) {
            // Not of the form of a signature.
            return false;
        } catch (GeneralSecurityException e) {
            throw new JOSEException("Ed25519 is not available", e);
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
