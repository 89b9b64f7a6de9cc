package dev.tally.keys;

import java.util.Optional;

/** What an id (of an event, user, organisation, meter, ...) may be: 1 to 256 bytes of UTF-8 without control characters. */
public final class Ids {

    /** Longest id, in bytes of UTF-8. */
    public static final int MAX_BYTES = 256;

    private Ids() {}

    /** What is wrong with an id, as the end of a sentence that starts with its name; empty when nothing is. */
    public static Optional<String> problem(String id) {
        if (id.isEmpty()) {
            return Optional.of("is empty");
        }
        int bytes = 0;
        for (int i = 0; i < id.length(); ) {
            int codePoint = id.codePointAt(i);
            if (Character.isISOControl(codePoint)) {
                return Optional.of("has a control character at position " + i);
            }
            if (Character.getType(codePoint) == Character.SURROGATE) {
                return Optional.of("has half a surrogate pair at position " + i);
            }
            bytes += utf8Length(codePoint);
            if (bytes > MAX_BYTES) {
                return Optional.of("is longer than " + MAX_BYTES + " bytes");
            }
            i += Character.charCount(codePoint);
        }
        return Optional.empty();
    }

    private static int utf8Length(int codePoint) {
        if (codePoint < 0x80) {
            return 1;
        }
        if (codePoint < 0x800) {
            return 2;
        }
        return codePoint < 0x10000 ? 3 : 4;
    }
}
