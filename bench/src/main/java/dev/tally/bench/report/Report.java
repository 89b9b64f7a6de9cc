package dev.tally.bench.report;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.SerializationFeature;
import com.fasterxml.jackson.databind.json.JsonMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.ToDoubleFunction;
import org.jspecify.annotations.Nullable;

/**
 * All that a bench found. As JSON its names are relied on from outside; add to them, change none.
 *
 * @param workload what was counted, by name
 * @param rounds by variant, every round
 * @param latency by rate, then by what was waited for
 * @param growth by number of users
 * @param flood what garbage costs; null where none was sent
 * @param promotion of a standby; null where none was asked for
 * @param delivery of a backlog to Stripe; null where none was asked for
 * @param capacity what very many subjects take; null where it was not asked for
 */
public record Report(
        Machine machine,
        Versions versions,
        Map<String, Object> workload,
        Map<String, List<Figures>> rounds,
        Map<String, Map<String, Latency>> latency,
        Map<String, Figures> growth,
        @Nullable Flood flood,
        @Nullable Promotion promotion,
        @Nullable Delivery delivery,
        @Nullable Capacity capacity) {

    /** The variant all others are compared with. */
    public static final String CEILING = "A";

    private static final double MEGABYTE = 1_000_000;
    private static final ObjectMapper JSON =
            JsonMapper.builder().enable(SerializationFeature.INDENT_OUTPUT).build();

    public Report {
        workload = new LinkedHashMap<>(workload);
        rounds = new LinkedHashMap<>(rounds);
        latency = new LinkedHashMap<>(latency);
        growth = new LinkedHashMap<>(growth);
    }

    /** Each variant's medians. */
    public Map<String, Figures> medians() {
        Map<String, Figures> medians = new LinkedHashMap<>();
        rounds.forEach((variant, figures) -> medians.put(variant, Medians.ofRounds(figures)));
        return medians;
    }

    /** As JSON. */
    public String json() {
        ObjectNode root = JSON.createObjectNode();
        root.set("machine", JSON.valueToTree(machine));
        root.set("versions", JSON.valueToTree(versions));
        root.set("workload", JSON.valueToTree(workload));
        ObjectNode variants = root.putObject("variants");
        Map<String, Figures> medians = medians();
        medians.forEach((variant, figures) -> {
            ObjectNode node = JSON.valueToTree(figures);
            Figures ceiling = medians.get(CEILING);
            if (ceiling != null) {
                node.put("shareOfA", figures.eventsPerSecond() / ceiling.eventsPerSecond());
            }
            node.set("rounds", JSON.valueToTree(rounds.get(variant)));
            variants.set(variant, node);
        });
        if (!latency.isEmpty()) {
            root.set("latencyMillis", JSON.valueToTree(latency));
        }
        if (!growth.isEmpty()) {
            root.set("growth", JSON.valueToTree(growth));
        }
        if (flood != null) {
            root.set("flood", JSON.valueToTree(flood));
        }
        if (promotion != null) {
            root.set("promotion", JSON.valueToTree(promotion));
        }
        if (delivery != null) {
            root.set("delivery", JSON.valueToTree(delivery));
        }
        if (capacity != null) {
            ObjectNode node = JSON.valueToTree(capacity);
            node.set("figures", JSON.valueToTree(capacity.figures()));
            root.set("capacity", node);
        }
        try {
            return JSON.writeValueAsString(root);
        } catch (JsonProcessingException e) {
            throw new IllegalStateException(e);
        }
    }

    /** For people. */
    public String text() {
        StringBuilder text = new StringBuilder();
        text.append("machine   %s, %d cores, %.1f GB, %s, JDK %s%s%n"
                .formatted(
                        machine.cpu(),
                        machine.cores(),
                        machine.memoryBytes() / 1e9,
                        machine.kernel(),
                        machine.jdk(),
                        stolen()));
        text.append("versions  Kafka %s, Tally %s%n".formatted(versions.kafka(), versions.tally()));
        text.append("workload  %s%n".formatted(workload));
        if (!rounds.isEmpty()) {
            text.append("%nmedians of %d round(s); every run gave the exact sums%n"
                    .formatted(rounds.values().iterator().next().size()));
            table(text, "variant", medians());
        }
        if (!growth.isEmpty()) {
            text.append("%nT-full by number of users%n".formatted());
            table(text, "users", growth);
        }
        latency.forEach((rate, byTarget) -> {
            text.append("%nmilliseconds, at %s%n".formatted(rate));
            text.append("%-16s %8s %8s %8s %6s %6s%n".formatted("until", "p50", "p99", "max", "n", "lost"));
            byTarget.forEach((target, of) -> text.append("%-16s %8.1f %8.1f %8.1f %6d %6d%n"
                    .formatted(target, of.p50(), of.p99(), of.max(), of.n(), of.lost())));
        });
        if (flood != null) {
            text.append("%nrecords/s with %d %% garbage %,.0f, without %,.0f: ratio %.2f%n"
                    .formatted(flood.percent(), flood.withGarbage(), flood.without(), flood.ratio()));
        }
        if (promotion != null) {
            text.append(text(promotion));
        }
        if (delivery != null) {
            text.append(text(delivery));
        }
        if (capacity != null) {
            text.append("%n%,d users in %,d orgs, %,d actions of one day; the sums were exact%n"
                    .formatted(capacity.users(), capacity.orgs(), capacity.actions()));
            capacity.figures().forEach((name, value) -> text.append("%-52s %,14.1f%n".formatted(name, value)));
        }
        return text.toString();
    }

    private String stolen() {
        Double percent = machine.stolenPercent();
        return percent == null ? "" : "; its host gave %.1f %% of its cores' time to others".formatted(percent);
    }

    private static String text(Promotion of) {
        return """

                a standby takes over: %,d remembered ids, %d partitions of the actions moved; the sums were exact
                first instance ready             %8.1f s after its start
                standbys caught up               %8.1f s after the second instance's start
                broker noticed                   %8.1f s after the kill (session timeout %.1f s)
                survivor active for all          %8.1f s
                %,-7d actions counted          %8.1f s
                their totals committed           %8.1f s
                promotion (counted less noticed) %8.1f s
                survivor                         %8.0f MB resident, %.0f MB of state
                """.formatted(
                        of.remembered(),
                        of.partitionsMoved(),
                        of.readySeconds(),
                        of.standbySeconds(),
                        of.noticedSeconds(),
                        of.sessionTimeoutSeconds(),
                        of.readableSeconds(),
                        of.published(),
                        of.countedSeconds(),
                        of.usageSeconds(),
                        of.promotionSeconds(),
                        of.residentBytes() / MEGABYTE,
                        of.stateBytes() / MEGABYTE);
    }

    private static String text(Delivery of) {
        return """

                %,d facts of %,d customers to Stripe by %s, at most %,d a second; each arrived once, %d calls beyond a limit
                load average before              %8.2f
                drained                          %8.1f s after the sink's start
                sustained                        %8.0f facts/s (fewest in 10 s: %.0f)
                calls                            %,8d
                CPU of a million facts           %8.1f s sink, %.1f s broker, %.1f s stand-in
                heap of at most %4d MB          %8.0f MB used after the last fact, %.0f MB resident at most
                started again                    %8.1f s until the ledger was read, %.0f MB of heap used
                """.formatted(
                        of.facts(),
                        of.customers(),
                        of.transport(),
                        of.eventsPerSecond(),
                        of.refused(),
                        of.loadBefore(),
                        of.drainSeconds(),
                        of.sustainedPerSecond(),
                        of.slowestPerSecond(),
                        of.calls(),
                        of.sinkCpuSecondsPerMillion(),
                        of.brokerCpuSecondsPerMillion(),
                        of.standInCpuSecondsPerMillion(),
                        of.heapMegabytes(),
                        of.heapBytes() / MEGABYTE,
                        of.residentBytes() / MEGABYTE,
                        of.restartSeconds(),
                        of.restartHeapBytes() / MEGABYTE);
    }

    private static void table(StringBuilder text, String first, Map<String, Figures> rows) {
        Figures ceiling = rows.get(CEILING);
        text.append("%-15s %11s %7s %11s %11s %9s %9s %9s %9s %8s %11s%n"
                .formatted(
                        first,
                        "events/s",
                        "% of A",
                        "app CPU s/M",
                        "brk CPU s/M",
                        "brk B/ev",
                        "heap MB",
                        "RSS MB",
                        "disk MB",
                        "ready s",
                        "id reads"));
        rows.forEach((name, of) -> text.append("%-15s %,11.0f %7s %11.2f %11.2f %9.1f %9.0f %9.0f %9.0f %8.1f %,11.0f%n"
                .formatted(
                        name,
                        of.eventsPerSecond(),
                        ceiling == null ? "-" : "%.1f".formatted(100 * share(of, ceiling, Figures::eventsPerSecond)),
                        of.appCpuSecondsPerMillion(),
                        of.brokerCpuSecondsPerMillion(),
                        of.brokerBytesPerEvent(),
                        of.heapBytes() / MEGABYTE,
                        of.maxResidentBytes() / MEGABYTE,
                        of.stateBytes() / MEGABYTE,
                        of.readySeconds(),
                        of.idDiskChecks())));
    }

    private static double share(Figures of, Figures ceiling, ToDoubleFunction<Figures> figure) {
        return figure.applyAsDouble(of) / figure.applyAsDouble(ceiling);
    }
}
