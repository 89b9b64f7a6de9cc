package dev.tally.bench.measure;

import dev.tally.bench.stack.BenchStack;
import dev.tally.bench.stack.Cluster;
import dev.tally.bench.workload.Workload;
import java.util.HashMap;
import java.util.Map;
import java.util.function.Consumer;
import org.apache.kafka.streams.StreamsConfig;

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

    /** The same where a second instance gets its share at once: else Kafka Streams moves two partitions a minute. */
    RunSite sharingAtOnce() {
        Map<String, String> more = new HashMap<>(settings);
        more.put("kafka." + StreamsConfig.ACCEPTABLE_RECOVERY_LAG_CONFIG, Integer.toString(Integer.MAX_VALUE));
        return new RunSite(stack, cluster, workload, more, say);
    }

    /** Fresh topics without actions to count. */
    Bed bed() {
        return Bed.publish(stack, cluster, new Workload(workload.spec().with(1)), 0);
    }
}
