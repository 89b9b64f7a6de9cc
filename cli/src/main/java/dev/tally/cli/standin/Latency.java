package dev.tally.cli.standin;

import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.TimeUnit;

/** The time a call takes over the internet and within Stripe, where {@link Variant#LATENCY} is chosen: 20 to 80 ms of the machine's clock. */
final class Latency {

    private static final int SHORTEST_MILLIS = 20;
    private static final int LONGEST_MILLIS = 80;

    private final boolean shown;
    private final CountDownLatch never = new CountDownLatch(1);

    Latency(StandInOptions options) {
        this.shown = options.shows(Variant.LATENCY);
    }

    /** Lets the time of one call pass; an interrupt ends it. */
    void pass() {
        if (!shown) {
            return;
        }
        try {
            var unused = never.await(
                    ThreadLocalRandom.current().nextInt(SHORTEST_MILLIS, LONGEST_MILLIS + 1), TimeUnit.MILLISECONDS);
        } catch (InterruptedException closed) {
            Thread.currentThread().interrupt();
        }
    }
}
