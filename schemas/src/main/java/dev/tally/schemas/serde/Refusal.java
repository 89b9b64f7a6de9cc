package dev.tally.schemas.serde;

/**
 * Why a record is refused; made once where many records are refused alike.
 *
 * @param detail for people, at most {@link #MAX_DETAIL_BYTES} in UTF-8; longer ones are cut
 */
record Refusal(RefusalReason reason, String detail) {

    static final int MAX_DETAIL_BYTES = 1_024;
    private static final int MOST_BYTES_OF_CHAR = 3;

    Refusal {
        detail = bounded(detail);
    }

    /** A new one each time: exceptions collect what is suppressed. */
    RefusedRecordException exception() {
        return new RefusedRecordException(reason, detail);
    }

    /** The longest beginning of whole characters within the limit. */
    static String bounded(String text) {
        if (text.length() <= MAX_DETAIL_BYTES / MOST_BYTES_OF_CHAR) {
            return text;
        }
        int size = 0;
        int at = 0;
        while (at < text.length()) {
            int character = text.codePointAt(at);
            size += character < 0x80 ? 1 : character < 0x800 ? 2 : character < 0x10000 ? MOST_BYTES_OF_CHAR : 4;
            if (size > MAX_DETAIL_BYTES) {
                return text.substring(0, at);
            }
            at += Character.charCount(character);
        }
        return text;
    }
}
