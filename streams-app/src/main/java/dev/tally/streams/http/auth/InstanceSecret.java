package dev.tally.streams.http.auth;

import java.nio.charset.StandardCharsets;
import java.security.GeneralSecurityException;
import java.security.SecureRandom;
import javax.crypto.Mac;
import javax.crypto.spec.SecretKeySpec;

/** The secret that all instances of an installation share. Each use has a key of its own, so that what one is given is worth nothing to another. */
public final class InstanceSecret {

    /** The fewest characters of a secret. */
    public static final int MIN_LENGTH = 32;

    private final byte[] secret;

    private InstanceSecret(byte[] secret) {
        this.secret = secret;
    }

    /** @throws IllegalArgumentException when it is shorter than {@link #MIN_LENGTH} */
    public static InstanceSecret of(String secret) {
        if (secret.length() < MIN_LENGTH) {
            throw new IllegalArgumentException("must have at least " + MIN_LENGTH + " characters");
        }
        return new InstanceSecret(secret.getBytes(StandardCharsets.UTF_8));
    }

    /** One that only this process knows. */
    public static InstanceSecret random() {
        byte[] secret = new byte[32];
        new SecureRandom().nextBytes(secret);
        return new InstanceSecret(secret);
    }

    /** A key of 256 bits for one use. */
    byte[] key(String use) {
        try {
            Mac mac = Mac.getInstance("HmacSHA256");
            mac.init(new SecretKeySpec(secret, "HmacSHA256"));
            return mac.doFinal(use.getBytes(StandardCharsets.UTF_8));
        } catch (GeneralSecurityException e) {
            throw new IllegalStateException("every JDK has HMAC with SHA-256", e);
        }
    }

    @Override
    public String toString() {
        return "InstanceSecret[hidden]";
    }
}
