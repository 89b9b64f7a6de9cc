package dev.tally.bench;

/** What is measured. */
enum Mode {
    /** All variants over the same actions. */
    THROUGHPUT,
    /** How soon an action shows, at several rates. */
    LATENCY,
    /** How soon an admission is answered beside other actions. */
    ADMISSION,
    /** T-full with more and more users. */
    GROWTH,
    /** How soon a standby counts on for an instance that was killed. */
    STANDBY,
    /** How fast stripe-sink brings a backlog of facts to Stripe's stand-in. */
    DELIVERY,
    /** How fast usage is answered over HTTP beside actions. */
    READS,
    /** How soon an action shows in open streams of usage, also where one of two instances is killed. */
    STREAMS,
    /** How fast, and with how much memory, --events actions of one org are exported. */
    EXPORT,
    /** What --subjects users with --events actions of one day take, and how soon their state is restored. */
    CAPACITY
}
