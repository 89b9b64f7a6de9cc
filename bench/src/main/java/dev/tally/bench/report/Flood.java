package dev.tally.bench.report;

/**
 * What garbage among the actions does to the rate of all records.
 *
 * @param percent of the records that are garbage
 * @param withGarbage records per second, garbage included
 * @param without records per second where there is none
 * @param ratio of the two: 1 where garbage costs what an action costs
 */
public record Flood(int percent, double withGarbage, double without, double ratio) {

    /** Compares two rates. */
    public static Flood of(int percent, double withGarbage, double without) {
        return new Flood(percent, withGarbage, without, withGarbage / without);
    }
}
