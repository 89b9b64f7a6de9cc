package dev.tally.sink.alerts.delivery;

import dev.tally.sink.alerts.Routing;
import dev.tally.sink.delivery.FactRecord;
import java.util.ArrayList;
import java.util.List;

/**
 * What is not committed yet of a partition.
 *
 * @param fresh who is to be told, in the order of the alerts
 * @param settled what came to its outcome
 * @param skips why somebody is not told
 */
record AlertBatch(
        List<Waiting> fresh, List<SettledAlert> settled, List<Routing.Skip> skips, List<Unreadable> unreadable) {

    /** A record that is no alert. */
    record Unreadable(FactRecord origin, String reason, String detail) {}

    static AlertBatch empty() {
        return new AlertBatch(new ArrayList<>(), new ArrayList<>(), new ArrayList<>(), new ArrayList<>());
    }
}
