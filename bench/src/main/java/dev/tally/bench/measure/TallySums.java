package dev.tally.bench.measure;

import dev.tally.bench.workload.BenchCatalogue;
import dev.tally.bench.workload.Expected;
import dev.tally.bench.workload.Sum;
import java.util.List;
import java.util.TreeMap;

/** Whether Tally has counted the workload of a bed, all of it and nothing else. */
final class TallySums {

    /** Facts wait until their interval has settled, which goes by ticks: a matter of seconds after the last action. */
    private static final int FACTS_WITHIN_SECONDS = 60;

    /** They are told on ticks. */
    static final int IDS_WITHIN_SECONDS = 10;

    private final Bed bed;
    private final Expected expected;
    private final boolean full;
    private final long remembered;

    /**
     * With this much of a bed read.
     *
     * @param expected what was read
     * @param full whether the catalogue was that of {@link Variant#T_FULL}
     * @param remembered ids that the memory of ids held before
     */
    TallySums(Bed bed, Expected expected, boolean full, long remembered) {
        this.bed = bed;
        this.expected = expected;
        this.full = full;
        this.remembered = remembered;
    }

    /** Fails where a number differs. */
    void verify(TallyApp app, String name) {
        long records = expected.unique() + expected.duplicates() + bed.refused();
        WrongSums.require(name, "records read", records, app.conserved("read"));
        WrongSums.require(name, "actions counted", expected.unique(), app.conserved("counted"));
        WrongSums.require(name, "duplicates", expected.duplicates(), app.conserved("duplicate"));
        WrongSums.require(name, "late actions", 0L, app.conserved("late"));
        WrongSums.require(name, "dead letters", bed.refused(), app.conserved("deadLettered"));
        WrongSums.require(name, "dead letters by reason", new TreeMap<>(bed.deadLetters()), app.deadLetters());
        long ids = remembered + expected.unique();
        if (!app.await(() -> app.idsRemembered() == ids, IDS_WITHIN_SECONDS)) {
            WrongSums.require(name, "ids remembered", ids, app.idsRemembered());
        }
        Outputs outputs = new Outputs(bed);
        WrongSums.require(name, "topic of dead letters", new TreeMap<>(bed.deadLetters()), outputs.deadLetters());
        Outputs.Usage usage = outputs.usage();
        for (String meter : full ? expected.users().keySet() : List.of(BenchCatalogue.ACTIONS)) {
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
        if (full) {
            WrongSums.require(name, "alerts of daily limits reached", expected.reached(), outputs.usersAtLimit());
            if (!app.await(() -> outputs.billed().equals(expected.billed()), FACTS_WITHIN_SECONDS)) {
                WrongSums.require(name, "billable facts", expected.billed(), outputs.billed());
            }
        }
    }
}
