package dev.tally.cli;

import com.fasterxml.jackson.databind.JsonNode;
import dev.tally.cli.audit.ChargeRecount;
import dev.tally.cli.audit.ChargedMeter;
import dev.tally.cli.audit.Comparison;
import dev.tally.cli.audit.Outcomes;
import dev.tally.cli.audit.Reading;
import dev.tally.cli.audit.Recount;
import dev.tally.keys.Subject;
import dev.tally.schemas.ActionEvent;
import dev.tally.schemas.Meter;
import dev.tally.schemas.UsageSnapshot;
import dev.tally.schemas.UsageWindow;
import dev.tally.schemas.serde.Decoded;
import dev.tally.schemas.serde.RecordSerde;
import dev.tally.schemas.serde.RecordSerdes;
import dev.tally.schemas.topics.Topics;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.time.LocalDate;
import java.time.format.DateTimeParseException;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.concurrent.Callable;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** {@code tally audit}: recounts the log and compares; exit code 1 on any difference. */
@Command(
        name = "audit",
        description = "Recounts from the log and compares with what Tally says.",
        mixinStandardHelpOptions = true)
final class AuditCommand implements Callable<Integer> {

    private static final int MAX_SHOWN = 50;
    private static final int AGAIN = 5;

    @Mixin
    private Servers servers = new Servers();

    @Option(names = "--org", description = "Only this organisation.")
    private @Nullable String org;

    @Option(names = "--day", description = "Only this day, UTC.")
    private @Nullable String day;

    @Option(names = "--period", description = "Of billing periods only those that this day begins in, UTC.")
    private @Nullable String period;

    @Option(
            names = "--app",
            defaultValue = "http://127.0.0.1:8080",
            description = "streams-app, asked for its conservation counters and billing periods.")
    private String app = "http://127.0.0.1:8080";

    @Option(
            names = "--application-id",
            defaultValue = "tally",
            description = "Group of streams-app (default: ${DEFAULT-VALUE}).")
    private String applicationId = "tally";

    private final List<String> differences = new ArrayList<>();

    @Override
    public Integer call() {
        checkDay("--day", day);
        checkDay("--period", period);
        try (Admin admin = servers.admin();
                RecordSerdes serdes = servers.serdes()) {
            audit(admin, servers.topics(admin), serdes);
        }
        differences.stream().limit(MAX_SHOWN).forEach(System.out::println);
        if (differences.size() > MAX_SHOWN) {
            System.out.println("... and " + (differences.size() - MAX_SHOWN) + " more");
        }
        System.out.println(differences.isEmpty() ? "no difference" : differences.size() + " differences");
        return differences.isEmpty() ? Exit.DONE : Exit.NO;
    }

    private static void checkDay(String option, @Nullable String day) {
        try {
            LocalDate unused = day == null ? LocalDate.EPOCH : LocalDate.parse(day);
        } catch (DateTimeParseException e) {
            throw new Exit(Exit.USAGE, option + " is a day such as 2026-11-21, not " + day);
        }
    }

    private void audit(Admin admin, Topics topics, RecordSerdes serdes) {
        Map<Integer, Long> end = servers.reader().ends(topics.actions());
        boolean caughtUp = new CaughtUp(servers, admin, applicationId)
                .await(List.of(topics.actions(), topics.actionsHome(), topics.subjectLog()));
        if (!caughtUp) {
            System.out.println("streams-app (group " + applicationId + ") has not processed everything and makes no"
                    + " progress: what it has not read shows as differences");
        }
        Recount recount = new Recount(meters(topics, serdes));
        AppClient client = new AppClient(app);
        ChargeAudit charges = new ChargeAudit(servers, serdes, topics, client);
        recount(recount, charges.recount(), topics, serdes, Map.of(), end);
        Reading before = recount.reading();
        Map<String, Long> said = usage(topics, serdes);
        Optional<AppClient.Reply> conservation = client.get("/v1/conservation");
        charges.ask(this::isAskedFor);
        recount(
                recount,
                charges.recount(),
                topics,
                serdes,
                end,
                servers.reader().ends(topics.actions()));
        Comparison comparison = new Comparison(before, recount.reading());

        Set<String> windows = comparison.windows(said, this::isAskedFor);
        for (int again = 0; again < AGAIN && caughtUp && comparison.isBehind(said, windows); again++) {
            // A transaction becomes visible partition by partition.
            said = usage(topics, serdes);
        }
        System.out.printf("compared %,d day windows of the usage topic with the log%n", windows.size());
        long moving = comparison.moving(windows);
        if (moving > 0) {
            System.out.printf(
                    "%,d of them changed meanwhile: checked to lie between what was counted before and after%n",
                    moving);
        }
        differences.addAll(comparison.usage(said, windows));
        differences.addAll(charges.compare());
        compareConservation(comparison, conservation);
        sayRange(topics);
    }

    private List<Meter> meters(Topics topics, RecordSerdes serdes) {
        Map<String, Meter> meters = new TreeMap<>();
        RecordSerde<Meter> meterSerde = serdes.of(Meter.class);
        servers.reader().readAll(topics.meters(), record -> {
            String id = new String(record.key(), StandardCharsets.UTF_8);
            switch (meterSerde.decode(topics.meters(), record.headers(), record.value())) {
                case Decoded.Read<Meter> read -> meters.put(id, read.value());
                case Decoded.Refused<Meter> refused -> meters.remove(id);
            }
        });
        return List.copyOf(meters.values());
    }

