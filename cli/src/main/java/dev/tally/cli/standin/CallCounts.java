package dev.tally.cli.standin;

import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.Map;
import java.util.concurrent.ConcurrentSkipListMap;
import java.util.concurrent.atomic.LongAdder;

/** How many calls under {@code /v1} ended in which status since the stand-in started; {@code cut} where none was sent. */
final class CallCounts {

    private final Map<String, LongAdder> counts = new ConcurrentSkipListMap<>();

    void count(Call call, Answer answer) {
        String status = answer.cut() ? "cut" : Integer.toString(answer.status());
        counts.computeIfAbsent(call.method() + " " + call.path() + " " + status, key -> new LongAdder())
                .increment();
    }

    ObjectNode describe() {
        ObjectNode body = Json.object();
        ObjectNode calls = body.putObject("calls");
        counts.forEach((name, count) -> calls.put(name, count.sum()));
        return body;
    }
}
