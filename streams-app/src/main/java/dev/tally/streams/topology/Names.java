package dev.tally.streams.topology;

/** Names of nodes. */
final class Names {

    static final String ACTIONS_SOURCE = "actions-source";
    static final String ACTIONS_HOME_SOURCE = "actions-home-source";
    static final String BRING_HOME = "bring-home";
    static final String ARRIVE_HOME = "arrive-home";
    static final String INTAKE = "intake";
    static final String ACTIONS_HOME_SINK = "actions-home-sink";
    static final String DEAD_LETTERS_SINK = "dead-letters-sink";
    static final String LATE_ACTIONS_SINK = "late-actions-sink";
    static final String INTAKE_NOTES_SINK = "intake-notes-sink";
    static final String INTAKE_LOG_SINK = "intake-subject-log-sink";

    static final String CATALOGUE_SOURCE = "catalogue-source";
    static final String CATALOGUE = "catalogue";
    static final String CATALOGUE_LOG_SINK = "catalogue-subject-log-sink";
    static final String CATALOGUE_IN_FORCE_SINK = "catalogue-in-force-sink";
    static final String CATALOGUE_DEAD_LETTERS_SINK = "catalogue-dead-letters-sink";
    static final String CATALOGUE_VIEW_SOURCE = "catalogue-view-source";
    static final String CATALOGUE_VIEW = "catalogue-view";

    static final String SUBJECT_LOG_SOURCE = "subject-log-source";
    static final String ACCOUNTS = "accounts";
    static final String USAGE_SINK = "usage-sink";
    static final String QUOTA_ALERTS_SINK = "quota-alerts-sink";
    static final String BILLABLE_USAGE_SINK = "billable-usage-sink";
    static final String SEAT_CHANGES_SINK = "seat-changes-sink";
    static final String ADMISSIONS_SINK = "admissions-sink";

    private Names() {}
}
