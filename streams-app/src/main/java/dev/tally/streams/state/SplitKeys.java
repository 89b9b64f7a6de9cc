package dev.tally.streams.state;

import java.time.Instant;

/** Keys of an org's day windows split by dimension. */
public final class SplitKeys {

    private static final int ROW = 1;
    private static final int ROW_COUNT = 2;

    /** By what an org's usage is split. */
    public enum SplitBy {
        MEMBER(1),
        SPACE(2),
        MODEL(3),
        ACTION(4),
        TRIGGER(5);

        private final int tag;

        SplitBy(int tag) {
            this.tag = tag;
        }
    }

    private SplitKeys() {}

    /** Key up to a row's name, which is appended as a text. */
    public static StoreKey rows(String subject, String meter, Instant day, SplitBy by) {
        return day(subject, meter, day).tag(ROW).tag(by.tag);
    }

    /** Start of everything kept of a day. */
    public static StoreKey day(String subject, String meter, Instant day) {
        return StoreKey.key().text(subject).text(meter).number(day.toEpochMilli());
    }

    /** Key of the number of rows of a day and dimension. */
    public static StoreKey rowCount(String subject, String meter, Instant day, SplitBy by) {
        return day(subject, meter, day).tag(ROW_COUNT).tag(by.tag);
    }
}
