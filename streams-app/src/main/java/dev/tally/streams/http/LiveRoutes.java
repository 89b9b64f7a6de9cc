package dev.tally.streams.http;

import dev.tally.streams.http.auth.Caller;
import dev.tally.streams.http.live.ChangeStream;
import dev.tally.streams.http.live.ChangeStreams;
import dev.tally.streams.http.live.Followed;
import dev.tally.streams.http.live.LiveHub;
import dev.tally.streams.http.live.LiveHub.Opening;
import dev.tally.streams.http.live.LiveStream;
import dev.tally.streams.http.live.Seen;
import dev.tally.streams.query.Answer;
import dev.tally.streams.query.Usage;
import io.javalin.http.Context;
import java.util.Optional;
import java.util.concurrent.ThreadLocalRandom;
import org.jspecify.annotations.Nullable;

/** {@code GET …/usage/stream}: usage as server-sent events; and what other instances need for theirs. */
final class LiveRoutes {

    /** A listener whose stream broke comes back after this, at random, so that those of an instance that died do not come all at once. */
    private static final int RETRY_FROM_MILLIS = 500;

    private static final int RETRY_TO_MILLIS = 2_500;

    private static final byte[] NOTHING = {};

    private final HttpApi.Collaborators with;
    private final LiveHub hub;
    private final ChangeStreams changed;

    LiveRoutes(HttpApi.Collaborators with, LiveHub hub, ChangeStreams changed) {
        this.with = with;
        this.hub = hub;
        this.changed = changed;
    }

    /** Whether streams can be served; false once only a restart can help. */
    boolean isLive() {
        return hub.isLive();
    }

    void usage(Context context) {
        // A ticket is looked at before any route is.
        Call call = new Call(context, with.clock(), "meter", "lastEventId", "ticket");
        Followed followed = new Followed(call.subject(), call.meter());
        Optional<Seen> seen = Optional.ofNullable(context.header("Last-Event-ID"))
                .or(() -> call.text("lastEventId"))
                .flatMap(Seen::parse);
        if (with.queries().get().isEmpty()) {
            throw Routes.notStarted(with);
        }
        Streaming.on(context, response -> follow(response, context, followed, seen.orElse(null)));
    }

    /** The subjects that another instance watches here, as they change; the last part of the path is that instance's to choose. */
    void changes(Context context) {
        ChangeStream stream = changed.open(context.pathParam("id"))
                .orElseThrow(() -> new Problem.Signal(Problem.notReady("there is nothing to watch")));
        Streaming.on(context, response -> {
            try (stream) {
                response.begin("text/plain", "\n");
                response.send(stream::next);
            }
        });
    }

    /** Says which subjects another instance watches on its stream. */
    void watch(Context context) {
        try {
            if (!changed.change(context.pathParam("id"), context.body())) {
                throw new Problem.Signal(Problem.notFound("there is no such stream"));
            }
        } catch (IllegalArgumentException e) {
            throw new Problem.Signal(Problem.badRequest(String.valueOf(e.getMessage())));
        }
        context.status(204);
    }

    private void follow(Streaming.Response response, Context context, Followed followed, @Nullable Seen seen) {
        try {
            switch (hub.open(followed, seen, response::disconnect)) {
                case Opening.Opened(LiveStream stream) -> {
                    try (stream) {
                        int retry = ThreadLocalRandom.current().nextInt(RETRY_FROM_MILLIS, RETRY_TO_MILLIS);
                        response.begin("text/event-stream", "retry: " + retry + "\n\n");
                        Caller caller = Guard.caller(context);
                        // There is something to send every few seconds, if only a sign of life.
                        response.send(() -> {
                            byte[] next = stream.next();
                            return caller.isOver(with.clock().instant()) ? NOTHING : next;
                        });
                    }
                }
                case Opening.Refused(Answer<Usage> why) ->
                    Routes.answer(context, why, (found, stale) -> found, Problem::unknownMeter);
                case Opening.Full(int most) ->
                    throw new Problem.Signal(
                            Problem.notReady("as many streams are open on this instance as may be: " + most));
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new Problem.Signal(Problem.notReady("stopping"));
        }
    }
}
