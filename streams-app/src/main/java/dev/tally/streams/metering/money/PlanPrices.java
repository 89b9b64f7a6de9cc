package dev.tally.streams.metering.money;

import java.math.BigDecimal;
import java.math.RoundingMode;
import java.util.Currency;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * What a version of a plan costs, in units of its currency.
 *
 * @param currency ISO 4217
 * @param interval how often base and seats are invoiced, in advance
 * @param base per interval
 * @param perSeat per seat and interval
 * @param overage by meter, of usage beyond what is included
 */
public record PlanPrices(
        String currency, Interval interval, BigDecimal base, BigDecimal perSeat, Map<String, OveragePrice> overage) {

    private static final int USUAL_DECIMALS = 2;

    /** How often something is invoiced. */
    public enum Interval {
        MONTH(1),
        YEAR(12);

        private final int months;

        Interval(int months) {
            this.months = months;
        }

        int months() {
            return months;
        }
    }

    /** How part of a block of units is priced. */
    public enum Rounding {
        /** In proportion. */
        EXACT,
        /** As a whole block. */
        BLOCK_UP
    }

    /**
     * A price of usage.
     *
     * @param amount of {@code per} units
     * @param per 1 or more
     */
    public record OveragePrice(BigDecimal amount, long per, Rounding rounding) {

        /**
         * The price of units on one line of an invoice, rounded half up once. What a meter holds below zero costs nothing.
         *
         * @param decimals of the currency
         */
        BigDecimal of(long units, int decimals) {
            BigDecimal billed = BigDecimal.valueOf(Math.max(0, units));
            BigDecimal size = BigDecimal.valueOf(per);
            return switch (rounding) {
                case EXACT -> amount.multiply(billed).divide(size, decimals, RoundingMode.HALF_UP);
                case BLOCK_UP ->
                    amount.multiply(billed.divide(size, 0, RoundingMode.CEILING))
                            .setScale(decimals, RoundingMode.HALF_UP);
            };
        }
    }

    public PlanPrices {
        overage = Map.copyOf(overage);
    }

    /** What units of a meter beyond what is included cost on one line of an invoice. */
    public BigDecimal overage(String meter, long units) {
        OveragePrice price = overage.get(meter);
        return price == null ? zero() : price.of(units, decimals());
    }

    /** Whether usage of a meter beyond what is included has a price. */
    public boolean prices(String meter) {
        return overage.containsKey(meter);
    }

    BigDecimal of(Licence licence, long quantity) {
        return switch (licence) {
            case BASE -> base;
            case SEATS -> perSeat.multiply(BigDecimal.valueOf(quantity));
        };
    }

    /** What is paid for in advance. */
    enum Licence {
        BASE,
        SEATS
    }

    /** Decimals of the smallest unit of its currency, to which each line of an invoice is rounded; 2 where Java does not know it. */
    public int decimals() {
        Currency known = known(currency);
        return known == null || known.getDefaultFractionDigits() < 0
                ? USUAL_DECIMALS
                : known.getDefaultFractionDigits();
    }

    private static @Nullable Currency known(String code) {
        try {
            return Currency.getInstance(code);
        } catch (IllegalArgumentException notInThisRelease) {
            return null;
        }
    }

    /** Nothing, with the decimals of the currency. */
    public BigDecimal zero() {
        return BigDecimal.ZERO.setScale(decimals());
    }
}
