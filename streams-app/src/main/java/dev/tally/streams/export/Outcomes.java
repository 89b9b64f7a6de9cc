package dev.tally.streams.export;

import dev.tally.schemas.DuplicateActions;
import dev.tally.streams.state.OffsetRuns;
import java.util.BitSet;
import java.util.HashMap;
import java.util.Map;

/** The records of one partition of {@code actions} that ended otherwise than counted: at most a bit for each record of the partition. */
final class Outcomes {

    private static final int PAGE_BITS = 16;
    private static final int WITHIN_PAGE = (1 << PAGE_BITS) - 1;

    private final Map<Long, BitSet> pages = new HashMap<>();

    /** A record that was kept aside. */
    void exclude(long offset) {
        exclude(offset, offset + 1);
    }

    /** Records that were duplicates. */
    void exclude(DuplicateActions duplicates) {
        OffsetRuns.read(duplicates.getFirst(), duplicates.getRuns(), this::exclude);
    }

    private void exclude(long from, long to) {
        long at = from;
        while (at < to) {
            long page = at >>> PAGE_BITS;
            long pageStart = page << PAGE_BITS;
            long end = Math.min(to, pageStart + WITHIN_PAGE + 1);
            pages.computeIfAbsent(page, number -> new BitSet()).set((int) (at - pageStart), (int) (end - pageStart));
            at = end;
        }
    }

    boolean isExcluded(long offset) {
        BitSet page = pages.get(offset >>> PAGE_BITS);
        return page != null && page.get((int) (offset & WITHIN_PAGE));
    }
}
