package dev.tally.bench.report;

/**
 * How a backlog of facts came to a Stripe with its limits.
 *
 * @param transport the setting {@code stripe.transport}
 * @param facts in the backlog
 * @param customers who pay them
 * @param eventsPerSecond the setting {@code stripe.rate.limit}
 * @param loadBefore the machine's load average before anything was started
 * @param drainSeconds from the start of the sink's process until the offset behind the last fact was committed
 * @param sustainedPerSecond facts per second from a tenth to nine tenths of them
 * @param slowestPerSecond the fewest facts per second in ten seconds of that part
 * @param calls that brought facts to Stripe
 * @param refused of all calls, those that were answered with 429: beyond a limit, or a second one of a customer and meter
 * @param sinkCpuSecondsPerMillion CPU of the sink for a million facts, its start included
 * @param brokerCpuSecondsPerMillion the same of the broker
 * @param standInCpuSecondsPerMillion the same of the stand-in
 * @param heapMegabytes the sink's largest heap, as it was started
 * @param heapBytes what it used of it after the last fact and a collection
 * @param residentBytes the most memory of the sink that was resident
 * @param restartSeconds from the start of the next process until it was ready, all of the ledger read again
 * @param restartHeapBytes what it then used of its heap after a collection
 */
public record Delivery(
        String transport,
        int facts,
        int customers,
        int eventsPerSecond,
        double loadBefore,
        double drainSeconds,
        double sustainedPerSecond,
        double slowestPerSecond,
        long calls,
        long refused,
        double sinkCpuSecondsPerMillion,
        double brokerCpuSecondsPerMillion,
        double standInCpuSecondsPerMillion,
        int heapMegabytes,
        double heapBytes,
        double residentBytes,
        double restartSeconds,
        double restartHeapBytes) {}
