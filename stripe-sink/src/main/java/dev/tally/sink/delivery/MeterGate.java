package dev.tally.sink.delivery;

/** Says which meters may be reported at the moment; asked by several threads, answers at once. */
@FunctionalInterface
public interface MeterGate {
    /** Lets everything through. */
    MeterGate OPEN = eventName -> true;

    /** Whether facts of this meter may be sent; those that may not are held. */
    boolean maySend(String eventName);
}
