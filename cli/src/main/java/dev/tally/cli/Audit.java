package dev.tally.cli;

import com.fasterxml.jackson.databind.JsonNode;
import dev.tally.cli.audit.AlertComparison;
import dev.tally.cli.audit.AuditLog;
import dev.tally.cli.audit.Causes;
import dev.tally.cli.audit.Cluster;
import dev.tally.cli.audit.Comparison;
import dev.tally.cli.audit.Difference;
import dev.tally.cli.audit.Evidence;
import dev.tally.cli.audit.FactComparison;
import dev.tally.cli.audit.Ledger;
import dev.tally.cli.audit.LimitRecount;
import dev.tally.cli.audit.Outcomes;
import dev.tally.cli.audit.Reading;
import dev.tally.cli.audit.SaidAlert;
import dev.tally.cli.audit.SaidFact;
import dev.tally.cli.audit.SaidTopics;
import dev.tally.cli.audit.SaidWindow;
import dev.tally.cli.audit.StripeComparison;
import dev.tally.cli.audit.StripeTotals;
import dev.tally.cli.audit.WindowComparison;
import dev.tally.cli.audit.WindowId;
import dev.tally.schemas.Meter;
import dev.tally.schemas.UsageWindow;
import dev.tally.schemas.serde.RecordSerdes;
import dev.tally.schemas.topics.Topics;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.function.Function;

/**
 * Recounts the log and compares everything that Tally says with it.
 *
 * <p>Actions may go on being published. The log is recounted up to where Tally had surely processed it before it was asked, and up to
 * where it ended afterwards; what is said must lie between the two. Where something does not while the log grows, all is asked again.
 */
final class Audit {

    private static final int ATTEMPTS = 3;
    private static final int EXPLAINED = 50;
    private static final int NOTES = 5;

    private final Sources from;
    private final AuditScope scope;
    private final Cluster cluster;
    private final RecordSerdes serdes;
    private final Topics topics;
    private final ChargeAudit charges;
    private final LimitRecount limits;
    private final Causes causes = new Causes();
    private final List<Meter> meters;
    private List<String> said = new ArrayList<>();
    private boolean processed;

    /**
     * Where an audit gets what it compares.
     *
     * @param app answers a path of streams-app; empty where it cannot be reached
     * @param stripe empty: Stripe is not compared
     * @param applicationId of streams-app
     * @param now by the clock that the stack goes by
     */
    record Sources(
            Cluster cluster,
            RecordSerdes serdes,
            Topics topics,
            Function<String, Optional<AppClient.Reply>> app,
            Optional<Stripe> stripe,
            String applicationId,
            Instant now) {}

    /**
     * Stripe, or what stands in for it.
     *
     * @param delay for how long its sums may lack what it has accepted
     */
    record Stripe(StripeTotals totals, Duration delay) {}

    /**
     * What came of it.
     *
     * @param said what was compared, and what could not be
     * @param differences the first ones with what explains them
     */
    record Report(List<String> said, List<Difference> differences) {}

    Audit(Sources from, AuditScope scope) {
        this.from = from;
        this.scope = scope;
        cluster = from.cluster();
        serdes = from.serdes();
        topics = from.topics();
        boolean onePartition = topics.actionsPartitions() == 1;
        AuditCatalogue catalogue = AuditCatalogue.read(cluster, serdes, topics, from.now());
        charges = new ChargeAudit(catalogue.charging(), from.app(), onePartition);
        limits = new LimitRecount(catalogue.charging(), catalogue.limiting(), onePartition);
        meters = catalogue.meters();
    }

    Report run() {
        Map<Integer, Long> end = cluster.ends(topics.actions());
        processed = isProcessed();
        SaidTopics before = new SaidTopics(cluster, serdes, topics);
        before.alerts().forEach(alert -> causes.expect(alert.alert()));
        AuditLog log = new AuditLog(cluster, serdes, topics, meters, charges.recount(), limits, causes);
        log.readSettled(end);
        Reading settled = log.reading();
        List<Difference> differences = List.of();
        for (int attempt = 0; attempt < ATTEMPTS; attempt++) {
            said = new ArrayList<>();
            differences = compare(log, settled);
            if (!processed) {
                said.addFirst(
                        "streams-app (group " + from.applicationId() + ") has not processed everything and makes no"
                                + " progress: what it has not read shows as differences");
            }
            if (differences.isEmpty() || !processed || !log.hasGrown()) {
                break;
            }
        }
        sayRange(log);
        return new Report(List.copyOf(said), explained(log, differences));
    }

