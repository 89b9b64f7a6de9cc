package dev.tally.cli;

import com.fasterxml.jackson.databind.JsonNode;
import dev.tally.cli.audit.BillingMonth;
import dev.tally.cli.audit.ChargeCatalogue;
import dev.tally.cli.audit.ChargeComparison;
import dev.tally.cli.audit.ChargeRecount;
import dev.tally.cli.audit.ChargedMeter;
import dev.tally.cli.audit.ChargedPeriod;
import dev.tally.cli.audit.Difference;
import dev.tally.cli.audit.Difference.Span;
import dev.tally.cli.audit.FactComparison;
import dev.tally.cli.audit.SaidCharges;
import dev.tally.cli.audit.SaidFact;
import dev.tally.schemas.BillableFact;
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
import java.util.function.Consumer;
import java.util.function.Function;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;

/** The part of the audit that is about money: what payers are charged, recounted, and what streams-app and the facts say. */
final class ChargeAudit {

    private final Function<String, Optional<AppClient.Reply>> app;
    private final ChargeCatalogue catalogue;
    private final ChargeRecount recount;
    private final List<Difference> differences = new ArrayList<>();
    private final SortedMap<ChargedMeter, SaidCharges> said = new TreeMap<>();
    private final SortedSet<ChargedMeter> asked = new TreeSet<>();
    private final Set<PeriodOf> expired = new HashSet<>();
    private int gone;
    private boolean reached = true;

    /**
     * An audit of charges.
     *
     * @param app answers a path of streams-app; empty where it cannot be reached
     * @param onePartition whether all actions lie in one partition
     */
    ChargeAudit(ChargeCatalogue catalogue, Function<String, Optional<AppClient.Reply>> app, boolean onePartition) {
        this.catalogue = catalogue;
        this.app = app;
        recount = new ChargeRecount(catalogue, onePartition);
    }

    /** By start of the period that they are about. */
    private record FactsOf(String payer, String meter, Instant start) {}

    private record PeriodOf(String payer, Instant start) {}

    ChargeRecount recount() {
        return recount;
    }

