package dev.tally.sink.delivery;

/** Keeps the delivery of facts alive, as {@link LifeRunner} does. */
public final class DeliveryRunner {
    private DeliveryRunner() {}

    /** Starts in a thread of its own; {@code gaveUp} is called there when it failed too often in a row. */
    public static LifeRunner start(DeliverySettings settings, Collaborators with, Runnable gaveUp) {
        return LifeRunner.start(
                "delivery", () -> new DeliveryLoop(settings, with), with.clock(), with.status()::notReady, gaveUp);
    }
}
