package dev.tally.cli;

import com.fasterxml.jackson.databind.JsonNode;
import dev.tally.cli.audit.BillingMonth;
import dev.tally.cli.audit.ChargeCatalogue;
import dev.tally.cli.audit.ChargeComparison;
import dev.tally.cli.audit.ChargeRecount;
import dev.tally.cli.audit.ChargedMeter;
import dev.tally.cli.audit.ChargedPeriod;
import dev.tally.cli.audit.SaidCharges;
import dev.tally.schemas.BillableFact;
import dev.tally.schemas.Grant;
import dev.tally.schemas.Membership;
import dev.tally.schemas.Plan;
import dev.tally.schemas.Subscription;
import dev.tally.schemas.serde.Decoded;
import dev.tally.schemas.serde.RecordSerde;
import dev.tally.schemas.serde.RecordSerdes;
import dev.tally.schemas.topics.Topics;
import dev.tally.streams.state.CatalogueKind;
import dev.tally.streams.state.CatalogueRecords;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.SortedMap;
import java.util.SortedSet;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.function.Predicate;
import org.apache.avro.specific.SpecificRecord;
import org.jspecify.annotations.Nullable;

/** The part of the audit that is about money: what payers are charged, recounted, and what streams-app and the facts say. */
final class ChargeAudit {

    private final Servers servers;
    private final RecordSerdes serdes;
    private final Topics topics;
    private final AppClient app;
    private final ChargeCatalogue catalogue = new ChargeCatalogue();
    private final ChargeRecount recount;
    private final List<String> differences = new ArrayList<>();
    private final SortedMap<ChargedMeter, SaidCharges> said = new TreeMap<>();
    private final SortedSet<ChargedMeter> asked = new TreeSet<>();
    private Map<FactsOf, Long> factsBefore = Map.of();
    private final Set<PeriodOf> expired = new HashSet<>();
    private int gone;
    private boolean reached = true;

    ChargeAudit(Servers servers, RecordSerdes serdes, Topics topics, AppClient app) {
        this.servers = servers;
        this.serdes = serdes;
        this.topics = topics;
        this.app = app;
        read(CatalogueKind.PLAN, topics.plans(), Plan.class, (key, plan, at) -> {
            if (plan != null) {
                catalogue.plan(plan, at);
            }
        });
        read(CatalogueKind.SUBSCRIPTION, topics.subscriptions(), Subscription.class, catalogue::subscription);
        read(
                CatalogueKind.GRANT,
                topics.grants(),
                Grant.class,
                (key, grant, at) -> catalogue.grant(key.substring(0, Math.max(0, key.indexOf('/'))), key, grant, at));
        read(CatalogueKind.MEMBERSHIP, topics.memberships(), Membership.class, (key, membership, at) -> {
            if (membership != null) {
                catalogue.membership(membership);
            }
        });
        recount = new ChargeRecount(catalogue, topics.actionsPartitions() == 1);
    }

    /** By start of the period that they are about. */
    private record FactsOf(String payer, String meter, Instant start) {}

    private record PeriodOf(String payer, Instant start) {}

    private interface CatalogueSink<T> {
        void put(String key, @Nullable T value, Instant writtenAt);
    }

    /** Like streams-app, passes over what breaks the rules: it leaves in force what was there before. */
    private <T extends SpecificRecord> void read(
            CatalogueKind kind, String topic, Class<T> type, CatalogueSink<T> sink) {
        CatalogueRecords records = new CatalogueRecords(serdes);
        servers.reader().readAll(topic, record -> {
            String key = record.key() == null ? "" : new String(record.key(), StandardCharsets.UTF_8);
            Instant writtenAt = Instant.ofEpochMilli(record.timestamp());
            switch (records.read(kind, topic, record.headers(), key, record.value())) {
                case CatalogueRecords.Reading.Valid valid -> sink.put(key, type.cast(valid.record()), writtenAt);
                case CatalogueRecords.Reading.Removed ignored -> sink.put(key, null, writtenAt);
                case CatalogueRecords.Reading.Refused ignored -> {}
            }
        });
    }

    ChargeRecount recount() {
        return recount;
    }

    /** Asks for all that has been recounted of payers of whom anything is asked for. */
    void ask(Predicate<ChargedMeter> wanted) {
        SortedMap<ChargedMeter, ChargedPeriod> recounted = recount.reading();
        TreeSet<String> payers = new TreeSet<>();
        recounted.keySet().stream().filter(wanted).map(ChargedMeter::payer).forEach(payers::add);
        factsBefore = facts();
        SortedMap<String, TreeMap<Instant, BillingMonth>> periods = new TreeMap<>();
        for (ChargedMeter charged : recounted.keySet()) {
            if (payers.contains(charged.payer())) {
                periods.computeIfAbsent(charged.payer(), payer -> new TreeMap<>())
                        .put(charged.period().start(), charged.period());
                asked.add(charged);
            }
        }
        periods.forEach((payer, months) -> months.values().forEach(month -> ask(payer, month)));
        asked.removeIf(wanted.negate());
        int wantedPeriods = asked.size();
        asked.removeIf(charged ->
                expired.contains(new PeriodOf(charged.payer(), charged.period().start())));
        gone = wantedPeriods - asked.size();
    }

