package dev.tally.streams.app;

import dev.tally.schemas.testing.LogFormatContract;

class LogFormatTest extends LogFormatContract {

    LogFormatTest() {
        super("console");
    }
}
