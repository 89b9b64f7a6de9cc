package dev.tally.keys;

import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.time.Instant;

/** Composite record keys. Writing, routing and reading all make them here. Ids are percent-encoded, so no two keys collide. */
public final class Keys {

    /** No UTF-8 text has this byte. */
    private static final byte NO_TEXT = (byte) 0xFF;

    private Keys() {}

    /** Key of topic {@code usage}, e.g. {@code user:u1/actions/DAY/2026-11-21T00:00:00Z}. */
    public static String usage(Subject subject, String meter, String window, Instant windowStart) {
        return usage(subject.text(), meter, window, windowStart.toString());
    }

    /** The same of a subject's text and an instant's. */
    public static String usage(String subject, String meter, String window, String windowStart) {
        return subject + "/" + PercentEncoding.encode(meter) + "/" + window + "/" + windowStart;
    }

    /** Key of topic {@code plans}, e.g. {@code team@1}. The version is what follows the last {@code @}. */
    public static String plan(String planId, int version) {
        return PercentEncoding.encode(planId) + "@" + version;
    }

    /** Key of topic {@code grants}, e.g. {@code org:acme/topup-7}. */
    public static String grant(Subject subject, String grantId) {
        return subject.text() + "/" + PercentEncoding.encode(grantId);
    }

    /** Key of topic {@code memberships}, e.g. {@code acme/u1}. */
    public static String membership(String orgId, String userId) {
        return PercentEncoding.encode(orgId) + "/" + PercentEncoding.encode(userId);
    }

    /** Key of topic {@code stripe-ledger}: the fact's identifier, as it is. */
    public static byte[] ledger(String identifier) {
        return identifier.getBytes(StandardCharsets.UTF_8);
    }

    /**
     * Key of topic {@code stripe-ledger} for a fact whose identifier is known with another amount: the identifier, a byte that no text has,
     * the amount. Compaction keeps the latest of each key, so with the identifier alone it would forget what the first amount came to.
     */
    public static byte[] ledgerOfOtherAmount(String identifier, long amount) {
        byte[] first = ledger(identifier);
        byte[] second = Long.toString(amount).getBytes(StandardCharsets.US_ASCII);
        return ByteBuffer.allocate(first.length + 1 + second.length)
                .put(first)
                .put(NO_TEXT)
                .put(second)
                .array();
    }
}