    /** All that Tally has to do for what is published by now, and visible. */
    private boolean isProcessed() {
        return cluster.awaitProcessed(
                from.applicationId(),
                List.of(topics.actions(), topics.actionsHome(), topics.subjectLog()),
                List.of(
                        topics.usage(),
                        topics.quotaAlerts(),
                        topics.billableUsage(),
                        topics.lateActions(),
                        topics.deadLetters()));
    }

    private List<Difference> compare(AuditLog log, Reading settled) {
        // Asked first, read afterwards: what an answer tells of is then in the topics too.
        Map<Integer, Long> factsFrom = cluster.ends(topics.billableUsage());
        Optional<AppClient.Reply> conservation = from.app().apply("/v1/conservation");
        charges.ask(scope::holds);
        LiveCounts live = LiveCounts.ask(from.app(), scope, log.windows());
        processed &= isProcessed();

        Map<Integer, Long> done = cluster.positions(from.applicationId() + "-stripe-sink", topics.billableUsage());
        boolean visible = cluster.awaitProcessed(from.applicationId(), List.of(), List.of(topics.stripeLedger()));
        SaidTopics topicsSay = new SaidTopics(cluster, serdes, topics);
        Ledger ledger = topicsSay.ledger();
        List<SaidFact> facts = topicsSay.facts();
        Map<WindowId, SaidWindow> windows = topicsSay.usage();
        List<SaidAlert> alerts = topicsSay.alerts();
        log.readOn();
        Comparison days = new Comparison(settled, log.reading());
        WindowComparison comparison = new WindowComparison(days, limits, log.wholeFrom());

        List<Difference> differences = new ArrayList<>(log.differences());
        differences.addAll(topicsSay.differences());
        compareUsage(log, days, comparison, windows, differences);
        differences.addAll(live.compare(comparison));
        said.addAll(live.said());
        compareAlerts(comparison, alerts, differences);
        boolean factsWhole = isWhole(topics.billableUsage());
        FactComparison found = new FactComparison(facts, ledger, visible ? done : Map.of(), factsWhole, scope::holds);
        differences.addAll(charges.compare(factsWhole ? facts : null, factsFrom, found, log.wholeFrom(), said::add));
        sayFacts(found, factsWhole);
        differences.addAll(found.differences());
        compareStripe(ledger, differences);
        compareConservation(log, days, conservation, differences);
        return differences;
    }

    private boolean isWhole(String topic) {
        return cluster.beginnings(topic).values().stream().allMatch(offset -> offset == 0);
    }

    private void compareUsage(
            AuditLog log,
            Comparison days,
            WindowComparison comparison,
            Map<WindowId, SaidWindow> usage,
            List<Difference> differences) {
        Set<WindowId> all = new TreeSet<>(Comparator.comparing(WindowId::toString));
        all.addAll(usage.keySet());
        all.addAll(log.windows());
        all.removeIf(window -> !scope.holds(window));
        long dayWindows = 0;
        long periods = 0;
        long moving = 0;
        long cut = 0;
        for (WindowId window : all) {
            SaidWindow of = usage.get(window);
            (of == null ? comparison.compareAbsent(window, "usage") : comparison.compare(of))
                    .ifPresent(differences::add);
            boolean day = window.window() == UsageWindow.DAY;
            dayWindows += day ? 1 : 0;
            periods += day ? 0 : 1;
            moving += day && days.isMoving(window.toString()) ? 1 : 0;
            cut += comparison.isProvable(window) ? 0 : 1;
        }
        said.add(String.format(
                "compared %,d day windows and %,d billing periods of the usage topic with the log",
                dayWindows, periods));
        if (moving > 0) {
            said.add(String.format(
                    "%,d of them changed meanwhile: checked to lie between what was counted before and after", moving));
        }
        if (cut > 0) {
            said.add(String.format(
                    "%,d of them may rest on actions that are gone from the log, or on an earlier subscription: only"
                            + " checked to have as much as was recounted",
                    cut));
        }
    }

