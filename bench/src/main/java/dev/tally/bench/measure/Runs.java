package dev.tally.bench.measure;

import dev.tally.bench.report.Figures;
import java.util.Map;

/** Runs variants, each time in a fresh process and with an application id of its own. */
public final class Runs {

    private final Map<String, String> settings;

    /** @param settings settings of streams-app besides the bench's own */
    public Runs(Map<String, String> settings) {
        this.settings = Map.copyOf(settings);
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
                ? new TallyRun(bed, variant, name, settings).run()
                : new BaselineRun(bed, variant, name).run();
    }
}
