package dev.tally.streams.metering;

/**
 * What covers an amount of usage.
 *
 * @param included taken from the period's allocation
 * @param overage beyond it and billable
 * @param excess beyond it and never billed
 */
public record Coverage(long included, long overage, long excess) {

    /** Nothing. */
    public static final Coverage NONE = new Coverage(0, 0, 0);

    /**
     * Covers an amount in processing order.
     *
     * @param amount 0 or more
     * @param allocation what the period includes
     * @param includedBefore what was taken from it before
     * @param bills whether what lies beyond is billable
     */
    public static Coverage of(long amount, long allocation, long includedBefore, boolean bills) {
        long included = Math.min(amount, Math.max(0, allocation - includedBefore));
        long beyond = amount - included;
        return new Coverage(included, bills ? beyond : 0, bills ? 0 : beyond);
    }

    /** Both together. */
    public Coverage plus(Coverage other) {
        return new Coverage(
                Amounts.plus(included, other.included),
                Amounts.plus(overage, other.overage),
                Amounts.plus(excess, other.excess));
    }
}
