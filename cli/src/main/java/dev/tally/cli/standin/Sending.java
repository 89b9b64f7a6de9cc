package dev.tally.cli.standin;

import java.time.Duration;

/** How an answer goes over the wire. */
sealed interface Sending {
    /** As a whole. */
    record Whole() implements Sending {}

    /** Not at all: the client sees the connection end. */
    record Nothing() implements Sending {}

    /** Its headers and half of its body, then the connection ends. */
    record Half() implements Sending {}

    /** The body in small pieces, spread evenly over this time of the machine's clock. */
    record Slowly(Duration over) implements Sending {}
}
