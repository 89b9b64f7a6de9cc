package dev.tally.streams.http;

import io.javalin.http.Context;
import jakarta.servlet.http.HttpServletResponse;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.util.concurrent.CompletableFuture;
import java.util.function.Supplier;
import org.eclipse.jetty.ee10.servlet.ServletContextRequest;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Answers that do not end by themselves. Each has a virtual thread of its own that waits for what is to be sent and writes it, so whoever
 * does not read holds up nobody else.
 */
final class Streaming {

    /**
     * Jetty keeps a buffer of this size for as long as an answer is open. What is sent at a time mostly fits in; the usual 32 KB would be
     * most of what an open answer costs.
     */
    private static final int BUFFER = 1_024;

    private static final Logger log = LoggerFactory.getLogger(Streaming.class);

    private Streaming() {}

    /** What answers a request, on a thread of its own. */
    @FunctionalInterface
    interface Answering {

        /** May begin an answer that does not end, or answer as any route does, also by throwing. */
        void answer(Response response);
    }

    /** Lets a request be answered on another thread. */
    static void on(Context context, Answering answering) {
        CompletableFuture<@Nullable Void> answered = new CompletableFuture<>();
        Response response = new Response(context);
        context.future(() -> {
            Thread.ofVirtual().name("http-streaming").start(() -> {
                try {
                    answering.answer(response);
                    if (!response.begun) {
                        answered.complete(null);
                    }
                } catch (RuntimeException | Error e) {
                    if (response.begun) {
                        log.atError().setCause(e).log("An answer was cut off");
                    } else {
                        answered.completeExceptionally(e);
                    }
                } finally {
                    response.end();
                }
            });
            return answered;
        });
    }

    /** An answer, which ends when the thread that writes it does. */
    static final class Response {
        private final Context context;
        private boolean begun;

        private Response(Context context) {
            this.context = context;
        }

        /** Begins an answer that does not end: from here on nothing else can be answered. */
        void begin(String contentType, String opening) {
            begun = true;
            HttpServletResponse response = context.res();
            response.setBufferSize(BUFFER);
            response.setContentType(contentType);
            // Proxies that gather answers would hold it back.
            response.setHeader("X-Accel-Buffering", "no");
            write(opening.getBytes(StandardCharsets.UTF_8));
        }

        /**
         * Begins an answer whose end is told apart from the end of its connection, on HTTP/1.1: in chunks, of which the last one is missing
         * where the connection is broken off. Without being asked Jetty would chunk nothing for who asks to close the connection.
         */
        OutputStream beginChunked(String contentType) throws IOException {
            begun = true;
            HttpServletResponse response = context.res();
            response.setContentType(contentType);
            if (context.req().getProtocol().equals("HTTP/1.1")) {
                response.setHeader("Transfer-Encoding", "chunked");
            }
            return response.getOutputStream();
        }

        /** Sends what comes, until an empty array does or nobody is there any more. */
        void send(Supplier<byte[]> next) {
            byte[] bytes = next.get();
            while (bytes.length > 0 && write(bytes)) {
                bytes = next.get();
            }
        }

        private boolean write(byte[] bytes) {
            try {
                OutputStream out = context.res().getOutputStream();
                out.write(bytes);
                out.flush();
                return true;
            } catch (IOException | IllegalStateException nobodyIsThere) {
                return false;
            }
        }

        /** Ends the connection at once, whatever is being written to it. By any thread. */
        void disconnect() {
            ServletContextRequest.getServletContextRequest(context.req())
                    .getConnectionMetaData()
                    .getConnection()
                    .getEndPoint()
                    .close();
        }

        /**
         * Javalin is not told that an answer is over which had begun: where the other side is gone the request is, too, and Javalin would
         * fall over it again and again.
         */
        private void end() {
            if (begun) {
                try {
                    context.req().getAsyncContext().complete();
                } catch (RuntimeException alreadyOver) {
                    // It ended with its connection.
                }
            }
        }
    }
}
