package dev.tally.streams.metering;

/**
 * Where what a period includes, with grants, stands for one payer and meter.
 *
 * @param allocation what the period includes
 * @param grantsLeft what is left of the grants in force
 * @param covered what covered the period's usage
 * @param forgiven what lay beyond the pool before it was last raised: not owed later, so it takes nothing from what came since
 */
public record Pool(long allocation, long grantsLeft, Coverage covered, long forgiven) {

    /** What may be used in the period in all. */
    public long limit() {
        return Amounts.plus(allocation, Amounts.plus(covered.granted(), grantsLeft));
    }

    /** What of {@link #limit} is used, and what was used beyond it since it was last raised. */
    public long used() {
        return Amounts.plus(Amounts.plus(covered.granted(), covered.included()), covered.beyond() - forgiven);
    }

    /** What may still be used. */
    public long remaining() {
        return Amounts.plus(Math.max(0, allocation - covered.included()), grantsLeft);
    }

    /** As a level of its limit. */
    public Thresholds.Level level() {
        return new Thresholds.Level(used(), limit(), remaining(), allocation);
    }
}