    /** Asks for all that has been recounted of payers of whom anything is asked for. */
    void ask(Predicate<ChargedMeter> wanted) {
        said.clear();
        asked.clear();
        expired.clear();
        differences.clear();
        gone = 0;
        reached = true;
        SortedMap<ChargedMeter, ChargedPeriod> recounted = recount.reading();
        TreeSet<String> payers = new TreeSet<>();
        recounted.keySet().stream().filter(wanted).map(ChargedMeter::payer).forEach(payers::add);
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
        Optional<AppClient.Reply> reply = reached ? app.apply(path) : Optional.empty();
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
            differences.add(Difference.of(payer + ": period from " + month.start() + " recounted, streams-app answers "
                    + (reply.get().status() == 200 ? "with one from " + start : "" + body)));
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

    /**
     * Compares.
     *
     * @param facts all of them; null where the oldest are gone
     * @param factsFrom those that were there before Tally was asked end there, by partition
     * @param found what is wrong with the facts themselves
     * @param wholeFrom of periods that begin earlier the log no longer has everything
     * @param say takes what was compared
     */
    List<Difference> compare(
            @Nullable List<SaidFact> facts,
            Map<Integer, Long> factsFrom,
            FactComparison found,
            Instant wholeFrom,
            Consumer<String> say) {
        if (!reached) {
            say.accept("streams-app gives no billing periods: what payers are charged is not compared");
            return List.of();
        }
        SortedMap<ChargedMeter, ChargedPeriod> recounted = recount.reading();
        ChargeComparison comparison = new ChargeComparison(catalogue, recounted, said);
        Map<FactsOf, FactSum> sums = facts == null ? Map.of() : sums(facts, factsFrom);
        long exact = 0;
        long doubtful = 0;
        long cut = 0;
        for (ChargedMeter charged : asked) {
            boolean cutOff = charged.period().start().isBefore(wholeFrom);
            if (cutOff || (wholeFrom.isAfter(Instant.MIN) && catalogue.hasGrants(charged.payer()))) {
                // What actions that are gone took from grants is not known either.
                cut++;
                continue;
            }
            List<String> lines = new ArrayList<>(comparison.differences(charged));
            exact += comparison.isExact(charged) ? 1 : 0;
            doubtful += comparison.isProvable(charged) ? 0 : 1;
            if (facts != null) {
                reported(charged, comparison, sums, found, lines);
            }
            if (!lines.isEmpty()) {
                differences.add(Difference.of(lines.getFirst(), span(charged, recounted))
                        .because(lines.subList(1, lines.size())));
            }
        }
        comparison.overdrawn().forEach(line -> differences.add(Difference.of(line)));
        say.accept(String.format(
                "compared %,d billing periods of payers' meters: %,d with what covered each action, others with what can"
                        + " have covered them",
                asked.size() - cut, exact));
        if (doubtful > 0) {
            say.accept(String.format(
                    "%,d of them have actions that were published while the catalogue changed: only checked to add up",
                    doubtful));
        }
        if (gone > 0) {
            say.accept(String.format("%,d are no longer kept: not compared", gone));
        }
        if (cut > 0) {
            say.accept(String.format(
                    "%,d billing periods: not compared, actions that they may rest on are gone from the log", cut));
        }
        if (facts == null) {
            say.accept("the oldest billable facts are gone: their sums are not compared");
        }
        return List.copyOf(differences);
    }

    private static void reported(
            ChargedMeter charged,
            ChargeComparison comparison,
            Map<FactsOf, FactSum> sums,
            FactComparison found,
            List<String> lines) {
        FactSum sum = sums.getOrDefault(
                new FactsOf(charged.payer(), charged.meter(), charged.period().start()), FactSum.NONE);
        for (String line : comparison.facts(charged, sum.least(), sum.most())) {
            boolean settled = sum.least() == sum.most();
            if (!settled || !found.explains(charged, comparison.reported(charged) - sum.least(), line)) {
                lines.add(line);
            }
        }
    }

    private Span span(ChargedMeter charged, Map<ChargedMeter, ChargedPeriod> recounted) {
        ChargedPeriod period = recounted.get(charged);
        long used = said.getOrDefault(charged, SaidCharges.NONE).used();
        long least = period == null ? 0 : period.least();
        long most = period == null ? 0 : period.most();
        return new Span(
                charged.payer(),
                charged.meter(),
                charged.period().start(),
                charged.period().end(),
                used < least ? used - least : used > most ? used - most : 0);
    }

    /** What a period's facts come to: those that were there before Tally was asked, with any of those that came meanwhile. */
    private record FactSum(long least, long most) {
        static final FactSum NONE = new FactSum(0, 0);

        FactSum plus(long amount, boolean settled) {
            return new FactSum(
                    least + (settled ? amount : Math.min(0, amount)), most + (settled ? amount : Math.max(0, amount)));
        }
    }

    /** By the period that they are about. */
    private static Map<FactsOf, FactSum> sums(List<SaidFact> facts, Map<Integer, Long> factsFrom) {
        Map<FactsOf, FactSum> sums = new HashMap<>();
        for (SaidFact said : facts) {
            BillableFact fact = said.fact();
            boolean settled =
                    said.place().offset() < factsFrom.getOrDefault(said.place().partition(), 0L);
            // What is carried into a later period is about the one where it began.
            Instant carriedFrom = fact.getOriginPeriodStart();
            Instant start = carriedFrom == null ? fact.getPeriodStart() : carriedFrom;
            FactsOf of = new FactsOf(fact.getPayer(), fact.getMeter(), start);
            sums.put(of, sums.getOrDefault(of, FactSum.NONE).plus(fact.getAmount(), settled));
        }
        return sums;
    }
}
