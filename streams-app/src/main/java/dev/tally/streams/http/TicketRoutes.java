package dev.tally.streams.http;

import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.tally.keys.Subject;
import dev.tally.streams.http.auth.Caller;
import dev.tally.streams.http.auth.StreamTickets;
import io.javalin.http.Context;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** The route that gives out tickets for streams. */
final class TicketRoutes {

    private static final String SUBJECT = "subject";

    private final HttpApi.Collaborators with;

    TicketRoutes(HttpApi.Collaborators with) {
        this.with = with;
    }

    /**
     * The answer.
     *
     * @param ticket what a stream takes as {@code ?ticket=}, once
     * @param expiresAt until when
     */
    record Ticket(String ticket, String expiresAt) {}

    void issue(Context context) {
        var unused = new Call(context, with.clock());
        Subject subject = subject(JsonBody.of(context));
        Caller caller = Guard.caller(context);
        if (!caller.sees(subject)) {
            throw new Problem.Signal(Problem.otherSubject());
        }
        StreamTickets.Ticket ticket = with.security().tickets().issue(subject, caller);
        Reply.json(context, new Ticket(ticket.text(), ticket.expiresAt().toString()));
    }

    private static Subject subject(ObjectNode json) {
        List<String> problems = new ArrayList<>();
        json.fieldNames().forEachRemaining(name -> {
            if (!name.equals(SUBJECT)) {
                problems.add(name + ": there is no such field");
            }
        });
        Subject subject = subject(json.path(SUBJECT).textValue(), problems);
        if (subject == null || !problems.isEmpty()) {
            throw new Problem.Signal(Problem.badBody(problems));
        }
        return subject;
    }

    private static @Nullable Subject subject(@Nullable String text, List<String> problems) {
        if (text == null) {
            problems.add("subject: must be text, such as user:u1");
            return null;
        }
        try {
            return Subject.parse(text);
        } catch (IllegalArgumentException e) {
            problems.add("subject: " + e.getMessage());
            return null;
        }
    }
}
