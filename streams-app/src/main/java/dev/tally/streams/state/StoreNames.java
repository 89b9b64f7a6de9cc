package dev.tally.streams.state;

import java.util.List;

/** Names of stores. They name changelog topics: changing one orphans state. */
public final class StoreNames {

    /** outcome counters and stream time of each intake partition. */
    public static final String INTAKE_COUNTERS = "intake-counters";

    /** ids of accepted actions. */
    public static final String EVENT_IDS = "event-ids";

    /** users' day windows. */
    public static final String USER_DAYS = "user-days";

    /** Global: the catalogue that the intake goes by. */
    public static final String CATALOGUE_IN_FORCE = "catalogue-in-force";

    /** the catalogue as each subject's log has it. */
    public static final String ACCOUNT_CATALOGUE = "account-catalogue";

    /** totals of day windows and billing periods. */
    public static final String ACCOUNT_WINDOWS = "account-windows";

    /** an org's days split by dimension. */
    public static final String ACCOUNT_SPLITS = "account-splits";

    /** what covered each period's usage. */
    public static final String ACCOUNT_CHARGES = "account-charges";

    /** what is used up of each grant. */
    public static final String ACCOUNT_GRANTS = "account-grants";

    /** billable amounts by billing interval. */
    public static final String ACCOUNT_INTERVALS = "account-intervals";

    /** intervals that owe a fact, in order of their ends. */
    public static final String ACCOUNT_OPEN_INTERVALS = "account-open-intervals";

    /** watermarks of the intake partitions, fact sequences. */
    public static final String ACCOUNT_CLOCK = "account-clock";

    /** when subjects are to be looked at again. */
    public static final String ACCOUNT_WAKES = "account-wakes";

    /** admissions: requests, their states, holds, queues. */
    public static final String ACCOUNT_ADMISSIONS = "account-admissions";

    /** the course of each subject's usage, and when to look at it again. */
    public static final String ACCOUNT_ACTIVITY = "account-activity";

    /** All stores that have a changelog. */
    public static final List<String> LOGGED = List.of(
            INTAKE_COUNTERS,
            EVENT_IDS,
            USER_DAYS,
            ACCOUNT_CATALOGUE,
            ACCOUNT_WINDOWS,
            ACCOUNT_SPLITS,
            ACCOUNT_CHARGES,
            ACCOUNT_GRANTS,
            ACCOUNT_INTERVALS,
            ACCOUNT_OPEN_INTERVALS,
            ACCOUNT_CLOCK,
            ACCOUNT_WAKES,
            ACCOUNT_ADMISSIONS,
            ACCOUNT_ACTIVITY);

    private StoreNames() {}
}
