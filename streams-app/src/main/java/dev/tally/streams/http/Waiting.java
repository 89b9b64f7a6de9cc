package dev.tally.streams.http;

import io.javalin.http.Context;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Executor;

/** Requests whose answers take a while: each waits on a virtual thread of its own, so that many may. */
final class Waiting {

    private static final Executor THREADS =
            task -> Thread.ofVirtual().name("http-waiting").start(task);

    private Waiting() {}

    /** Answers a request on another thread. What it throws is answered as if it had been thrown by the route. */
    static void on(Context context, Runnable answer) {
        context.future(() -> CompletableFuture.runAsync(answer, THREADS));
    }
}
