package dev.tally.cli.audit;

import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;

/**
 * The identities of actions that were seen, as 128 bits of SHA-256 each: 16 bytes in a table that is between three eighths and three
 * quarters full. That two of 10^12 identities are taken for one has a chance of 1 in 10^15.
 */
final class Identities {

    private static final int FIRST = 1 << 12;
    /** Two numbers a row, in an array of at most 2^29: enough for 2 * 10^8 identities. */
    private static final int MOST = 1 << 28;

    private final MessageDigest digest = sha256();
    private long[] rows = new long[2 * FIRST];
    private int size;
    private boolean hasZero;

    /** Adds an identity; false where it was there. */
    boolean add(String userId, String eventId) {
        byte[] user = userId.getBytes(StandardCharsets.UTF_8);
        // The length goes before, so that no two pairs run together.
        digest.update(ByteBuffer.allocate(Integer.BYTES).putInt(0, user.length));
        digest.update(user);
        ByteBuffer hash = ByteBuffer.wrap(digest.digest(eventId.getBytes(StandardCharsets.UTF_8)));
        return add(hash.getLong(), hash.getLong());
    }

    private boolean add(long hi, long lo) {
        if (hi == 0 && lo == 0) {
            // What marks an empty row.
            boolean isNew = !hasZero;
            hasZero = true;
            return isNew;
        }
        if (4L * (size + 1) > 3L * (rows.length / 2)) {
            grow();
        }
        if (!put(rows, hi, lo)) {
            return false;
        }
        size++;
        return true;
    }

    private void grow() {
        int now = rows.length / 2;
        if (now >= MOST) {
            throw new IllegalStateException("more actions than one audit can remember: " + size);
        }
        long[] larger = new long[4 * now];
        for (int i = 0; i < rows.length; i += 2) {
            if (rows[i] != 0 || rows[i + 1] != 0) {
                put(larger, rows[i], rows[i + 1]);
            }
        }
        rows = larger;
    }

    private static boolean put(long[] into, long hi, long lo) {
        int mask = into.length / 2 - 1;
        int row = (int) hi & mask;
        while (into[2 * row] != 0 || into[2 * row + 1] != 0) {
            if (into[2 * row] == hi && into[2 * row + 1] == lo) {
                return false;
            }
            row = (row + 1) & mask;
        }
        into[2 * row] = hi;
        into[2 * row + 1] = lo;
        return true;
    }

    private static MessageDigest sha256() {
        try {
            return MessageDigest.getInstance("SHA-256");
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException("every Java platform has SHA-256", e);
        }
    }
}
