package dev.tally.cli;

import com.fasterxml.jackson.databind.JsonNode;
import dev.tally.cli.publish.ActionLines;
import dev.tally.cli.publish.ActionPublisher;
import dev.tally.schemas.ActionEvent;
import dev.tally.schemas.serde.RecordSerdes;
import dev.tally.schemas.topics.Topics;
import dev.tally.settings.Durations;
import java.io.BufferedReader;
import java.io.IOException;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.Callable;
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
        boolean whole = !file.equals("-");
        List<ActionEvent> checked = new ArrayList<>();
        if (whole) {
            checked = readWhole();
            warnIfLate(checked);
        }
        try (Admin admin = servers.admin();
                RecordSerdes serdes = servers.serdes()) {
            Topics topics = servers.topics(admin);
            try (ActionPublisher publisher =
                    new ActionPublisher(servers.client(), serdes, topics, partitioner.equals("random"))) {
                if (whole) {
                    checked.forEach(publisher::send);
                } else {
                    stream(publisher);
                }
                publisher.finish();
            }
        }
        return Exit.DONE;
    }

    /** Reads a file to its end before anything is sent. */
    private List<ActionEvent> readWhole() throws IOException {
        List<ActionEvent> good = new ArrayList<>();
        List<String> bad = new ArrayList<>();
        try (BufferedReader lines = ActionLines.open(file)) {
            ActionLines.read(lines, good::add, bad::add);
        }
        bad.stream().limit(MAX_PROBLEMS_SHOWN).forEach(problem -> System.err.println(file + ":" + problem));
        if (bad.size() > MAX_PROBLEMS_SHOWN) {
            System.err.println("... and " + (bad.size() - MAX_PROBLEMS_SHOWN) + " more");
        }
        if (!bad.isEmpty() && !skipBad) {
            throw new Exit(Exit.USAGE, bad.size() + " bad lines, nothing was sent; --skip-bad sends the others");
        }
        return good;
    }

    /** Sends line by line as they come; a bad line ends it, unless bad lines are skipped. */
    private void stream(ActionPublisher publisher) throws IOException {
        try (BufferedReader lines = ActionLines.open("-")) {
            ActionLines.read(lines, publisher::send, problem -> {
                System.err.println("stdin:" + problem);
                if (!skipBad) {
                    publisher.finish();
                    throw new Exit(Exit.USAGE, "stopped at a bad line; the lines before it were sent");
                }
            });
        }
    }

    private void warnIfLate(List<ActionEvent> actions) {
        Optional<AppClient.Reply> reply = new AppClient(app).get("/v1/watermarks");
        if (reply.isEmpty() || reply.get().status() != 200 || actions.isEmpty()) {
            return;
        }
        JsonNode body = reply.get().body();
        Instant lowest = Instant.MAX;
        for (JsonNode partition : body.path("partitions")) {
            if (!partition.path("watermark").isNull()) {
                Instant watermark = Instant.parse(partition.path("watermark").asText());
                lowest = watermark.isBefore(lowest) ? watermark : lowest;
            }
        }
        if (lowest.equals(Instant.MAX)) {
            return;
        }
        Instant bound =
                lowest.minus(Durations.parse(body.path("latenessHorizon").asText()));
        long late = actions.stream()
                .filter(action -> action.getOccurredAt().isBefore(bound))
                .count();
        if (late * 2 > actions.size()) {
            System.err.printf(
                    "warning: %,d of %,d actions are older than %s, the lateness horizon: they will go to late-actions, not be counted%n",
                    late, actions.size(), bound);
        }
    }
}
