package dev.tally.streams.http;

import dev.tally.keys.Subject;
import dev.tally.streams.facts.FactPage;
import dev.tally.streams.facts.Facts;
import dev.tally.streams.query.Answer;
import java.time.Duration;
import java.time.LocalDate;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** A page of facts that a test puts here. It knows no subscription before. */
final class FactsInMemory implements Facts {

    private final List<String> asked = new ArrayList<>();
    private @Nullable FactPage page;
    private boolean busy;

    void page(FactPage of) {
        page = of;
    }

    /** From now on there is no room for a question. */
    void beBusy() {
        busy = true;
    }

    /** The questions so far. */
    List<String> asked() {
        return asked;
    }

    @Override
    public Answer<FactPage> facts(Subject payer, @Nullable LocalDate in, int limit, long after) {
        asked.add(payer.text() + " " + in + " " + limit + " " + after);
        if (busy) {
            return new Answer.NotReady<>("the log is being read", Duration.ofSeconds(2));
        }
        FactPage found = page;
        return found == null
                ? new Answer.Absent<>(payer.text() + " has no subscription")
                : new Answer.Found<>(found, false);
    }
}
