package dev.tally.streams.query;

import dev.tally.keys.Subject;
import java.time.LocalDate;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** Questions about usage. Implementations never block for long and never answer zero where they cannot know. */
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

    /** The subscription in force at the intake. */
    Answer<SubscriptionInForce> subscription(Subject subject);

    /** Where the intake partitions of this instance stand. */
    Answer<List<PartitionWatermark>> watermarks();

    /** What became of the records that this instance took home, by the partition of {@code actions} where they were first read. */
    Answer<List<Conservation>> conservation();

    /** Closed billing intervals that wait for the record of their plan, by partition of this instance. */
    Answer<List<WaitingIntervals>> waitingIntervals();
}
