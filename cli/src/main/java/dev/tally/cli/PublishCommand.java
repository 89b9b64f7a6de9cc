package dev.tally.cli;

import com.fasterxml.jackson.databind.JsonNode;
import dev.tally.cli.publish.ActionLines;
import dev.tally.cli.publish.ActionPublisher;
import dev.tally.schemas.serde.RecordSerdes;
import dev.tally.schemas.topics.Topics;
import dev.tally.settings.Durations;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.util.Optional;
import java.util.concurrent.Callable;
import java.util.concurrent.atomic.AtomicLong;
import org.apache.kafka.clients.admin.Admin;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** {@code tally publish FILE}: publishes NDJSON actions. */
@Command(name = "publish", description = "Publishes actions from an NDJSON file.", mixinStandardHelpOptions = true)
final class PublishCommand implements Callable<Integer> {

    private static final int MAX_PROBLEMS_SHOWN = 20;

    @Mixin
    private Servers servers = new Servers();

    @Parameters(
            paramLabel = "FILE",
            description = "NDJSON, one action a line; gzip is understood; - is standard input.")
    private String file = "-";

    @Option(names = "--skip-bad", description = "Send the good lines, report the bad ones.")
    private boolean skipBad;

    @Option(
            names = "--partitioner",
            defaultValue = "murmur2",
            description = "murmur2 (Kafka's default by userId) or random: counts must not depend on it.")
    private String partitioner = "murmur2";

    @Option(
            names = "--app",
            defaultValue = "http://127.0.0.1:8080",
            description = "streams-app, asked how late is late.")
    private String app = "http://127.0.0.1:8080";

    @Override
    public Integer call() throws IOException {
        if (!partitioner.equals("murmur2") && !partitioner.equals("random")) {
            throw new Exit(Exit.USAGE, "--partitioner is murmur2 or random");
        }
        // What can be read twice is checked as a whole before anything is sent.
        boolean whole = !file.equals("-") && Files.isRegularFile(Path.of(file));
        if (whole) {
            check();
        }
        try (InputStream in = ActionLines.open(file);
                Admin admin = servers.admin();
                RecordSerdes serdes = servers.serdes()) {
            Topics topics = servers.topics(admin);
            try (ActionPublisher publisher =
                    new ActionPublisher(servers.client(), serdes, topics, partitioner.equals("random"))) {
                ActionLines.read(in, publisher::send, problem -> passOver(problem, publisher, !whole));
                publisher.finish();
            }
        }
        return Exit.DONE;
    }

    /** Reads a file to its end and says what is wrong with it. */
    private void check() throws IOException {
        Instant bound = latenessBound().orElse(Instant.MIN);
        AtomicLong good = new AtomicLong();
        AtomicLong bad = new AtomicLong();
        AtomicLong late = new AtomicLong();
        try (InputStream in = ActionLines.open(file)) {
            ActionLines.read(
                    in,
                    action -> {
                        good.incrementAndGet();
                        if (action.getOccurredAt().isBefore(bound)) {
                            late.incrementAndGet();
                        }
                    },
                    problem -> {
                        if (bad.incrementAndGet() <= MAX_PROBLEMS_SHOWN) {
                            System.err.println(file + ":" + problem);
                        }
                    });
        }
        if (bad.get() > MAX_PROBLEMS_SHOWN) {
            System.err.println("... and " + (bad.get() - MAX_PROBLEMS_SHOWN) + " more");
        }
        if (bad.get() > 0 && !skipBad) {
            throw new Exit(Exit.USAGE, bad + " bad lines, nothing was sent; --skip-bad sends the others");
        }
        if (late.get() * 2 > good.get()) {
            System.err.printf(
                    "warning: %,d of %,d actions are older than %s, the lateness horizon: they will go to late-actions, not be counted%n",
                    late.get(), good.get(), bound);
        }
    }

    /** A bad line ends it, unless bad lines are skipped. */
    private void passOver(String problem, ActionPublisher publisher, boolean say) {
        if (say) {
            System.err.println((file.equals("-") ? "stdin" : file) + ":" + problem);
        }
        if (!skipBad) {
            publisher.finish();
            throw new Exit(Exit.USAGE, "stopped at a bad line; the lines before it were sent");
        }
    }

    /** Where lateness begins for the partition that is furthest behind; empty where streams-app does not say. */
    private Optional<Instant> latenessBound() {
        Optional<AppClient.Reply> reply = new AppClient(app).get("/v1/watermarks");
        if (reply.isEmpty() || reply.get().status() != 200) {
            return Optional.empty();
        }
        JsonNode body = reply.get().body();
        Optional<Instant> lowest = Optional.empty();
        for (JsonNode partition : body.path("partitions")) {
            if (partition.path("watermark").isTextual()) {
                Instant watermark = Instant.parse(partition.path("watermark").asText());
                lowest = Optional.of(
                        lowest.filter(found -> found.isBefore(watermark)).orElse(watermark));
            }
        }
        return lowest.map(watermark ->
                watermark.minus(Durations.parse(body.path("latenessHorizon").asText())));
    }
}
