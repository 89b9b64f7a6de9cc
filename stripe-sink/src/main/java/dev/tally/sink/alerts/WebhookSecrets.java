package dev.tally.sink.alerts;

import com.standardwebhooks.Webhook;
import com.standardwebhooks.exceptions.WebhookSigningException;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Base64;
import java.util.List;

/**
 * The secrets that messages are signed with, newest first, as Standard Webhooks has it: a message carries a signature of each, and a receiver
 * takes it if one of them fits. So a secret is rotated by putting the new one first, changing the receivers, and taking the old one away.
 */
public final class WebhookSecrets {
    private static final String PREFIX = "whsec_";
    /** Sizes of keys by Standard Webhooks. */
    private static final int SHORTEST = 24;

    private static final int LONGEST = 64;

    private final List<Webhook> signers;

    private WebhookSecrets(List<Webhook> signers) {
        this.signers = List.copyOf(signers);
    }

    /** What is wrong with secrets separated by commas; never tells one. */
    public static List<String> problems(String text) {
        List<String> problems = new ArrayList<>();
        List<String> secrets = split(text);
        for (int i = 0; i < secrets.size(); i++) {
            if (!isSecret(secrets.get(i))) {
                problems.add("secret " + (i + 1) + " of " + secrets.size() + " is not " + PREFIX
                        + " and the base64 of 24 to 64 random bytes");
            }
        }
        if (secrets.stream().distinct().count() < secrets.size()) {
            problems.add("a secret is there twice");
        }
        return problems;
    }

    /** @throws IllegalArgumentException where {@link #problems} has any */
    public static WebhookSecrets parse(String text) {
        return new WebhookSecrets(
                split(text).stream().map(secret -> new Webhook(bytes(secret))).toList());
    }

    private static List<String> split(String text) {
        return Arrays.stream(text.split(",", -1))
                .map(String::trim)
                .filter(secret -> !secret.isEmpty())
                .toList();
    }

    private static boolean isSecret(String secret) {
        try {
            int size = secret.startsWith(PREFIX) ? bytes(secret).length : 0;
            return size >= SHORTEST && size <= LONGEST;
        } catch (IllegalArgumentException notBase64) {
            return false;
        }
    }

    private static byte[] bytes(String secret) {
        return Base64.getDecoder().decode(secret.substring(PREFIX.length()));
    }

    /** Whether there is none: nothing can be signed then. */
    public boolean isEmpty() {
        return signers.isEmpty();
    }

    /** The header {@code webhook-signature}: a signature of each secret, separated by spaces. */
    public String sign(String messageId, Instant at, String body) {
        List<String> signatures = new ArrayList<>();
        try {
            for (Webhook signer : signers) {
                signatures.add(signer.sign(messageId, at.getEpochSecond(), body));
            }
        } catch (WebhookSigningException impossible) {
            throw new IllegalStateException("every Java platform has HmacSHA256", impossible);
        }
        return String.join(" ", signatures);
    }

    /** Tells how many there are. */
    @Override
    public String toString() {
        return "WebhookSecrets[" + signers.size() + "]";
    }
}
