package dev.tally.streams.metering;

/**
 * Amounts on a scale of eight steps to each doubling: exact up to 15, within a sixteenth above. Small numbers to store, and halfway
 * between two of them is the geometric mean of their amounts.
 */
final class LogScale {

    private LogScale() {}

    /** The step of an amount; 0 for 0 or less. */
    static int step(long amount) {
        if (amount <= 0) {
            return 0;
        }
        int octave = 63 - Long.numberOfLeadingZeros(amount);
        long eighths = octave >= 3 ? amount >>> (octave - 3) : amount << (3 - octave);
        return 1 + 8 * octave + (int) (eighths & 7);
    }

    /** The amount in the middle of a step. */
    static long amount(int step) {
        if (step <= 0) {
            return 0;
        }
        int octave = (step - 1) / 8;
        long eighths = 8L + (step - 1) % 8;
        if (octave < 3) {
            return eighths >>> (3 - octave);
        }
        long width = 1L << (octave - 3);
        return eighths * width + (width - 1) / 2;
    }
}
