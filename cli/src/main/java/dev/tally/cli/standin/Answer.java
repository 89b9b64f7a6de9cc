package dev.tally.cli.standin;

import com.fasterxml.jackson.databind.JsonNode;
import java.nio.charset.StandardCharsets;
import java.util.LinkedHashMap;
import java.util.Map;

/** What the stand-in sends back: a status, headers and a text body; {@link #CUT} ends the connection without any answer. */
record Answer(int status, Map<String, String> headers, String contentType, String body, Sending sending) {

    /** No answer at all: the client sees the connection end. */
    static final Answer CUT = new Answer(0, Map.of(), "", "", new Sending.Nothing());

    Answer {
        headers = Map.copyOf(headers);
    }

    Answer(int status, Map<String, String> headers, String contentType, String body) {
        this(status, headers, contentType, body, new Sending.Whole());
    }

    static Answer json(int status, JsonNode body) {
        return new Answer(status, Map.of(), "application/json", Json.pretty(body));
    }

    static Answer html(int status, String body) {
        return new Answer(status, Map.of(), "text/html; charset=utf-8", body);
    }

    static Answer empty(int status) {
        return new Answer(status, Map.of(), "text/plain; charset=utf-8", "");
    }

    Answer with(String name, String value) {
        Map<String, String> more = new LinkedHashMap<>(headers);
        more.put(name, value);
        return new Answer(status, more, contentType, body, sending);
    }

    Answer sent(Sending other) {
        return new Answer(status, headers, contentType, body, other);
    }

    /** Whether nothing is to be sent. */
    boolean cut() {
        return sending instanceof Sending.Nothing;
    }

    byte[] bytes() {
        return body.getBytes(StandardCharsets.UTF_8);
    }
}