    /** Counts a part of the log; the part from {@code from} on is what Tally need not have processed yet. */
    private void recount(
            Recount recount,
            ChargeRecount charges,
            Topics topics,
            RecordSerdes serdes,
            Map<Integer, Long> from,
            Map<Integer, Long> to) {
        boolean settled = from.isEmpty();
        Set<String> late = settled ? coordinates(topics.lateActions(), topics.actions()) : Set.of();
        Set<String> dead = settled ? coordinates(topics.deadLetters(), topics.actions()) : Set.of();
        RecordSerde<ActionEvent> actionSerde = serdes.of(ActionEvent.class);
        servers.reader().read(topics.actions(), from, to, record -> {
            String at = record.partition() + "@" + record.offset();
            if (late.contains(at)) {
                recount.late(record.partition());
            } else if (dead.contains(at)) {
                recount.deadLettered(record.partition());
            } else {
                switch (actionSerde.decode(topics.actions(), record.headers(), record.value())) {
                    case Decoded.Read<ActionEvent> read ->
                        charges.action(
                                record.partition(),
                                Instant.ofEpochMilli(record.timestamp()),
                                settled,
                                read.value(),
                                recount.action(record.partition(), read.value()));
                    case Decoded.Refused<ActionEvent> refused -> {
                        recount.deadLettered(record.partition());
                        if (settled) {
                            differences.add("actions-" + at + " cannot be read ("
                                    + refused.reason().code() + ") and is no dead letter");
                        }
                    }
                }
            }
        });
    }

    /** Where the records of a topic of kept-aside records were first read. */
    private Set<String> coordinates(String topic, String of) {
        Set<String> coordinates = new HashSet<>();
        servers.reader().readAll(topic, record -> {
            if (of.equals(header(record, "tally.topic"))
                    && !coordinates.add(header(record, "tally.partition") + "@" + header(record, "tally.offset"))) {
                differences.add(topic + " holds " + of + "-" + header(record, "tally.partition") + "@"
                        + header(record, "tally.offset") + " twice");
            }
        });
        return coordinates;
    }

    private static String header(ConsumerRecord<byte[], byte[]> record, String name) {
        var header = record.headers().lastHeader(name);
        return header == null ? "" : new String(header.value(), StandardCharsets.UTF_8);
    }

    /** Day totals by the key of their snapshot. */
    private Map<String, Long> usage(Topics topics, RecordSerdes serdes) {
        Map<String, Long> said = new HashMap<>();
        RecordSerde<UsageSnapshot> serde = serdes.of(UsageSnapshot.class);
        servers.reader().readAll(topics.usage(), record -> {
            if (serde.decode(topics.usage(), record.headers(), record.value())
                            instanceof Decoded.Read<UsageSnapshot>(UsageSnapshot usage)
                    && usage.getWindow() == UsageWindow.DAY) {
                said.put(new String(record.key(), StandardCharsets.UTF_8), usage.getUsed());
            }
        });
        return said;
    }

    private boolean isAskedFor(String key) {
        return (org == null || key.startsWith(Subject.org(org).text() + "/"))
                && (day == null || key.endsWith("/" + day + "T00:00:00Z"));
    }

    private boolean isAskedFor(ChargedMeter charged) {
        return (org == null || charged.payer().equals(Subject.org(org).text()))
                && (day == null || charged.period().holds(LocalDate.parse(day)))
                && (period == null || charged.period().holds(LocalDate.parse(period)));
    }

    private void compareConservation(Comparison comparison, Optional<AppClient.Reply> reply) {
        System.out.println("partition: read = counted + read-only + duplicate + late + dead-lettered (recounted)");
        comparison
                .before()
                .outcomes()
                .forEach((partition, of) -> System.out.printf(
                        "%9d: %,d = %,d + %,d + %,d + %,d + %,d%n",
                        partition,
                        of.read(),
                        of.counted(),
                        of.readOnly(),
                        of.duplicate(),
                        of.late(),
                        of.deadLettered()));
        if (reply.isEmpty() || reply.get().status() != 200) {
            System.out.println("streams-app was not reached at " + app + ": its counters are not compared");
            return;
        }
        Map<Integer, Outcomes> said = new TreeMap<>();
        for (JsonNode of : reply.get().body().path("partitions")) {
            said.put(
                    of.path("partition").asInt(),
                    new Outcomes(
                            of.path("read").asLong(),
                            of.path("counted").asLong(),
                            of.path("readOnly").asLong(),
                            of.path("duplicate").asLong(),
                            of.path("late").asLong(),
                            of.path("deadLettered").asLong()));
        }
        differences.addAll(comparison.outcomes(said));
    }

    private void sayRange(Topics topics) {
        boolean whole =
                servers.reader().beginnings(topics.actions()).values().stream().allMatch(offset -> offset == 0);
        System.out.println(
                whole
                        ? "the log is whole: every action ever published is proved"
                        : "the log begins at offsets "
                                + new TreeMap<>(servers.reader().beginnings(topics.actions()))
                                + ": days before its oldest records cannot be proved");
    }
}
