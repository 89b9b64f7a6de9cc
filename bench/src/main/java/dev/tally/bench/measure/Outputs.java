package dev.tally.bench.measure;

import dev.tally.bench.workload.BenchCatalogue;
import dev.tally.bench.workload.Sum;
import dev.tally.schemas.AdmissionDecision;
import dev.tally.schemas.AlertKind;
import dev.tally.schemas.BillableFact;
import dev.tally.schemas.Decision;
import dev.tally.schemas.QuotaAlert;
import dev.tally.schemas.Scope;
import dev.tally.schemas.UsageSnapshot;
import dev.tally.schemas.UsageWindow;
import dev.tally.schemas.serde.RecordSerdes;
import dev.tally.streams.state.Repetition;
import java.nio.charset.StandardCharsets;
import java.util.HashMap;
import java.util.HashSet;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.function.BiConsumer;
import java.util.function.Consumer;
import org.apache.avro.specific.SpecificRecord;
import org.apache.kafka.common.header.Header;
import org.apache.kafka.common.header.Headers;
import org.apache.kafka.common.serialization.Deserializer;

/** What Tally has committed to its output topics. */
final class Outputs {

    private static final String USER = "user:";

    private final Bed bed;

    Outputs(Bed bed) {
        this.bed = bed;
    }

    /** Day counts, by meter. */
    record Usage(Map<String, Sum> users, Map<String, Sum> orgs) {}

    private record Counter(String subject, String meter, long day) {}

    /** The latest total of each day counter. */
    Usage usage() {
        Map<Counter, Long> latest = new HashMap<>();
        read(bed.cluster().topics().usage(), UsageSnapshot.class, snapshot -> {
            if (snapshot.getWindow() == UsageWindow.DAY) {
                latest.put(
                        new Counter(
                                snapshot.getSubject(),
                                snapshot.getMeter(),
                                snapshot.getWindowStart().toEpochMilli()),
                        snapshot.getUsed());
            }
        });
        Map<String, Sum> users = new HashMap<>();
        Map<String, Sum> orgs = new HashMap<>();
        latest.forEach((counter, used) -> (counter.subject().startsWith(USER) ? users : orgs)
                .merge(
                        counter.meter(),
                        Sum.NONE.plus(counter.subject(), counter.day(), used),
                        (a, b) -> new Sum(a.total() + b.total(), a.digest() + b.digest())));
        return new Usage(users, orgs);
    }

    /** How many alerts say that a user has come to a daily limit. */
    long usersAtLimit() {
        Set<String> alerts = new HashSet<>();
        read(bed.cluster().topics().quotaAlerts(), QuotaAlert.class, alert -> {
            if (alert.getKind() == AlertKind.REACHED
                    && alert.getScope() == Scope.USER
                    && alert.getMeter().equals(BenchCatalogue.ACTIONS)
                    && !alerts.add(alert.getAlertId())) {
                throw new WrongSums("alert " + alert.getAlertId() + " was raised twice");
            }
        });
        return alerts.size();
    }

    /** How many admissions of their topic let an action run, each of which is there once beside what was only said again. */
    long admitted() {
        Set<String> admitted = new HashSet<>();
        read(bed.cluster().topics().admissions(), AdmissionDecision.class, (headers, decision) -> {
            if (Repetition.of(headers).isEmpty()
                    && decision.getDecision() == Decision.ADMIT
                    && !admitted.add(decision.getActionId())) {
                throw new WrongSums("action " + decision.getActionId() + " was admitted twice");
            }
        });
        return admitted.size();
    }

    /** How many dead letters there are, by reason. */
    Map<String, Long> deadLetters() {
        Map<String, Long> reasons = new TreeMap<>();
        bed.servers().reader().readAll(bed.cluster().topics().deadLetters(), record -> {
            Header reason = record.headers().lastHeader("tally.reason");
            reasons.merge(new String(reason.value(), StandardCharsets.UTF_8), 1L, Long::sum);
        });
        return reasons;
    }

    /** What is billed, by meter. */
    Map<String, Long> billed() {
        Map<String, Long> billed = new HashMap<>();
        billed.put(BenchCatalogue.ACTIONS, 0L);
        billed.put(BenchCatalogue.CREDITS, 0L);
        read(
                bed.cluster().topics().billableUsage(),
                BillableFact.class,
                fact -> billed.merge(fact.getMeter(), fact.getAmount(), Long::sum));
        return billed;
    }

    private <T extends SpecificRecord> void read(String topic, Class<T> type, Consumer<T> each) {
        read(topic, type, (headers, value) -> each.accept(value));
    }

    private <T extends SpecificRecord> void read(String topic, Class<T> type, BiConsumer<Headers, T> each) {
        try (RecordSerdes serdes = bed.servers().serdes()) {
            Deserializer<T> deserializer = serdes.of(type).deserializer();
            bed.servers()
                    .reader()
                    .readAll(
                            topic,
                            record -> each.accept(
                                    record.headers(),
                                    deserializer.deserialize(topic, record.headers(), record.value())));
        }
    }
}
