package dev.tally.bench.report;

import java.util.Collection;
import java.util.List;
import java.util.function.ToDoubleFunction;

/** Medians: one odd run among three, such as one beside another program's burst, changes nothing. */
public final class Medians {

    private Medians() {}

    /** The middle value; between two middle values their mean. */
    public static double of(Collection<Double> values) {
        if (values.isEmpty()) {
            throw new IllegalArgumentException("nothing has no median");
        }
        double[] sorted =
                values.stream().mapToDouble(Double::doubleValue).sorted().toArray();
        int middle = sorted.length / 2;
        return sorted.length % 2 == 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
    }

    /** Each figure's median by itself. */
    public static Figures ofRounds(List<Figures> rounds) {
        return new Figures(
                median(rounds, Figures::eventsPerSecond),
                median(rounds, Figures::appCpuSecondsPerMillion),
                median(rounds, Figures::brokerCpuSecondsPerMillion),
                median(rounds, Figures::brokerBytesPerEvent),
                median(rounds, Figures::heapBytes),
                median(rounds, Figures::maxResidentBytes),
                median(rounds, Figures::stateBytes),
                median(rounds, Figures::readySeconds),
                median(rounds, Figures::idDiskChecks));
    }

    private static double median(List<Figures> rounds, ToDoubleFunction<Figures> figure) {
        return of(rounds.stream().map(figure::applyAsDouble).toList());
    }
}
