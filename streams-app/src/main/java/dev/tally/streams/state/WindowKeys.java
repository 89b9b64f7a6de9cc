package dev.tally.streams.state;

import java.time.Instant;
import org.apache.kafka.common.utils.Bytes;

/** Keys of windows and of what is kept of them. Time comes first, so that what has expired lies together, at the beginning. */
public final class WindowKeys {

    /** Windows by how long they are. */
    public enum Length {
        DAY(1),
        PERIOD(2);

        private final int tag;

        Length(int tag) {
            this.tag = tag;
        }

        /** The first byte of the keys of its windows. */
        public int tag() {
            return tag;
        }
    }

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

    private static final int ROW = 1;
    private static final int ROW_COUNT = 2;

    private WindowKeys() {}

    /** Key of a user's day at the intake. */
    public static Bytes userDay(String userId, Instant day) {
        return StoreKey.key().number(day.toEpochMilli()).text(userId).bytes();
    }

    /** Key of a subject's window in the accounts stage. */
    public static Bytes window(Length length, Instant start, String subject) {
        return start(length, start).text(subject).bytes();
    }

    /** What a window of a member or a space of an org is kept under: as the org's window, with this added to its tag. */
    public enum ScopeTag {
        MEMBER(0x10),
        SPACE(0x20);

        private final int tag;

        ScopeTag(int tag) {
            this.tag = tag;
        }
    }

    /** Key of the window of a member or a space of an org, in the accounts stage. */
    public static Bytes scoped(Length length, Instant start, String org, ScopeTag scope, String id) {
        return scopedWindows(length, start, org, scope).text(id).bytes();
    }

    /** Start of the keys of an org's windows by member or by space. */
    public static StoreKey scopedWindows(Length length, Instant start, String org, ScopeTag scope) {
        return scopedStart(length, start, scope).text(org);
    }

    /** Start of the keys of all windows by member or by space, of a length, that begin at an instant. */
    public static StoreKey scopedStart(Length length, Instant start, ScopeTag scope) {
        return StoreKey.key().tag(length.tag | scope.tag).number(start.toEpochMilli());
    }

    /** The member or space whose window has a key. */
    public static String scopeId(Bytes key) {
        StoreKey.Reader reader = new StoreKey.Reader(key);
        reader.tag();
        reader.number();
        reader.text();
        return reader.text();
    }

    /** Whether a window is one of a subject itself. */
    public static boolean isOfSubject(Bytes key) {
        return key.get()[0] == Length.DAY.tag || key.get()[0] == Length.PERIOD.tag;
    }

    /** Start of the keys of all windows of a length that begin at an instant. */
    public static StoreKey start(Length length, Instant start) {
        return StoreKey.key().tag(length.tag).number(start.toEpochMilli());
    }

    /** Start of everything that is kept of an org's day split by dimension. */
    public static StoreKey splits(Instant day, String subject) {
        return StoreKey.key().number(day.toEpochMilli()).text(subject);
    }

    /** Key of a row up to its name, which is appended as a text. */
    public static StoreKey splitRows(Instant day, String subject, SplitBy by) {
        return splits(day, subject).tag(ROW).tag(by.tag);
    }

    /** The name of a row, from its key. */
    public static String splitRow(Bytes key) {
        StoreKey.Reader reader = new StoreKey.Reader(key);
        reader.number();
        reader.text();
        reader.tag();
        reader.tag();
        return reader.text();
    }

    /** Key of the number of rows of a day and dimension. */
    public static Bytes splitRowCount(Instant day, String subject, SplitBy by) {
        return splits(day, subject).tag(ROW_COUNT).tag(by.tag).bytes();
    }
}
