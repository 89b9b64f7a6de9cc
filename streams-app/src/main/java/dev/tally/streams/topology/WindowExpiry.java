package dev.tally.streams.topology;

import dev.tally.keys.Subject;
import dev.tally.streams.metering.BillingCalendar;
import dev.tally.streams.state.StoreKey;
import dev.tally.streams.state.WindowKeys;
import dev.tally.streams.state.WindowKeys.Length;
import dev.tally.streams.state.WindowKeys.ScopeTag;
import dev.tally.streams.state.WindowTotals;
import dev.tally.streams.state.WriteBackStore;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.function.Function;
import org.apache.kafka.common.utils.Bytes;
import org.apache.kafka.streams.state.KeyValueIterator;

/**
 * Removes windows that no accepted action can reach any more: by the lowest stream time of the intake partitions, never by a clock, in
 * slices so that no tick takes long.
 */
final class WindowExpiry {

    private static final int WINDOWS_PER_TICK = 1_000;

    private final WriteBackStore store;
    private final Charges charges;
    private final UsageWindows windows;
    private final Splits splits;
    private final AccountClock clock;
    private final Duration retention;

    WindowExpiry(
            WriteBackStore store,
            Charges charges,
            UsageWindows windows,
            Splits splits,
            AccountClock clock,
            Duration retention) {
        this.store = store;
        this.charges = charges;
        this.windows = windows;
        this.splits = splits;
        this.clock = clock;
        this.retention = retention;
    }

    void expire() {
        Optional<Instant> streamTime = clock.lowStreamTime();
        if (streamTime.isEmpty()) {
            return;
        }
        Instant bound = streamTime.get().minus(retention);
        Instant oldest = BillingCalendar.day(bound).start();
        clock.expired(oldest);
        for (Bytes key : begunBefore(Length.DAY, oldest)) {
            StoreKey.Reader reader = new StoreKey.Reader(key);
            reader.tag();
            Instant day = Instant.ofEpochMilli(reader.number());
            String subject = reader.text();
            if (Subject.parse(subject).kind() == Subject.Kind.ORG) {
                splits.expire(day, subject);
            }
            windows.expire(key);
        }
        for (Bytes key : begunBefore(Length.PERIOD, bound.minus(BillingCalendar.LONGEST_PERIOD))) {
            if (expirePeriod(key)) {
                windows.expire(key);
            }
        }
        for (ScopeTag scope : ScopeTag.values()) {
            begunBefore(at -> WindowKeys.scopedStart(Length.DAY, at, scope), oldest)
                    .forEach(windows::expire);
            begunBefore(
                            at -> WindowKeys.scopedStart(Length.PERIOD, at, scope),
                            bound.minus(BillingCalendar.LONGEST_PERIOD))
                    .forEach(windows::expire);
        }
    }

    private List<Bytes> begunBefore(Length length, Instant bound) {
        return begunBefore(at -> WindowKeys.start(length, at), bound);
    }

    private List<Bytes> begunBefore(Function<Instant, StoreKey> windowsAt, Instant bound) {
        List<Bytes> past = new ArrayList<>();
        try (KeyValueIterator<Bytes, byte[]> oldest = store.storedRange(
                windowsAt.apply(Instant.ofEpochMilli(Long.MIN_VALUE)).bytes(),
                windowsAt.apply(bound).bytes())) {
            while (oldest.hasNext() && past.size() < WINDOWS_PER_TICK) {
                Bytes key = oldest.next().key;
                // One with usage since the last commit goes after the next: its total is told first, and what hangs on
                // it is in the stores by then.
                if (!windows.isChanged(key)) {
                    past.add(key);
                }
            }
        }
        return past;
    }

    /** Whether everything that is kept of a period has gone, or is to stay. */
    private boolean expirePeriod(Bytes key) {
        StoreKey.Reader reader = new StoreKey.Reader(key);
        reader.tag();
        Instant start = Instant.ofEpochMilli(reader.number());
        String subject = reader.text();
        byte[] stored = store.stored(key);
        if (stored == null) {
            return true;
        }
        WindowTotals window = WindowTotals.fromBytes(stored);
        boolean all = true;
        for (String meter : window.totals().meters()) {
            all &= charges.expire(subject, meter, start, window.end());
        }
        return all;
    }
}
