package dev.tally.bench.measure;

import dev.tally.bench.stack.BenchStack;
import dev.tally.bench.stack.Cluster;
import dev.tally.bench.workload.Workload;
import java.util.Map;
import java.util.function.Consumer;

/**
 * Where a timed run takes place.
 *
 * @param workload whose users there are and whose actions make the traffic, with the present as event time
 * @param settings settings of streams-app besides the bench's own
 * @param say takes progress, for people
 */
public record RunSite(
        BenchStack stack, Cluster cluster, Workload workload, Map<String, String> settings, Consumer<String> say) {

    public RunSite {
        settings = Map.copyOf(settings);
    }

    /** Fresh topics without actions to count. */
    Bed bed() {
        return Bed.publish(stack, cluster, new Workload(workload.spec().with(1)), 0);
    }
}
