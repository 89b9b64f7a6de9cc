package dev.tally.streams.query;

import dev.tally.keys.Subject;
import java.time.LocalDate;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** Questions about usage, of any subject. They are never answered with zero where nobody can know. */
public interface UsageQueries {

    /** A subject's usage of a meter on a day; a day without usage is found, with zero. */
    Answer<Usage> usage(Subject subject, String meter, LocalDate day);

    /** One entry for each day from {@code from} to {@code to}, both inclusive. */
    Answer<List<DayUsage>> history(Subject subject, String meter, LocalDate from, LocalDate to);

    /** An org's usage from {@code from} to {@code to}, both inclusive, split by one dimension. */
    Answer<Breakdown> breakdown(Subject org, Dimension by, String meter, LocalDate from, LocalDate to);

    /** The limits in force for a subject. */
    Answer<List<LimitRow>> limits(Subject subject);

    /**
     * A payer's billing period.
     *
     * @param in a day of it; null: the current one
     */
    Answer<BillingPeriod> billing(Subject subject, @Nullable LocalDate in);

    /** The subscription that both stages go by, as the intake has it. */
    Answer<SubscriptionInForce> subscription(Subject subject);

    /** Where all intake partitions stand. */
    Answer<List<PartitionWatermark>> watermarks();

    /** What became of the records of all partitions of {@code actions}. */
    Answer<List<Conservation>> conservation();

    /** The same without waiting: what another instance would have to be asked for is {@link Answer.NotReady}. */
    UsageQueries atOnce();

    /** The same for questions that no caller waits for: they never take from other instances what callers' questions need. */
    UsageQueries inBackground();
}
