package dev.tally.streams.http.tls;

import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.security.GeneralSecurityException;
import java.security.KeyFactory;
import java.security.KeyStore;
import java.security.PrivateKey;
import java.security.PublicKey;
import java.security.Signature;
import java.security.cert.Certificate;
import java.security.cert.CertificateException;
import java.security.cert.CertificateFactory;
import java.security.cert.X509Certificate;
import java.security.spec.PKCS8EncodedKeySpec;
import java.time.Instant;
import java.util.Base64;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * A certificate with its chain, and its private key.
 *
 * @param keyStore both, under {@link #PASSWORD}
 * @param chain the certificates, the server's first
 * @param notAfter until when the server's is valid
 */
record PemIdentity(KeyStore keyStore, List<Certificate> chain, Instant notAfter) {

    /** The key store is in memory only; it must have a password, which protects nothing. */
    static final String PASSWORD = "in-memory";

    private static final Pattern PKCS8 =
            Pattern.compile("-----BEGIN PRIVATE KEY-----([A-Za-z0-9+/=\\s]+)-----END PRIVATE KEY-----");

    /**
     * Reads an identity. The first certificate is the server's.
     *
     * @throws IOException saying what is wrong, and nothing of what is in the files
     */
    static PemIdentity of(byte[] certificates, byte[] key) throws IOException {
        Certificate[] chain = chain(certificates);
        if (!(chain.length > 0 && chain[0] instanceof X509Certificate first)) {
            throw new IOException("the certificate file has no certificate as PEM");
        }
        try {
            PrivateKey privateKey = key(key, first.getPublicKey());
            if (!fit(privateKey, first.getPublicKey())) {
                throw new IOException("the key is not the certificate's");
            }
            KeyStore keyStore = KeyStore.getInstance("PKCS12");
            keyStore.load(null, null);
            keyStore.setKeyEntry("tally", privateKey, PASSWORD.toCharArray(), chain);
            return new PemIdentity(keyStore, List.of(chain), first.getNotAfter().toInstant());
        } catch (GeneralSecurityException e) {
            throw new IOException("the key does not fit the certificate, which has one for "
                    + first.getPublicKey().getAlgorithm());
        }
    }

    private static Certificate[] chain(byte[] certificates) throws IOException {
        try {
            return CertificateFactory.getInstance("X.509")
                    .generateCertificates(new ByteArrayInputStream(certificates))
                    .toArray(new Certificate[0]);
        } catch (CertificateException e) {
            throw new IOException("the certificate file has no certificate as PEM");
        }
    }

    private static PrivateKey key(byte[] pem, PublicKey publicKey) throws IOException, GeneralSecurityException {
        Matcher pkcs8 = PKCS8.matcher(new String(pem, StandardCharsets.ISO_8859_1));
        if (!pkcs8.find()) {
            throw new IOException("the key file has no unencrypted PKCS#8 key as PEM (BEGIN PRIVATE KEY)");
        }
        try {
            return KeyFactory.getInstance(publicKey.getAlgorithm())
                    .generatePrivate(
                            new PKCS8EncodedKeySpec(Base64.getMimeDecoder().decode(pkcs8.group(1))));
        } catch (IllegalArgumentException e) {
            throw new IOException("the key file is not PEM");
        }
    }

    private static boolean fit(PrivateKey privateKey, PublicKey publicKey) throws GeneralSecurityException {
        String algorithm = switch (publicKey.getAlgorithm()) {
            case "RSA" -> "SHA256withRSA";
            case "EC" -> "SHA256withECDSA";
            default -> publicKey.getAlgorithm();
        };
        byte[] sample = "whose key is it".getBytes(StandardCharsets.US_ASCII);
        Signature signing = Signature.getInstance(algorithm);
        signing.initSign(privateKey);
        signing.update(sample);
        Signature checking = Signature.getInstance(algorithm);
        checking.initVerify(publicKey);
        checking.update(sample);
        return checking.verify(signing.sign());
    }
}
