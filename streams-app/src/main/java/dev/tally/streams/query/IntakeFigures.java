package dev.tally.streams.query;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/**
 * What some partitions of the intake tell.
 *
 * @param watermarks where each of them stands
 * @param conservation what became of the records that they took home, by the partition of {@code actions} where they were first read
 */
public record IntakeFigures(List<PartitionWatermark> watermarks, List<Conservation> conservation) {

    public IntakeFigures {
        watermarks = List.copyOf(watermarks);
        conservation = List.copyOf(conservation);
    }

    /** With what other partitions tell. */
    IntakeFigures plus(IntakeFigures others) {
        List<PartitionWatermark> both = new ArrayList<>(watermarks);
        both.addAll(others.watermarks);
        both.sort(Comparator.comparingInt(PartitionWatermark::partition));
        Map<Integer, Conservation> sums = new TreeMap<>();
        conservation.forEach(one -> sums.put(one.partition(), one));
        others.conservation.forEach(one -> sums.merge(one.partition(), one, Conservation::plus));
        return new IntakeFigures(both, List.copyOf(sums.values()));
    }
}
