package dev.tally.streams.query;

import dev.tally.keys.Keys;
import dev.tally.streams.metering.Amounts;
import dev.tally.streams.metering.Period;
import dev.tally.streams.state.IntervalCharge;
import dev.tally.streams.state.StoreKey;
import java.util.Map;
import java.util.TreeMap;
import org.apache.kafka.common.utils.Bytes;
import org.apache.kafka.streams.state.KeyValueIterator;
import org.apache.kafka.streams.state.ReadOnlyKeyValueStore;

/**
 * What the intervals of a period add up to, of one payer and meter.
 *
 * @param unreported billable units that no fact has been emitted for yet
 * @param billable units to be billed, by {@code planId@version} of the plan in force
 */
record IntervalSums(long unreported, Map<String, Long> billable) {

    static IntervalSums of(ReadOnlyKeyValueStore<Bytes, byte[]> intervals, String payer, String meter, Period period) {
        StoreKey prefix = IntervalCharge.key(payer, meter);
        long unreported = 0;
        Map<String, Long> billable = new TreeMap<>();
        try (KeyValueIterator<Bytes, byte[]> found = intervals.range(
                prefix.copy().number(period.start().toEpochMilli()).bytes(),
                prefix.copy().number(period.end().toEpochMilli() - 1).bytes())) {
            while (found.hasNext()) {
                IntervalCharge charge = IntervalCharge.fromBytes(found.next().value);
                unreported = Amounts.plus(unreported, charge.billable() - charge.billed());
                if (charge.billable() != 0) {
                    billable.merge(Keys.plan(charge.planId(), charge.planVersion()), charge.billable(), Amounts::plus);
                }
            }
        }
        return new IntervalSums(unreported, billable);
    }
}
