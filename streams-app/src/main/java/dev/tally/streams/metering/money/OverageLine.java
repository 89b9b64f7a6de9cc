package dev.tally.streams.metering.money;

import java.math.BigDecimal;
import org.jspecify.annotations.Nullable;

/**
 * A line of an invoice about usage of one meter beyond what is included, at the prices of one plan version.
 *
 * @param units that are charged in the period; negative where more was taken back than used
 * @param included of these units: where Stripe, and not Tally, takes off what is included ({@code report: ALL}), else 0
 * @param room for what is still used in the period; null: nothing more comes to this line
 */
public record OverageLine(
        PlanPrices prices,
        String meter,
        long units,
        long included,
        @Nullable Room room) {

    /**
     * What becomes of further usage.
     *
     * @param covered units of it that grants and the allocation still cover
     * @param billed the most units that are billed beyond; {@link Long#MAX_VALUE}: all
     */
    public record Room(long covered, long billed) {

        long billedOf(long more) {
            return Math.min(Math.max(0, more - covered), billed);
        }
    }

    /**
     * What it comes to, rounded once.
     *
     * @param more units that will still be used in the period
     */
    public BigDecimal amount(long more) {
        long further = room == null ? 0 : room.billedOf(more);
        long charged = units > Long.MAX_VALUE - further ? Long.MAX_VALUE : units + further;
        return prices.overage(meter, charged - included);
    }
}
