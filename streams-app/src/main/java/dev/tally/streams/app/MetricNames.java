package dev.tally.streams.app;

/** Names of Tally's own metrics, part of the public contract. In Prometheus' form dots are underscores. */
final class MetricNames {

    /** Records of {@code actions} by partition and outcome: read, counted, read_only, duplicate, late, dead_lettered. */
    static final String INTAKE_RECORDS = "tally.intake.records";

    /** Dead letters of {@code actions} by partition and reason. */
    static final String INTAKE_DEAD_LETTERS = "tally.intake.dead.letters";

    /** Highest accepted event time of a partition of {@code actions}, in seconds since the epoch. */
    static final String INTAKE_STREAM_TIME = "tally.intake.stream.time.seconds";

    /**
     * Closed billing intervals by partition of {@code subject-log} that wait for the record of their plan, counted up to 100,000. Nothing
     * of them is billed until the plan is in the catalogue.
     */
    static final String BILLING_INTERVALS_WAITING = "tally.billing.intervals.waiting";

    /** Ids of accepted actions that are remembered, by partition of {@code actions}. */
    static final String IDS_REMEMBERED = "tally.ids.remembered";

    /** Heap of the memory of ids, in bytes, by partition of {@code actions}; at most its share of {@code dedup.memory}. */
    static final String IDS_BYTES = "tally.ids.heap";

    /**
     * Rows read to look an id up since the partition came to this instance. Where it grows as fast as actions come, {@code dedup.memory} is
     * too small for rate and horizon.
     */
    static final String IDS_DISK_CHECKS = "tally.ids.disk.checks";

    /** Events that used more of a meter than their admission held, since the start of the process. */
    static final String SETTLED_OVER = "tally.settled.over";

    /** Requests for admissions that had no valid payer or action to keep an answer under, since the start of the process. */
    static final String ADMISSIONS_UNKEPT = "tally.admissions.unkept";

    /** Actions counted for an org that pays for them, of users who are none of its accepted members, since the start of the process. */
    static final String NON_MEMBER_ACTIONS = "tally.non.member.actions";

    /** Questions that went to other instances, by who answered: owner, standby or nobody. */
    static final String FORWARDED_READS = "tally.forwarded.reads";

    /** Streams of usage (server-sent events) that are open. */
    static final String STREAMS_OPEN = "tally.streams.open";

    /** Events given out to streams of usage, since the start of the process. */
    static final String STREAMS_EVENTS = "tally.streams.events";

    /** Streams of usage that were ended because their listener did not take what was written, since the start of the process. */
    static final String STREAMS_DROPPED = "tally.streams.dropped";

    /**
     * Instances without an address of their own, as this one knows of its group: {@code application.server} is the same on several, or
     * empty with a wildcard. What they keep may be asked of nobody.
     */
    static final String INSTANCES_UNADDRESSED = "tally.instances.unaddressed";

    /** Seconds by which the state of a partition is behind, by stage (intake, accounts) and partition; beyond 10 its answers are stale. */
    static final String BEHIND = "tally.behind.seconds";

    /** Alerts raised, by kind, since the start of the process. */
    static final String ALERTS_RAISED = "tally.alerts.raised";

    /** Billable facts made, by kind, since the start of the process. */
    static final String FACTS_MADE = "tally.facts.made";

    /** Admissions that came to a decision, by decision, since the start of the process. */
    static final String ADMISSIONS_DECIDED = "tally.admissions.decided";

    /** Catalogue records that were refused and kept as dead letters, by kind, since the start of the process. */
    static final String CATALOGUE_REFUSED = "tally.catalogue.refused";

    /** Standby copies that the settings ask for. */
    static final String STANDBY_REPLICAS = "tally.standby.replicas";

    /** The time as this process has it, in seconds since the epoch. */
    static final String CLOCK = "tally.clock.seconds";

    /** Answers to HTTP requests by method, route and status, with the time each took; of a stream, until it ended. */
    static final String HTTP_REQUESTS = "tally.http.requests";

    /** 1 when queries are answered. */
    static final String READY = "tally.ready";

    /** With TLS: until when the certificate that is served is valid, in seconds since the epoch. */
    static final String TLS_NOT_AFTER = "tally.http.tls.not.after.seconds";

    /** With TLS: 1 when the certificate that is served is the one in its file, 0 while that cannot be used. */
    static final String TLS_CURRENT = "tally.http.tls.current";

    private MetricNames() {}
}
