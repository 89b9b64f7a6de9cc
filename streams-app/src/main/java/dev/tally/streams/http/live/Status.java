package dev.tally.streams.http.live;

import com.fasterxml.jackson.databind.node.JsonNodeFactory;

/** The event {@code status}: what was told last cannot be kept up to date at the moment. The next {@code usage} ends that. */
final class Status {

    private Status() {}

    static Frame frame(String reason) {
        return Frame.status(JsonNodeFactory.instance
                .objectNode()
                .put("ready", false)
                .put("reason", reason)
                .toString());
    }
}
