package dev.tally.sink.app;

import dev.tally.schemas.testing.LogFormatContract;

class LogFormatTest extends LogFormatContract {

    LogFormatTest() {
        super("stdout");
    }
}