    private void ask(String payer, BillingMonth month) {
        String path = (payer.startsWith("org:") ? "/v1/orgs/" : "/v1/users/") + payer.substring(payer.indexOf(':') + 1)
                + "/billing?period=" + month.midnightInside();
        Optional<AppClient.Reply> reply = reached ? app.get(path) : Optional.empty();
        if (reply.isEmpty() || reply.get().status() == 503) {
            reached = false;
            return;
        }
        JsonNode body = reply.get().body();
        if (reply.get().status() == 404) {
            return;
        }
        if (reply.get().status() == 410) {
            expired.add(new PeriodOf(payer, month.start()));
            return;
        }
        String start = body.path("period").path("start").asText();
        if (reply.get().status() != 200 || !start.equals(month.start().toString())) {
            differences.add(payer + ": period from " + month.start() + " recounted, streams-app answers "
                    + (reply.get().status() == 200 ? "with one from " + start : "" + body));
            return;
        }
        for (JsonNode meter : body.path("meters")) {
            ChargedMeter charged = new ChargedMeter(payer, meter.path("meter").asText(), month);
            said.put(charged, charges(meter));
            asked.add(charged);
        }
    }

    private static SaidCharges charges(JsonNode meter) {
        Map<String, Long> burns = new HashMap<>();
        for (JsonNode burn : meter.path("burns")) {
            burns.put(burn.path("grantId").asText(), burn.path("amount").asLong());
        }
        return new SaidCharges(
                meter.path("included").asLong(),
                meter.path("granted").asLong(),
                meter.path("used").asLong(),
                meter.path("includedRemaining").asLong(),
                meter.path("grantsRemaining").asLong(),
                meter.path("overage").asLong(),
                meter.path("excess").asLong(),
                meter.path("unreported").asLong(),
                burns);
    }

    /** Sums of the facts by the period that they are about. */
    private Map<FactsOf, Long> facts() {
        Map<FactsOf, Long> sums = new HashMap<>();
        RecordSerde<BillableFact> serde = serdes.of(BillableFact.class);
        servers.reader().readAll(topics.billableUsage(), record -> {
            if (serde.decode(topics.billableUsage(), record.headers(), record.value())
                    instanceof Decoded.Read<BillableFact>(BillableFact fact)) {
                // What is carried into a later period is about the one where it began.
                Instant carriedFrom = fact.getOriginPeriodStart();
                Instant start = carriedFrom == null ? fact.getPeriodStart() : carriedFrom;
                sums.merge(new FactsOf(fact.getPayer(), fact.getMeter(), start), fact.getAmount(), Long::sum);
            }
        });
        return sums;
    }

    /** Compares, says what was compared, and returns the differences. */
    List<String> compare() {
        if (!reached) {
            System.out.println("streams-app gives no billing periods: what payers are charged is not compared");
            return differences;
        }
        Map<FactsOf, Long> factsAfter = facts();
        ChargeComparison comparison = new ChargeComparison(catalogue, recount.reading(), said);
        boolean factsWhole = servers.reader().beginnings(topics.billableUsage()).values().stream()
                .allMatch(offset -> offset == 0);
        long exact = 0;
        long doubtful = 0;
        for (ChargedMeter charged : asked) {
            differences.addAll(comparison.differences(charged));
            exact += comparison.isExact(charged) ? 1 : 0;
            doubtful += comparison.isProvable(charged) ? 0 : 1;
            if (factsWhole) {
                FactsOf facts = new FactsOf(
                        charged.payer(), charged.meter(), charged.period().start());
                differences.addAll(comparison.facts(
                        charged, factsBefore.getOrDefault(facts, 0L), factsAfter.getOrDefault(facts, 0L)));
            }
        }
        differences.addAll(comparison.overdrawn());
        System.out.printf(
                "compared %,d billing periods of payers' meters: %,d with what covered each action, others with what can"
                        + " have covered them%n",
                asked.size(), exact);
        if (doubtful > 0) {
            System.out.printf(
                    "%,d of them have actions that were published while the catalogue changed: only checked to add up%n",
                    doubtful);
        }
        if (gone > 0) {
            System.out.printf("%,d are no longer kept: not compared%n", gone);
        }
        if (!factsWhole) {
            System.out.println("the oldest billable facts are gone: facts are not compared");
        }
        return differences;
    }
}
