package dev.tally.streams.metering;

/**
 * What covers an amount of usage; the four add up to it.
 *
 * @param granted taken from grants
 * @param included taken from the period's allocation
 * @param overage beyond both and billable
 * @param excess beyond both and never billed
 */
public record Coverage(long granted, long included, long overage, long excess) {

    /** Nothing. */
    public static final Coverage NONE = new Coverage(0, 0, 0, 0);

    /** An amount that nothing covers and nobody is billed for. */
    public static Coverage allExcess(long amount) {
        return new Coverage(0, 0, 0, amount);
    }

    /**
     * Covers what grants have left over.
     *
     * @param amount 0 or more
     * @param granted the part of it that grants cover
     * @param allocationLeft what is left of the period's allocation
     * @param overageLeft how much may be billed beyond: 0 where nothing is, {@link Long#MAX_VALUE} where anything is
     */
    public static Coverage of(long amount, long granted, long allocationLeft, long overageLeft) {
        long left = amount - granted;
        long included = Math.min(left, Math.max(0, allocationLeft));
        long overage = Math.min(left - included, Math.max(0, overageLeft));
        return new Coverage(granted, included, overage, left - included - overage);
    }

    /** Both together. */
    public Coverage plus(Coverage other) {
        return new Coverage(
                Amounts.plus(granted, other.granted),
                Amounts.plus(included, other.included),
                Amounts.plus(overage, other.overage),
                Amounts.plus(excess, other.excess));
    }

    /** All of it. */
    public long total() {
        return Amounts.plus(Amounts.plus(granted, included), beyond());
    }

    /** What neither grants nor the allocation cover. */
    public long beyond() {
        return Amounts.plus(overage, excess);
    }
}
