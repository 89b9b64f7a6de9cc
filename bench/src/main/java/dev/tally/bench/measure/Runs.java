package dev.tally.bench.measure;

import dev.tally.bench.report.Figures;
import java.util.Map;

/** Runs variants, each time in a fresh process and with an application id of its own. */
public final class Runs {

    private final Map<String, String> settings;
    private final long remembered;

    /**
     * Runs of variants under the same conditions.
     *
     * @param settings settings of streams-app besides the bench's own
     * @param remembered ids that Tally's memory of ids holds before each run
     */
    public Runs(Map<String, String> settings, long remembered) {
        this.settings = Map.copyOf(settings);
        this.remembered = remembered;
    }

    /**
     * Runs one variant over the workload of a bed, and checks its sums.
     *
     * @param run tells this run from others on the same broker
     * @throws WrongSums when it counted anything but the workload
     */
    public Figures run(Bed bed, Variant variant, String run) {
        String name = "bench-" + variant.label() + "-" + run;
        return variant.isTally()
                ? new TallyRun(bed, variant, name, settings, remembered).run()
                : new BaselineRun(bed, variant, name).run();
    }
}
