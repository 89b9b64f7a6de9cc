package dev.tally.streams.topology;

import dev.tally.streams.metering.Amounts;
import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/**
 * Amounts of several meters by a text, or by none. A hash table in two arrays: there is one for each dimension of each org, and with
 * objects for each row most of the time of an action would go into fetching them from memory.
 */
final class AmountsByText {

    private static final int SMALLEST = 2;

    private final int meters;
    private @Nullable String[] texts = new @Nullable String[SMALLEST];
    private long[] amounts;
    private long @Nullable [] ofNone;
    private int size;

    AmountsByText(int meters) {
        this.meters = meters;
        amounts = new long[SMALLEST * meters];
    }

    /** Takes each row. */
    interface Rows {
        void row(@Nullable String text, long[] amounts);
    }

    /**
     * Adds to a row.
     *
     * @return whether it is new
     */
    boolean add(@Nullable String text, long[] more) {
        if (text == null) {
            return addToNone(more);
        }
        int place = place(text);
        boolean isNew = texts[place] == null;
        if (isNew) {
            if (4 * (size + 1) > 3 * texts.length) {
                grow();
                place = place(text);
            }
            texts[place] = text;
            size++;
        }
        add(amounts, place * meters, more);
        return isNew;
    }

    private boolean addToNone(long[] more) {
        boolean isNew = ofNone == null;
        if (ofNone == null) {
            ofNone = new long[meters];
        }
        add(ofNone, 0, more);
        return isNew;
    }

    private static void add(long[] sums, int at, long[] more) {
        for (int i = 0; i < more.length; i++) {
            sums[at + i] = Amounts.plus(sums[at + i], more[i]);
        }
    }

    void forEach(Rows to) {
        if (ofNone != null) {
            to.row(null, ofNone);
        }
        for (int place = 0; place < texts.length; place++) {
            String text = texts[place];
            if (text != null) {
                to.row(text, Arrays.copyOfRange(amounts, place * meters, (place + 1) * meters));
            }
        }
    }

    /** Where a text is, or belongs. */
    private int place(String text) {
        int hash = text.hashCode();
        int place = (hash ^ hash >>> 16) & (texts.length - 1);
        while (true) {
            String there = texts[place];
            if (there == null || there.equals(text)) {
                return place;
            }
            place = (place + 1) & (texts.length - 1);
        }
    }

    private void grow() {
        @Nullable String[] oldTexts = texts;
        long[] oldAmounts = amounts;
        texts = new @Nullable String[2 * oldTexts.length];
        amounts = new long[2 * oldAmounts.length];
        for (int i = 0; i < oldTexts.length; i++) {
            String text = oldTexts[i];
            if (text != null) {
                int place = place(text);
                texts[place] = text;
                System.arraycopy(oldAmounts, i * meters, amounts, place * meters, meters);
            }
        }
    }
}
