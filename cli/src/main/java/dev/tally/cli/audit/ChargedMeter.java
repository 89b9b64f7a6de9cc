package dev.tally.cli.audit;

import java.util.Comparator;

/** A payer's meter in one billing period. */
public record ChargedMeter(String payer, String meter, BillingMonth period) implements Comparable<ChargedMeter> {

    private static final Comparator<ChargedMeter> ORDER = Comparator.comparing(ChargedMeter::payer)
            .thenComparing(charged -> charged.period().start())
            .thenComparing(ChargedMeter::meter);

    @Override
    public int compareTo(ChargedMeter other) {
        return ORDER.compare(this, other);
    }

    @Override
    public String toString() {
        return payer + " " + meter + " from " + period.start();
    }
}
