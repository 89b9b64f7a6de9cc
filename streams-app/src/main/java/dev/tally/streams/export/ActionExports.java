package dev.tally.streams.export;

import dev.tally.streams.query.Answer;

/** Gives every action that was counted for a subject. */
public interface ActionExports {

    /** Gets an export ready. What was decided by then is in it, and nothing else. */
    Answer<ActionExport> open(ExportRequest request);
}
