package dev.tally.bench.measure;

import dev.tally.bench.stack.ProcessUsage;

/** Time, and the CPU of a program and of the broker. */
final class Stopwatch {

    private final ProcessUsage app;
    private final ProcessUsage broker;
    private final long begun = System.nanoTime();
    private final double appBegun;
    private final double brokerBegun;

    private Stopwatch(ProcessUsage app, ProcessUsage broker) {
        this.app = app;
        this.broker = broker;
        this.appBegun = app.cpuSeconds();
        this.brokerBegun = broker.cpuSeconds();
    }

    static Stopwatch start(ProcessUsage app, ProcessUsage broker) {
        return new Stopwatch(app, broker);
    }

    Timing stop(long records) {
        double seconds = (System.nanoTime() - begun) / 1e9;
        return new Timing(records, seconds, app.cpuSeconds() - appBegun, broker.cpuSeconds() - brokerBegun);
    }
}
