package dev.tally.cli;

import com.fasterxml.jackson.databind.JsonNode;
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
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
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

    @Mixin
    private Servers servers = new Servers();

    @Option(names = "--org", description = "Only this organisation.")
    private @Nullable String org;

    @Option(names = "--day", description = "Only this day, UTC.")
    private @Nullable String day;

    @Option(
            names = "--app",
            defaultValue = "http://127.0.0.1:8080",
            description = "streams-app, asked for its conservation counters.")
    private String app = "http://127.0.0.1:8080";

    private final List<String> differences = new ArrayList<>();

    @Override
    public Integer call() {
        try (Admin admin = servers.admin();
                RecordSerdes serdes = servers.serdes()) {
            Topics topics = servers.topics(admin);
            Recount recount = recount(topics, serdes);
            compareUsage(recount, topics, serdes);
            compareConservation(recount);
            sayRange(topics);
        }
        differences.stream().limit(MAX_SHOWN).forEach(System.out::println);
        if (differences.size() > MAX_SHOWN) {
            System.out.println("... and " + (differences.size() - MAX_SHOWN) + " more");
        }
        System.out.println(differences.isEmpty() ? "no difference" : differences.size() + " differences");
        return differences.isEmpty() ? Exit.DONE : Exit.NO;
    }

    private Recount recount(Topics topics, RecordSerdes serdes) {
        Map<String, Meter> meters = new TreeMap<>();
        RecordSerde<Meter> meterSerde = serdes.of(Meter.class);
        servers.readAll(topics.meters(), record -> {
            String id = new String(record.key(), StandardCharsets.UTF_8);
            switch (meterSerde.decode(topics.meters(), record.headers(), record.value())) {
                case Decoded.Read<Meter> read -> meters.put(id, read.value());
                case Decoded.Refused<Meter> refused -> meters.remove(id);
            }
        });
        Set<String> late = coordinates(topics.lateActions(), topics.actions());
        Set<String> dead = coordinates(topics.deadLetters(), topics.actions());
        Recount recount = new Recount(List.copyOf(meters.values()));
        RecordSerde<ActionEvent> actionSerde = serdes.of(ActionEvent.class);
        servers.readAll(topics.actions(), record -> {
            String at = record.partition() + "@" + record.offset();
            if (late.contains(at)) {
                recount.late(record.partition());
            } else if (dead.contains(at)) {
                recount.deadLettered(record.partition());
            } else {
                switch (actionSerde.decode(topics.actions(), record.headers(), record.value())) {
                    case Decoded.Read<ActionEvent> read -> recount.action(record.partition(), read.value());
                    case Decoded.Refused<ActionEvent> refused ->
                        differences.add("actions-" + at + " cannot be read ("
                                + refused.reason().code() + ") and is no dead letter");
                }
            }
        });
        return recount;
    }

    /** Where the records of a topic of kept-aside records were first read. */
    private Set<String> coordinates(String topic, String of) {
        Set<String> coordinates = new HashSet<>();
        servers.readAll(topic, record -> {
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

    private void compareUsage(Recount recount, Topics topics, RecordSerdes serdes) {
        Map<String, Long> said = new HashMap<>();
        RecordSerde<UsageSnapshot> serde = serdes.of(UsageSnapshot.class);
        servers.readAll(topics.usage(), record -> {
            if (serde.decode(topics.usage(), record.headers(), record.value())
                            instanceof Decoded.Read<UsageSnapshot>(UsageSnapshot usage)
                    && usage.getWindow() == UsageWindow.DAY) {
                said.put(new String(record.key(), StandardCharsets.UTF_8), usage.getUsed());
            }
        });
        Set<String> keys = new TreeSet<>(recount.totals().keySet());
        keys.addAll(said.keySet());
        long compared = 0;
        for (String key : keys) {
            if (isAskedFor(key)) {
                compared++;
                long counted = recount.totals().getOrDefault(key, 0L);
                long found = said.getOrDefault(key, 0L);
                if (counted != found) {
                    differences.add(key + ": recounted " + counted + ", usage says " + found);
                }
            }
        }
        System.out.printf("compared %,d day windows of the usage topic with the log%n", compared);
    }

    private boolean isAskedFor(String key) {
        return (org == null || key.startsWith(Subject.org(org).text() + "/"))
                && (day == null || key.endsWith("/" + day + "T00:00:00Z"));
    }

    private void compareConservation(Recount recount) {
        System.out.println("partition: read = counted + read-only + duplicate + late + dead-lettered (recounted)");
        recount.partitions().forEach((partition, tally) -> {
            List<Long> o = tally.outcomes();
            System.out.printf(
                    "%9d: %,d = %,d + %,d + %,d + %,d + %,d%n",
                    partition, tally.read(), o.get(0), o.get(1), o.get(2), o.get(3), o.get(4));
        });
        var reply = new AppClient(app).get("/v1/conservation");
        if (reply.isEmpty() || reply.get().status() != 200) {
            System.out.println("streams-app was not reached at " + app + ": its counters are not compared");
            return;
        }
        long[] counted = new long[3];
        long[] recounted = new long[3];
        for (JsonNode of : reply.get().body().path("partitions")) {
            Recount.Tally tally =
                    recount.partitions().getOrDefault(of.path("partition").asInt(), new Recount.Tally());
            int partition = of.path("partition").asInt();
            compare(partition, "read", tally.read(), of);
            compare(partition, "late", tally.outcomes().get(3), of);
            compare(partition, "deadLettered", tally.outcomes().get(4), of);
            List<String> sums = List.of("counted", "readOnly", "duplicate");
            for (int i = 0; i < sums.size(); i++) {
                counted[i] += of.path(sums.get(i)).asLong();
                recounted[i] += tally.outcomes().get(i);
            }
        }
        // Which of two equal records in different partitions came first, only the app knows: these are compared as
        // sums.
        if (!java.util.Arrays.equals(counted, recounted)) {
            differences.add("counted, read-only, duplicate: recounted " + java.util.Arrays.toString(recounted)
                    + ", streams-app says " + java.util.Arrays.toString(counted));
        }
    }

    private void compare(int partition, String what, long recounted, JsonNode said) {
        if (said.path(what).asLong() != recounted) {
            differences.add("partition " + partition + " " + what + ": recounted " + recounted + ", streams-app says "
                    + said.path(what).asLong());
        }
    }

    private void sayRange(Topics topics) {
        boolean whole = servers.beginnings(topics.actions()).values().stream().allMatch(offset -> offset == 0);
        System.out.println(
                whole
                        ? "the log is whole: every action ever published is proved"
                        : "the log begins at offsets " + new TreeMap<>(servers.beginnings(topics.actions()))
                                + ": days before its oldest records cannot be proved");
    }
}
