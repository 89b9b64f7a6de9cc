package dev.tally.streams.http.live;

import dev.tally.keys.Subject;
import dev.tally.streams.query.InstanceClient.Calls;
import dev.tally.streams.query.Owners.Owner;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStream;
import java.io.InputStreamReader;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.UUID;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.locks.LockSupport;
import java.util.function.Consumer;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The changes that another instance makes of some subjects: an answer of it that does not end and names them one a line, and calls that say
 * which subjects are meant. Taken up again whenever it breaks.
 */
final class ChangesLink implements AutoCloseable {

    private static final Logger log = LoggerFactory.getLogger(ChangesLink.class);
    private static final Duration ANSWER_WITHIN = Duration.ofSeconds(2);
    private static final long AGAIN_NANOS = Duration.ofSeconds(1).toNanos();

    /** An instance that has said nothing for so long, not even that it has nothing to say, is gone. */
    private static final long SILENT_NANOS = 3 * ChangeStreams.BEAT.toNanos();

    /** So many subjects in one call, so that its body stays under a megabyte. */
    private static final int AT_ONCE = 1_000;

    /** So many subjects are told of at once where a link stands again, and so far apart. */
    private static final int TOLD_AT_ONCE = 200;

    private static final long TOLD_APART_NANOS = Duration.ofMillis(50).toNanos();
    private static final long WARN_EVERY_NANOS = Duration.ofMinutes(1).toNanos();

    private final Owner.At instance;
    private final Calls calls;
    private final Consumer<Subject> tell;
    private final Thread thread;
    private volatile Set<Subject> wanted = Set.of();
    private volatile boolean closed;
    private volatile long heardAt;
    private long warnedAt = System.nanoTime() - WARN_EVERY_NANOS;

    private ChangesLink(Owner.At instance, Calls calls, Consumer<Subject> tell) {
        this.instance = instance;
        this.calls = calls;
        this.tell = tell;
        this.thread = Thread.ofVirtual().name("changes-of-" + instance.host()).unstarted(this::run);
    }

    static ChangesLink open(Owner.At instance, Calls calls, Consumer<Subject> tell) {
        ChangesLink link = new ChangesLink(instance, calls, tell);
        link.thread.start();
        return link;
    }

    /** Says which subjects are meant from now on. */
    void want(Set<Subject> subjects) {
        boolean same = subjects.equals(wanted);
        wanted = Set.copyOf(subjects);
        if (!same) {
            LockSupport.unpark(thread);
        }
    }

    private void run() {
        while (!closed) {
            try {
                session();
            } catch (IOException | RuntimeException e) {
                warn(e);
            } catch (InterruptedException e) {
                return;
            }
            Pace.awaitTime(this, System.nanoTime() + AGAIN_NANOS, () -> closed);
        }
    }

    /** Once a minute, as a link that fails is taken up again every second. */
    private void warn(Exception why) {
        long now = System.nanoTime();
        if (now - warnedAt >= WARN_EVERY_NANOS) {
            warnedAt = now;
            log.atWarn()
                    .addKeyValue("instance", instance)
                    .addKeyValue("reason", why.getMessage())
                    .log("Changes of an instance are not heard; what it keeps is asked for every few seconds");
        }
    }

    private void session() throws IOException, InterruptedException {
        String path = ChangeStreams.PATH + UUID.randomUUID();
        HttpResponse<InputStream> response = begin(path);
        try (InputStream lines = response.body()) {
            if (response.statusCode() != 200) {
                throw new IOException("it answers with status " + response.statusCode());
            }
            heardAt = System.nanoTime();
            Thread reader = Thread.ofVirtual().start(() -> read(lines));
            Set<Subject> known = new HashSet<>();
            while (!closed && reader.isAlive() && System.nanoTime() - heardAt < SILENT_NANOS) {
                if (!sync(path, known)) {
                    return;
                }
                LockSupport.parkNanos(this, AGAIN_NANOS);
            }
            if (closed) {
                // Else the instance would notice only when it has something to say.
                sync(path, known);
            }
        }
    }

    /** A time-out of the request's own could be meant for all of the answer, which is not to end. */
    private HttpResponse<InputStream> begin(String path) throws IOException, InterruptedException {
        CompletableFuture<HttpResponse<InputStream>> sent = calls.http()
                .sendAsync(calls.to(instance, path).GET().build(), HttpResponse.BodyHandlers.ofInputStream());
        boolean begun = false;
        try {
            HttpResponse<InputStream> response = sent.get(ANSWER_WITHIN.toMillis(), TimeUnit.MILLISECONDS);
            begun = true;
            return response;
        } catch (ExecutionException | TimeoutException e) {
            throw new IOException("no stream began", e);
        } finally {
            if (!begun) {
                sent.cancel(true);
                // It may have come between the time-out and here.
                var unused = sent.thenAccept(late -> closeQuietly(late.body()));
            }
        }
    }

    private static void closeQuietly(InputStream body) {
        try {
            body.close();
        } catch (IOException nothingLeftToClose) {
            log.atDebug().setCause(nothingLeftToClose).log("A stream that nobody waits for has ended");
        }
    }

    private void read(InputStream from) {
        try (BufferedReader lines = new BufferedReader(new InputStreamReader(from, StandardCharsets.UTF_8))) {
            for (String line = lines.readLine(); line != null; line = lines.readLine()) {
                heardAt = System.nanoTime();
                if (!line.isEmpty()) {
                    tell.accept(Subject.parse(line));
                }
            }
        } catch (IOException | IllegalArgumentException e) {
            log.atDebug().setCause(e).addKeyValue("instance", instance).log("Changes of an instance have ended");
        } finally {
            LockSupport.unpark(thread);
        }
    }

    /** Tells the instance what is wanted; false where it does not know this link any more. */
    private boolean sync(String path, Set<Subject> known) throws IOException, InterruptedException {
        Set<Subject> now = wanted;
        List<Subject> added = new ArrayList<>();
        List<String> lines = new ArrayList<>();
        for (Subject subject : now) {
            if (!known.contains(subject)) {
                added.add(subject);
                lines.add("+" + subject.text());
            }
        }
        for (Subject subject : known) {
            if (!now.contains(subject)) {
                lines.add("-" + subject.text());
            }
        }
        for (int from = 0; from < lines.size(); from += AT_ONCE) {
            String some = String.join("\n", lines.subList(from, Math.min(lines.size(), from + AT_ONCE)));
            HttpRequest change = calls.to(instance, path)
                    .timeout(ANSWER_WITHIN)
                    .header("Content-Type", "text/plain")
                    .POST(HttpRequest.BodyPublishers.ofString(some))
                    .build();
            if (calls.http()
                            .send(change, HttpResponse.BodyHandlers.discarding())
                            .statusCode()
                    != 204) {
                return false;
            }
        }
        known.clear();
        known.addAll(now);
        tellAll(added);
        return true;
    }

    /** What changed before the watch stood was not heard of. Not all at once: each leads to a question, and the other instance has just come. */
    private void tellAll(List<Subject> subjects) {
        long at = System.nanoTime();
        for (int from = 0; from < subjects.size() && !closed; from += TOLD_AT_ONCE) {
            Pace.awaitTime(this, at, () -> closed);
            subjects.subList(from, Math.min(subjects.size(), from + TOLD_AT_ONCE))
                    .forEach(tell);
            at += TOLD_APART_NANOS;
        }
    }

    @Override
    public void close() {
        wanted = Set.of();
        closed = true;
        LockSupport.unpark(thread);
    }
}
