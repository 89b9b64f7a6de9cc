package dev.tally.streams.topology;

import dev.tally.keys.Subject;
import java.time.Instant;
import java.util.Map;

/** Told of each action that had been admitted before it ran, once it is counted. */
interface Settlement {

    /**
     * An action is counted.
     *
     * @param amounts what it really used, by meter, each over 0
     */
    void settle(Subject payer, String admissionId, Map<String, Long> amounts, Instant now);
}
