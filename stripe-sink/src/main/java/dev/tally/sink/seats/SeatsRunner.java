package dev.tally.sink.seats;

import dev.tally.sink.delivery.LifeRunner;

/** Keeps the telling of seats alive, as {@link LifeRunner} does. */
public final class SeatsRunner {
    private SeatsRunner() {}

    /** Starts in a thread of its own; {@code gaveUp} is called there when it failed too often in a row. */
    public static LifeRunner start(SeatsSettings settings, SeatsCollaborators with, Runnable gaveUp) {
        return LifeRunner.start(
                "seats", () -> new SeatsLoop(settings, with), with.clock(), with.status()::notReady, gaveUp);
    }
}
