package dev.tally.sink.checks;

import java.util.Set;

/** The event names of Stripe meters that the catalogue refers to. */
@FunctionalInterface
public interface MeterNames {
    /** Reads them anew; Kafka's exceptions when it does not answer. */
    Set<String> read();
}
