package dev.tally.sink.delivery;

import dev.tally.sink.reporting.Fact;
import dev.tally.sink.reporting.Outcome;
import dev.tally.sink.reporting.Replay;
import java.time.Instant;
import org.jspecify.annotations.Nullable;

/** A fact with its outcome, to be written to the ledger. */
record Settled(
        FactRecord origin,
        Fact fact,
        Outcome outcome,
        Instant firstAttemptAt,
        int keyNumber,
        @Nullable String requestId,
        Replay replay) {}
