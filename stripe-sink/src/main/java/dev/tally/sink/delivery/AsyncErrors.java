package dev.tally.sink.delivery;

import dev.tally.sink.reporting.ErrorReport;
import dev.tally.sink.reporting.KnownIdentifier;
import java.time.Duration;
import java.time.Instant;
import java.util.Collection;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * The meter events that Stripe took and later named as wrong, for the delivery to look up in the ledgers of its partitions. What was handled
 * already, the ledger tells, so nothing here is kept over a restart. Thread-safe.
 */
public final class AsyncErrors {
    /** Stripe keeps reports for 30 days; a day more, so that none comes again after it was dropped here. */
    private static final Duration KEPT = Duration.ofDays(31);

    private final Map<String, AsyncError> byIdentifier = new HashMap<>();
    private int version;

    /** The newest that was said of an event. */
    record AsyncError(String identifier, String code, String message, Instant created) {}

    /**
     * Takes in what reports name; those known already change nothing. An event that was sent twice, and refused the second time, is none that
     * Stripe does not count: it has the first.
     */
    public synchronized void add(Collection<ErrorReport> reports, Instant now) {
        byIdentifier.values().removeIf(error -> error.created().isBefore(now.minus(KEPT)));
        for (ErrorReport report : reports) {
            for (ErrorReport.Sample sample : report.samples()) {
                if (KnownIdentifier.isMeantBy(sample.code(), sample.message())) {
                    continue;
                }
                AsyncError known = byIdentifier.get(sample.identifier());
                if (known == null || known.created().isBefore(report.created())) {
                    byIdentifier.put(
                            sample.identifier(),
                            new AsyncError(sample.identifier(), sample.code(), sample.message(), report.created()));
                    version++;
                }
            }
        }
    }

    /** Rises with each error. */
    synchronized int version() {
        return version;
    }

    synchronized List<AsyncError> all() {
        return List.copyOf(byIdentifier.values());
    }

    synchronized @Nullable AsyncError find(String identifier) {
        return byIdentifier.get(identifier);
    }
}
