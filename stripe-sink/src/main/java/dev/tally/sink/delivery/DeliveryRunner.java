package dev.tally.sink.delivery;

/** Keeps the delivery of facts alive, as {@link LifeRunner} does. */
public final class DeliveryRunner {
    private final LifeRunner lives;

    private DeliveryRunner(LifeRunner lives) {
        this.lives = lives;
    }

    /** Starts to deliver in a thread of its own; {@code gaveUp} is called there when it failed too often in a row. */
    public static DeliveryRunner start(DeliverySettings settings, Collaborators with, Runnable gaveUp) {
        return new DeliveryRunner(LifeRunner.start(
                "delivery", () -> new DeliveryLoop(settings, with), with.clock(), with.status()::notReady, gaveUp));
    }

    /** Stops sending, commits what is done and leaves the group; waits for it at most half a minute. */
    public void stop() throws InterruptedException {
        lives.stop();
    }
}
