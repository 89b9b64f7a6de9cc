package dev.tally.cli.standin;

import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.Map;
import java.util.concurrent.ConcurrentSkipListMap;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.LongAdder;

/** How many calls of Stripe's API ended in which status since the stand-in started ({@code cut} where none was sent), and how many run. */
final class CallCounts {

    private final Map<String, LongAdder> counts = new ConcurrentSkipListMap<>();
    private final AtomicInteger running = new AtomicInteger();

    void begin() {
        running.incrementAndGet();
    }

    void end() {
        running.decrementAndGet();
    }

    void count(Call call, Answer answer) {
        String status = answer.cut() ? "cut" : Integer.toString(answer.status());
        counts.computeIfAbsent(call.method() + " " + call.path() + " " + status, key -> new LongAdder())
                .increment();
    }

    ObjectNode describe() {
        ObjectNode body = Json.object().put("running", running.get());
        ObjectNode calls = body.putObject("calls");
        counts.forEach((name, count) -> calls.put(name, count.sum()));
        return body;
    }
}
