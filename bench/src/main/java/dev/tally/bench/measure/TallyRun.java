package dev.tally.bench.measure;

import dev.tally.bench.report.Figures;
import dev.tally.bench.stack.BenchStack;
import dev.tally.bench.workload.BenchCatalogue;
import dev.tally.schemas.topics.Topics;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/** One run of Tally, in a fresh process with a fresh application id, over the actions that lie there. */
final class TallyRun {

    private final Bed bed;
    private final Variant variant;
    private final String name;
    private final Map<String, String> settings;
    private final long remembered;

    /** @param remembered ids that the memory of ids holds before */
    TallyRun(Bed bed, Variant variant, String name, Map<String, String> settings, long remembered) {
        this.bed = bed;
        this.variant = variant;
        this.name = name;
        this.settings = new HashMap<>(settings);
        this.settings.putAll(variant.settings());
        this.remembered = remembered;
    }

    Figures run() {
        bed.cluster().reset();
        bed.cluster().create();
        bed.apply(isFull() ? BenchCatalogue.full(bed.workload().spec()) : BenchCatalogue.core());
        if (remembered > 0) {
            new SeededState(bed, name, settings).write(remembered);
        }
        long bytesBefore = bed.cluster().bytes();
        Topics topics = bed.cluster().topics();
        try (TallyApp app = TallyApp.start(bed.stack(), bed.cluster(), name, variant.threads(), settings);
                GroupProgress progress =
                        new GroupProgress(bed.cluster().admin(), bed.stack().bootstrapServers(), name)) {
            List<String> chain = List.of(topics.actions(), topics.actionsHome(), topics.subjectLog());
            if (remembered > 0) {
                // Partitions that are restored first begin to count; only with all of them does the time count.
                app.awaitReady();
            }
            Timing timing = new GroupClock(app.process(), bed.stack().broker(), progress)
                    .time(chain, bed.warmUp(), bed.records());
            if (remembered > 0 && timing.records() < (bed.records() - bed.warmUp()) / 2) {
                throw new IllegalStateException(name + " read too many records before it was ready: take more of them");
            }
            double bytes = (double) (bed.cluster().bytes() - bytesBefore) / bed.records();
            app.process().collectGarbage();
            long heap = app.heapBytes();
            long resident = app.process().usage().maxResidentBytes();
            long disk = BenchStack.diskBytes(app.state());
            new TallySums(bed, bed.expected(), isFull(), remembered).verify(app, name);
            return timing.with(bytes, heap, resident, disk).with(app.readySeconds(), app.idDiskChecks());
        }
    }

    private boolean isFull() {
        return variant == Variant.T_FULL;
    }
}
