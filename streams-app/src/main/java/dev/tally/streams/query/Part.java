package dev.tally.streams.query;

import dev.tally.keys.Subject;
import dev.tally.schemas.topics.Topics;
import dev.tally.streams.state.Freshness.Stage;
import dev.tally.streams.state.Homes;

/** One partition of the state of one stage. */
record Part(Stage stage, int partition) {

    /** Where a user's day counts are. */
    static Part ofUserDays(Subject user, Topics topics) {
        return new Part(Stage.INTAKE, Homes.ofUser(user.id(), topics.actionsPartitions()));
    }

    /** Where all else is that is kept of a subject. */
    static Part ofAccount(Subject subject, Topics topics) {
        return new Part(Stage.ACCOUNTS, Homes.ofAccount(subject, topics.subjectPartitions()));
    }

    /** Where a subject's days are: a user's at the intake, where they show before the commit, an org's in its account. */
    static Part ofDays(Subject subject, Topics topics) {
        return switch (subject.kind()) {
            case USER -> ofUserDays(subject, topics);
            case ORG -> ofAccount(subject, topics);
        };
    }

    /** The topic whose partitions the stage works on. */
    static String topic(Stage stage, Topics topics) {
        return switch (stage) {
            case INTAKE -> topics.actions();
            case ACCOUNTS -> topics.subjectLog();
        };
    }
}
