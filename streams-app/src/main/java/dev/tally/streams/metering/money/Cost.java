package dev.tally.streams.metering.money;

import java.math.BigDecimal;

/**
 * What a billing period costs: what its invoice at Stripe comes to. Amounts have the decimals of the currency.
 *
 * @param currency ISO 4217
 * @param base of the plans of the period, with prorations
 * @param seats with prorations
 * @param overage usage beyond what is included, as far as it is counted
 * @param projected what it will be at the end of the period
 */
public record Cost(String currency, BigDecimal base, BigDecimal seats, BigDecimal overage, Projected projected) {

    /** What a period will have cost at its end: most probably, and between what. */
    public record Projected(BigDecimal low, BigDecimal likely, BigDecimal high) {}

    /** All of it, as far as it is known. */
    public BigDecimal toDate() {
        return base.add(seats).add(overage);
    }
}
