package dev.tally.streams.alerts;

import dev.tally.keys.Subject;
import dev.tally.streams.query.Answer;
import java.time.Instant;

/** Questions about the alerts that were raised. They are answered from the log. */
public interface AlertHistory {

    /**
     * The newest alerts whose subject is this user or org. Those about limits of an org's members and spaces have the org as theirs.
     *
     * @param since when they were decided, at the earliest
     * @param limit how many at most, 1 to 1,000
     * @return not ready where there is no room for the question now, or no time left for it
     */
    Answer<AlertPage> alerts(Subject subject, Instant since, int limit);
}
