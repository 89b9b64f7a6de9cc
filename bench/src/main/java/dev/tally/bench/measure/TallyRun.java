package dev.tally.bench.measure;

import dev.tally.bench.report.Figures;
import dev.tally.bench.stack.BenchStack;
import dev.tally.bench.workload.BenchCatalogue;
import dev.tally.bench.workload.Expected;
import dev.tally.bench.workload.Sum;
import dev.tally.schemas.topics.Topics;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/** One run of Tally, in a fresh process with a fresh application id, over the actions that lie there. */
final class TallyRun {

    /** Facts wait until their interval has settled, which goes by ticks: a matter of seconds after the last action. */
    private static final int FACTS_WITHIN_SECONDS = 60;

    private final Bed bed;
    private final Variant variant;
    private final String name;
    private final Map<String, String> settings;

    TallyRun(Bed bed, Variant variant, String name, Map<String, String> settings) {
        this.bed = bed;
        this.variant = variant;
        this.name = name;
        this.settings = new HashMap<>(settings);
        this.settings.putAll(variant.settings());
    }

    Figures run() {
        bed.cluster().reset();
        bed.cluster().create();
        bed.apply(isFull() ? BenchCatalogue.full(bed.workload().spec()) : BenchCatalogue.core());
        long bytesBefore = bed.cluster().bytes();
        Topics topics = bed.cluster().topics();
        try (TallyApp app = TallyApp.start(bed.stack(), bed.cluster(), name, variant.threads(), settings);
                GroupProgress progress =
                        new GroupProgress(bed.cluster().admin(), bed.stack().bootstrapServers(), name)) {
            List<String> chain = List.of(topics.actions(), topics.actionsHome(), topics.subjectLog());
            Timing timing = new GroupClock(app.process(), bed.stack().broker(), progress)
                    .time(chain, bed.warmUp(), bed.records());
            double bytes = (double) (bed.cluster().bytes() - bytesBefore) / bed.records();
            app.process().collectGarbage();
            long heap = app.heapBytes();
            long resident = app.process().usage().maxResidentBytes();
            long disk = BenchStack.diskBytes(app.state());
            verify(app);
            return timing.with(bytes, heap, resident, disk);
        }
    }

    private boolean isFull() {
        return variant == Variant.T_FULL;
    }

    private void verify(TallyApp app) {
        Expected expected = bed.expected();
        WrongSums.require(name, "records read", (long) bed.records(), app.conserved("read"));
        WrongSums.require(name, "actions counted", expected.unique(), app.conserved("counted"));
        WrongSums.require(name, "duplicates", expected.duplicates(), app.conserved("duplicate"));
        WrongSums.require(name, "late actions", 0L, app.conserved("late"));
        WrongSums.require(name, "dead letters", 0L, app.conserved("deadLettered"));
        Outputs outputs = new Outputs(bed);
        Outputs.Usage usage = outputs.usage();
        for (String meter : isFull() ? expected.users().keySet() : List.of(BenchCatalogue.ACTIONS)) {
            WrongSums.require(
                    name,
                    "usage topic, users, " + meter,
                    expected.users().getOrDefault(meter, Sum.NONE),
                    usage.users().getOrDefault(meter, Sum.NONE));
            WrongSums.require(
                    name,
                    "usage topic, orgs, " + meter,
                    expected.orgs().getOrDefault(meter, Sum.NONE),
                    usage.orgs().getOrDefault(meter, Sum.NONE));
        }
        if (isFull()) {
            WrongSums.require(name, "alerts of daily limits reached", expected.reached(), outputs.usersAtLimit());
            if (!app.await(() -> outputs.billed().equals(expected.billed()), FACTS_WITHIN_SECONDS)) {
                WrongSums.require(name, "billable facts", expected.billed(), outputs.billed());
            }
        }
    }
}
