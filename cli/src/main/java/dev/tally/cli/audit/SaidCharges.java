package dev.tally.cli.audit;

import java.util.Map;

/**
 * What Tally says about a payer's meter in a billing period.
 *
 * @param included what the period includes
 * @param granted what grants gave, and what is left of them
 * @param used all that is accounted for
 * @param unreported overage that no fact has been emitted for
 * @param burns what was taken from each grant, by grantId
 */
public record SaidCharges(
        long included,
        long granted,
        long used,
        long includedRemaining,
        long grantsRemaining,
        long overage,
        long excess,
        long unreported,
        Map<String, Long> burns) {

    /** Nothing was said: nothing is accounted for. */
    public static final SaidCharges NONE = new SaidCharges(0, 0, 0, 0, 0, 0, 0, 0, Map.of());

    public SaidCharges {
        burns = Map.copyOf(burns);
    }

    /** What covered it. */
    Split split() {
        return new Split(included - includedRemaining, overage, excess, burns);
    }
}
