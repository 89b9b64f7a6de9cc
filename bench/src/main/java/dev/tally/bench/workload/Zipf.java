package dev.tally.bench.workload;

import java.util.SplittableRandom;

/**
 * Ranks with probability proportional to {@code 1 / rank^exponent}, by rejection-inversion (W. Hörmann, G. Derflinger, 1996): constant
 * memory, so that ten million users cost no more than ten.
 */
final class Zipf {

    private final int size;
    private final double exponent;
    private final double first;
    private final double last;
    private final double sure;

    /** Over ranks 0 to {@code size - 1}; the exponent is not 1. */
    Zipf(int size, double exponent) {
        if (size < 1 || exponent <= 0 || exponent == 1) {
            throw new IllegalArgumentException("no Zipf distribution over " + size + " with exponent " + exponent);
        }
        this.size = size;
        this.exponent = exponent;
        this.first = integral(1.5) - 1;
        this.last = integral(size + 0.5);
        this.sure = 2 - inverse(integral(2.5) - weight(2));
    }

    int rank(SplittableRandom random) {
        while (true) {
            double u = last + random.nextDouble() * (first - last);
            double x = inverse(u);
            int k = Math.clamp(Math.round(x), 1, size);
            if (k - x <= sure || u >= integral(k + 0.5) - weight(k)) {
                return k - 1;
            }
        }
    }

    private double weight(double x) {
        return Math.pow(x, -exponent);
    }

    private double integral(double x) {
        return (Math.pow(x, 1 - exponent) - 1) / (1 - exponent);
    }

    private double inverse(double y) {
        return Math.pow(Math.max(0, 1 + y * (1 - exponent)), 1 / (1 - exponent));
    }
}
