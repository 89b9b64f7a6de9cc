package dev.tally.streams.query;

import java.util.List;

/** An org's usage split by one dimension; the rows add up to the total, largest first. */
public record Breakdown(List<Row> rows, long total) {

    /** One value of the dimension. */
    public record Row(String key, long used) {}

    public Breakdown {
        rows = List.copyOf(rows);
    }
}
