package dev.tally.streams.metering;

import dev.tally.keys.Subject;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.time.Instant;
import java.util.HexFormat;

/** Names that are pure functions of what they name. */
public final class FactIdentifier {

    private FactIdentifier() {}

    /**
     * Stripe's identifier of a billable fact: 70 characters, of the 100 that Stripe allows.
     *
     * @param installation random id of this installation, so that another cluster on the same Stripe account never collides
     */
    public static String of(
            String environment, String installation, Subject payer, String meter, Instant intervalStart, int revision) {
        return "tally_"
                + sha256(environment, installation, payer.text(), meter, intervalStart.toString(), "" + revision);
    }

    /** The id of an alert: equal for equal identity. A day and a period that begin together are told apart by their ends. */
    public static String ofAlert(
            String kind,
            String subject,
            String scope,
            String scopeId,
            String meter,
            Instant windowStart,
            Instant windowEnd,
            int threshold,
            int epoch) {
        return sha256(
                        kind,
                        subject,
                        scope,
                        scopeId,
                        meter,
                        windowStart.toString(),
                        windowEnd.toString(),
                        "" + threshold,
                        "" + epoch)
                .substring(0, 32);
    }

    /** Hex of the hash of the parts, each with its length before it, so that no two lists of parts run together. */
    private static String sha256(String... parts) {
        try {
            MessageDigest digest = MessageDigest.getInstance("SHA-256");
            for (String part : parts) {
                byte[] bytes = part.getBytes(StandardCharsets.UTF_8);
                digest.update((byte) (bytes.length >>> 8));
                digest.update((byte) bytes.length);
                digest.update(bytes);
            }
            return HexFormat.of().formatHex(digest.digest());
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException("every Java platform has SHA-256", e);
        }
    }
}
