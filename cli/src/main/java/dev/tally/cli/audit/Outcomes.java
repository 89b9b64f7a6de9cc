package dev.tally.cli.audit;

/**
 * What became of the records of one partition of {@code actions}.
 *
 * @param read all of them: the sum of the others
 */
public record Outcomes(long read, long counted, long readOnly, long duplicate, long late, long deadLettered) {

    /** Nothing read. */
    public static final Outcomes NONE = new Outcomes(0, 0, 0, 0, 0, 0);
}
