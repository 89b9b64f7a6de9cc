package dev.tally.streams.facts;

import dev.tally.keys.Subject;
import dev.tally.streams.query.Answer;
import java.time.LocalDate;
import org.jspecify.annotations.Nullable;

/** Questions about billable facts. They are answered from the log, which takes seconds where it is long. */
public interface Facts {

    /**
     * Facts that are charged in a payer's billing period, in the order in which they were emitted.
     *
     * @param in a day of the period; null: the current one
     * @param limit how many at most, 1 to 1,000
     * @param after goes on behind this position, as a page before has told it; negative: from the beginning
     * @return absent where the subject has no subscription; not ready where there is no room for the question now, or no time left for it
     */
    Answer<FactPage> facts(Subject payer, @Nullable LocalDate in, int limit, long after);
}
