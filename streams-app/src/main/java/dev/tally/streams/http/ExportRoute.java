package dev.tally.streams.http;

import dev.tally.streams.export.ActionExport;
import dev.tally.streams.export.ActionExports;
import dev.tally.streams.export.ActionRow;
import dev.tally.streams.export.ExportRequest;
import dev.tally.streams.export.Place;
import dev.tally.streams.http.auth.Caller;
import dev.tally.streams.query.Answer;
import io.javalin.http.Context;
import java.io.BufferedOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.time.Duration;
import java.time.LocalDate;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.Collectors;
import org.eclipse.jetty.ee10.servlet.ServletContextRequest;
import org.eclipse.jetty.io.EndPoint;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The audit export: rows as they are read from the log, in constant memory. What cannot be finished is cut off with its connection, so
 * that nobody takes a part for the whole.
 */
final class ExportRoute {

    /** The offset of the last record of each partition that an export takes into account. */
    static final String UNTIL = "Tally-Until";

    private static final Logger log = LoggerFactory.getLogger(ExportRoute.class);

    /** How many records of {@code actions} were there that had no outcome yet when the export began. */
    static final String BEHIND = "Tally-Behind";

    private static final int AT_ONCE = 2;
    private static final int OF_ONE_CALLER = 1;
    private static final Duration RETRY_AFTER = Duration.ofSeconds(10);
    private static final Duration FLUSH_EVERY = Duration.ofSeconds(1);
    private static final Duration PROGRESS_EVERY = Duration.ofSeconds(5);
    private static final int BUFFER_BYTES = 1 << 16;

    private final HttpApi.Collaborators with;
    private final LogPlaces places = new LogPlaces("an export", AT_ONCE, OF_ONE_CALLER, Duration.ZERO, RETRY_AFTER);

    ExportRoute(HttpApi.Collaborators with) {
        this.with = with;
    }

    void export(Context context) {
        Call call = new Call(context, with.clock(), "from", "to", "format", "after", "since", "until");
        Call.Days days = call.days();
        RowFormat format = call.rowFormat();
        ExportRequest request = new ExportRequest(
                call.subject(), days.from(), days.to(), call.after(), call.places("since"), call.until());
        requireFraming(context, format);
        ActionExports exports = with.exports().get().orElseThrow(() -> Routes.notStarted(with));
        if (context.req().getMethod().equals("HEAD")) {
            context.contentType(format.mediaType());
            return;
        }
        Caller caller = Guard.caller(context);
        if (!places.enter(context, caller)) {
            return;
        }
        Streaming.on(context, response -> {
            try {
                answer(context, response, exports, request, days.chosen(), format);
            } finally {
                places.leave(caller);
            }
        });
    }

    /** A CSV file does not say that it is whole. Before HTTP/1.1 the end of a connection, for whatever reason, is the end of the answer. */
    private static void requireFraming(Context context, RowFormat format) {
        if (!format.saysThatItIsWhole() && context.req().getProtocol().startsWith("HTTP/1.0")) {
            throw new Problem.Signal(Problem.badRequest("format=" + format.extension()
                    + " needs HTTP/1.1, by which a part can be told from the whole (nginx: proxy_http_version 1.1);"
                    + " format=ndjson says itself whether it is whole"));
        }
    }

    private static void answer(
            Context context,
            Streaming.Response response,
            ActionExports exports,
            ExportRequest request,
            boolean chosen,
            RowFormat format) {
        Answer<ActionExport> found = exports.open(request);
        if (!chosen
                && found instanceof Answer.OutOfRetention<ActionExport>(LocalDate oldest)
                && !oldest.isAfter(request.to())) {
            found = exports.open(request.from(oldest));
        }
        if (found instanceof Answer.Found<ActionExport>(ActionExport export, boolean ignored)) {
            try (export) {
                write(context, response, export, request, format);
            }
        } else {
            Routes.answer(context, found, (rows, stale) -> rows, Problem::notFound);
        }
    }

    private static void write(
            Context context,
            Streaming.Response response,
            ActionExport export,
            ExportRequest request,
            RowFormat format) {
        EndPoint connection = ServletContextRequest.getServletContextRequest(context.req())
                .getConnectionMetaData()
                .getConnection()
                .getEndPoint();
        // The log may have nothing of the subject for long. Whether the client reads is watched here.
        long idleTimeout = connection.getIdleTimeout();
        connection.setIdleTimeout(0);
        String until = text(export.until());
        context.header(UNTIL, until)
                .header(BEHIND, Long.toString(export.behind()))
                .header(
                        "Content-Disposition",
                        "attachment; filename=\"actions-%s-%s.%s\""
                                .formatted(request.from(), request.to(), format.extension()));
        boolean isWhole = false;
        try (OutputStream out = new TimedStream(
                response.beginChunked(format.mediaType()), TimedStream.Patience.USUAL, connection::close)) {
            Written written = new Written(format.writer(new BufferedOutputStream(out, BUFFER_BYTES), export.meters()));
            export.writeTo(written);
            written.end(until, export.behind());
            connection.setIdleTimeout(idleTimeout);
            isWhole = true;
        } catch (IOException e) {
            // The client has gone, or the instance goes.
            log.atDebug().setCause(e).log("An export was cut off");
        } catch (RuntimeException e) {
            log.atError().setCause(e).log("An export was cut off");
        } finally {
            if (!isWhole) {
                connection.close();
            }
        }
    }

    private static String text(Map<Integer, Long> places) {
        return new TreeMap<>(places)
                .entrySet().stream()
                        .map(one -> new Place(one.getKey(), one.getValue()).text())
                        .collect(Collectors.joining(","));
    }

    /** Counts rows, and hands them on now and then. */
    private static final class Written implements ActionExport.Rows {
        private final RowFormat.Writer writer;
        private long rows;
        private long flushedAt = System.nanoTime();
        private long toldAt = flushedAt;

        Written(RowFormat.Writer writer) {
            this.writer = writer;
        }

        @Override
        public void row(ActionRow row) throws IOException {
            writer.row(row);
            rows++;
        }

        @Override
        public void passed(Place place) throws IOException {
            long now = System.nanoTime();
            if (now - toldAt > PROGRESS_EVERY.toNanos()) {
                toldAt = now;
                writer.progress(place);
            }
            if (now - flushedAt > FLUSH_EVERY.toNanos()) {
                flushedAt = now;
                writer.flush();
            }
        }

        void end(String until, long behind) throws IOException {
            writer.complete(rows, until, behind);
            writer.flush();
        }
    }
}
