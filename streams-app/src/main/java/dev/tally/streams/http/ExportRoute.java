package dev.tally.streams.http;

import dev.tally.streams.export.ActionExport;
import dev.tally.streams.export.ActionExports;
import dev.tally.streams.export.ActionRow;
import dev.tally.streams.export.ExportRequest;
import dev.tally.streams.export.Place;
import dev.tally.streams.query.Answer;
import io.javalin.http.Context;
import java.io.BufferedOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.time.Duration;
import java.time.LocalDate;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.Semaphore;
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

    /** Each reads the log as fast as it can, which is not what the process is for. */
    private static final int AT_ONCE = 2;

    private static final Duration RETRY_AFTER = Duration.ofSeconds(10);
    private static final Duration FLUSH_EVERY = Duration.ofSeconds(1);
    private static final Duration PROGRESS_EVERY = Duration.ofSeconds(5);
    private static final int BUFFER_BYTES = 1 << 16;

    private final HttpApi.Collaborators with;
    private final Duration patience;
    private final Semaphore places = new Semaphore(AT_ONCE);

    /** @param patience how long a client may take for a piece */
    ExportRoute(HttpApi.Collaborators with, Duration patience) {
        this.with = with;
        this.patience = patience;
    }

    void export(Context context) {
        Call call = new Call(context, with.clock(), "from", "to", "format", "after", "since", "until");
        Call.Days days = call.days();
        RowFormat format = call.rowFormat();
        ExportRequest request = new ExportRequest(
                call.subject(), days.from(), days.to(), call.after(), call.places("since"), call.until());
        ActionExports exports = with.exports().get().orElseThrow(() -> Routes.notStarted(with));
        if (context.req().getMethod().equals("HEAD")) {
            context.contentType(format.mediaType());
            return;
        }
        if (!places.tryAcquire()) {
            Reply.notReady(context, AT_ONCE + " exports are running here; more are not read at once", RETRY_AFTER);
            return;
        }
        try {
            // On the request's own thread: a connection that is broken off may not be handed to anything that goes on
            // with it.
            answer(context, exports, request, days.chosen(), format);
        } finally {
            places.release();
        }
    }

    private void answer(
            Context context, ActionExports exports, ExportRequest request, boolean chosen, RowFormat format) {
        Answer<ActionExport> found = exports.open(request);
        if (!chosen
                && found instanceof Answer.OutOfRetention<ActionExport>(LocalDate oldest)
                && !oldest.isAfter(request.to())) {
            found = exports.open(request.from(oldest));
        }
        if (found instanceof Answer.Found<ActionExport>(ActionExport export, boolean ignored)) {
            try (export) {
                write(context, export, request, format);
            }
        } else {
            Routes.answer(context, found, (rows, stale) -> rows, Problem::notFound);
        }
    }

    private void write(Context context, ActionExport export, ExportRequest request, RowFormat format) {
        EndPoint connection = ServletContextRequest.getServletContextRequest(context.req())
                .getConnectionMetaData()
                .getConnection()
                .getEndPoint();
        // The log may have nothing of the subject for long. Whether the client reads is watched here.
        long idleTimeout = connection.getIdleTimeout();
        connection.setIdleTimeout(0);
        String until = text(export.until());
        context.contentType(format.mediaType())
                .header(UNTIL, until)
                .header(
                        "Content-Disposition",
                        "attachment; filename=\"actions-%s-%s.%s\""
                                .formatted(request.from(), request.to(), format.extension()));
        try (OutputStream out = new TimedStream(context.res().getOutputStream(), patience, connection::close)) {
            Written written = new Written(format.writer(new BufferedOutputStream(out, BUFFER_BYTES), export.meters()));
            export.writeTo(written);
            written.end(until);
            connection.setIdleTimeout(idleTimeout);
        } catch (IOException e) {
            // The client has gone, or the instance goes.
            log.atDebug().setCause(e).log("An export was cut off");
            connection.close();
        } catch (RuntimeException e) {
            log.atError().setCause(e).log("An export was cut off");
            connection.close();
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

        void end(String until) throws IOException {
            writer.complete(rows, until);
            writer.flush();
        }
    }
}