    private void compareAlerts(WindowComparison comparison, List<SaidAlert> alerts, List<Difference> differences) {
        boolean whole = isWhole(topics.quotaAlerts());
        AlertComparison alerting = new AlertComparison(limits, comparison, causes, whole);
        differences.addAll(alerting.compare(alerts, scope::holds));
        said.add(String.format(
                "compared %,d alerts with what is due; %,d more, of limits that changed, of pools with grants or seats, of"
                        + " members, spaces or habits: only checked to be there once, with a cause",
                alerting.judged(), alerting.notJudged()));
        if (!whole) {
            said.add("the oldest alerts are gone: that one is missing is not noticed");
        }
    }

    private void sayFacts(FactComparison found, boolean whole) {
        said.add(String.format(
                "compared %,d billable facts with each other and with what stripe-ledger has of them%s",
                found.compared(), whole ? "" : "; the oldest are gone"));
        found.notes().stream().limit(NOTES).forEach(said::add);
        if (found.notes().size() > NOTES) {
            said.add("and " + (found.notes().size() - NOTES) + " more facts that are not billed");
        }
    }

    private void compareStripe(Ledger ledger, List<Difference> differences) {
        if (from.stripe().isEmpty()) {
            said.add("Stripe was not asked: --stripe ADDRESS compares what it has");
            return;
        }
        Stripe stripe = from.stripe().get();
        StripeComparison comparison =
                new StripeComparison(stripe.totals(), ledger, from.now().minus(stripe.delay()), scope::holds);
        comparison.ask();
        differences.addAll(comparison.differences(new SaidTopics(cluster, serdes, topics).ledger()));
        said.add(String.format(
                "compared %,d days of customers' meters at Stripe with stripe-ledger", comparison.compared()));
        if (comparison.untold() > 0) {
            said.add(String.format("of %,d customers' meters Stripe did not tell: not compared", comparison.untold()));
        }
    }

    private void compareConservation(
            AuditLog log, Comparison comparison, Optional<AppClient.Reply> reply, List<Difference> differences) {
        said.add("partition: read = counted + read-only + duplicate + late + dead-lettered (recounted)");
        comparison
                .before()
                .outcomes()
                .forEach((partition, of) -> said.add(String.format(
                        "%9d: %,d = %,d + %,d + %,d + %,d + %,d",
                        partition,
                        of.read(),
                        of.counted(),
                        of.readOnly(),
                        of.duplicate(),
                        of.late(),
                        of.deadLettered())));
        if (reply.isEmpty() || reply.get().status() != 200) {
            said.add("streams-app was not reached: its counters are not compared");
            return;
        }
        if (!log.isWhole()) {
            said.add(
                    "the log is not whole: the counters of streams-app, which are of all there ever was, are not compared");
            return;
        }
        Map<Integer, Outcomes> counters = new TreeMap<>();
        for (JsonNode of : reply.get().body().path("partitions")) {
            counters.put(
                    of.path("partition").asInt(),
                    new Outcomes(
                            of.path("read").asLong(),
                            of.path("counted").asLong(),
                            of.path("readOnly").asLong(),
                            of.path("duplicate").asLong(),
                            of.path("late").asLong(),
                            of.path("deadLettered").asLong()));
        }
        comparison.outcomes(counters).forEach(line -> differences.add(Difference.of(line)));
    }

    private void sayRange(AuditLog log) {
        said.add(
                log.isWhole()
                        ? "the log is whole: every action ever published is proved"
                        : "the log begins at offsets " + new TreeMap<>(cluster.beginnings(topics.actions()))
                                + ": what began before " + log.wholeFrom() + " cannot be proved");
    }

    private List<Difference> explained(AuditLog log, List<Difference> differences) {
        List<Difference> first = differences.subList(0, Math.min(EXPLAINED, differences.size()));
        Evidence evidence = new Evidence(first);
        log.gather(evidence);
        List<Difference> all = new ArrayList<>();
        first.forEach(difference -> all.add(evidence.explain(difference)));
        all.addAll(differences.subList(first.size(), differences.size()));
        return all;
    }
}
