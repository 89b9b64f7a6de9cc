package dev.tally.cli.standin;

import java.math.BigDecimal;
import java.util.regex.Pattern;

/**
 * Values of meter events as Stripe takes them: whole numbers (its page on recording usage), or with {@link Variant#DECIMALS} numbers of up
 * to 12 decimals, as public reports have them; at most 15 significant digits (its changelog, 2026-04-22).
 */
final class Amounts {

    private static final Pattern WHOLE = Pattern.compile("-?[0-9]+");
    private static final Pattern DECIMAL = Pattern.compile("-?[0-9]+(\\.[0-9]{1,12})?");
    private static final int DIGITS = 15;

    private final boolean decimals;

    Amounts(StandInOptions options) {
        this.decimals = options.shows(Variant.DECIMALS);
    }

    /**
     * Reads a value.
     *
     * @param key of the payload that it came under
     * @throws Refusal if it is none that Stripe takes
     */
    BigDecimal read(String text, String key) {
        String param = "payload[" + key + "]";
        if (!isNumber(text)) {
            throw Refusal.executed(
                    null,
                    param,
                    "Invalid value '" + text + "': must be a "
                            + (decimals ? "number of at most 12 decimals." : "whole number."));
        }
        if (hasTooManyDigits(text)) {
            throw Refusal.executed(
                    null, param, "Invalid value '" + text + "': must have at most " + DIGITS + " significant digits.");
        }
        return new BigDecimal(text);
    }

    /** Whether it is a number, but one of more than 15 significant digits. */
    boolean hasTooManyDigits(String text) {
        return isNumber(text) && text.replace(".", "").replaceFirst("^-?0*", "").length() > DIGITS;
    }

    private boolean isNumber(String text) {
        return (decimals ? DECIMAL : WHOLE).matcher(text).matches();
    }
}
