package dev.tally.cli.audit;

import dev.tally.cli.audit.Difference.Span;
import dev.tally.cli.audit.LimitCatalogue.Allowed;
import dev.tally.cli.audit.LimitCatalogue.Rule;
import dev.tally.cli.audit.WindowUse.Crossing;
import dev.tally.schemas.AlertKind;
import dev.tally.schemas.QuotaAlert;
import dev.tally.schemas.Scope;
import dev.tally.schemas.UsageWindow;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;

/**
 * Compares alerts with what is due by the recount.
 *
 * <p>Where one limit held unchanged for a whole window, use that came to a threshold has exactly one alert of it, and use that did not has
 * none. Where the log tells the order of the actions, the alert also names the very action. All other alerts are only held to be there
 * once and to be caused by an action of the log.
 */
public final class AlertComparison {

    /** What an alert names as its cause that no action caused. */
    private static final String BY_CATALOGUE = "catalogue";

    private final LimitRecount recount;
    private final WindowComparison windows;
    private final Causes causes;
    private final boolean whole;
    private final List<Difference> differences = new ArrayList<>();
    private long judged;
    private long notJudged;

    /**
     * Compares.
     *
     * @param whole whether the topic still has the oldest alerts
     */
    public AlertComparison(LimitRecount recount, WindowComparison windows, Causes causes, boolean whole) {
        this.recount = recount;
        this.windows = windows;
        this.causes = causes;
        this.whole = whole;
    }

    /** How many alerts and alerts that are due were compared with a limit. */
    public long judged() {
        return judged;
    }

    /** How many alerts the audit cannot derive: of changed limits, of pools with grants or seats, of members and spaces, of habits. */
    public long notJudged() {
        return notJudged;
    }

    /**
     * Compares.
     *
     * @param all in the order of the topic
     * @param asked which windows are asked for
     */
    public List<Difference> compare(List<SaidAlert> all, Predicate<WindowId> asked) {
        Map<String, SaidAlert> byId = new HashMap<>();
        Map<SaidAlert.Identity, SaidAlert> byIdentity = new HashMap<>();
        Set<Due> found = new HashSet<>();
        for (SaidAlert said : all) {
            QuotaAlert alert = said.alert();
            WindowId window = window(alert);
            if (!asked.test(window)) {
                continue;
            }
            SaidAlert same = byId.putIfAbsent(alert.getAlertId(), said);
            SaidAlert twin = byIdentity.putIfAbsent(said.identity(), said);
            if (same != null || twin != null) {
                SaidAlert first = same != null ? same : twin;
                differences.add(Difference.of(said.text() + ": twice, " + (first == null ? "" : first.place()) + " and "
                        + said.place() + (same != null ? " (alertId " : " (under another alertId, ")
                        + alert.getAlertId() + "), caused by " + alert.getCause()));
                continue;
            }
            one(said, window, found);
        }
        if (whole) {
            missing(asked, found);
        }
        return differences;
    }

    private record Due(WindowId window, Rule rule) {}

    private static WindowId window(QuotaAlert alert) {
        boolean day =
                Duration.between(alert.getWindowStart(), alert.getWindowEnd()).equals(Duration.ofDays(1));
        return new WindowId(
                alert.getSubject(),
                alert.getMeter(),
                day ? UsageWindow.DAY : UsageWindow.PERIOD,
                alert.getWindowStart());
    }

    private void one(SaidAlert said, WindowId window, Set<Due> found) {
        QuotaAlert alert = said.alert();
        List<String> wrong = new ArrayList<>();
        boolean byLimit = alert.getKind() != AlertKind.ANOMALY && alert.getKind() != AlertKind.SILENCE;
        if (byLimit && windows.isWhole(window) && !BY_CATALOGUE.equals(alert.getCause()) && causes.isUnknown(alert)) {
            wrong.add("its cause " + alert.getCause() + " is no action of " + alert.getSubject() + " in the log");
        }
        WindowUse use = recount.windows().get(window);
        boolean own = byLimit && (alert.getScope() == Scope.USER || alert.getScope() == Scope.ORG);
        if (!own || !windows.isProvable(window) || (use != null && !use.isJudged())) {
            notJudged++;
        } else {
            judged++;
            judge(alert, window, use, found, wrong);
        }
        if (!wrong.isEmpty()) {
            differences.add(Difference.of(
                            said.text() + " (" + said.place() + "): " + wrong.getFirst(),
                            new Span(
                                    alert.getSubject(),
                                    alert.getMeter(),
                                    alert.getWindowStart(),
                                    alert.getWindowEnd(),
                                    0))
                    .because(wrong.subList(1, wrong.size())));
        }
    }

    private void judge(QuotaAlert alert, WindowId window, @Nullable WindowUse use, Set<Due> found, List<String> wrong) {
        Allowed limit = use == null ? null : use.limit();
        Long amount = limit == null ? null : limit.amount();
        Integer threshold = alert.getThreshold();
        Rule rule = new Rule(alert.getKind(), threshold == null ? 100 : threshold);
        if (use == null || limit == null || amount == null || !limit.rules().contains(rule)) {
            wrong.add("nothing is due: " + (use == null ? "nothing was used" : "the limit is " + amount));
            return;
        }
        if (!rule.isDue(use.paidMost(), amount)) {
            wrong.add(
                    "nothing is due: recounted " + Comparison.range(use.paidLeast(), use.paidMost()) + " of " + amount);
            return;
        }
        found.add(new Due(window, rule));
        if (alert.getEpoch() != 0) {
            wrong.add("its epoch is " + alert.getEpoch() + ", and the limit never changed");
        }
        if (!amount.equals(alert.getLimit())) {
            wrong.add("its limit is " + amount + ", the alert says " + alert.getLimit());
        }
        Optional<Crossing> crossing = use.crossing(rule);
        if (recount.isOrdered(window.subject()) && crossing.isPresent()) {
            Crossing by = crossing.get();
            if (!by.eventId().equals(alert.getCause())) {
                wrong.add("caused by " + by.eventId() + " (" + by.place() + "), the alert says " + alert.getCause());
            }
            if (by.used() != alert.getUsed()) {
                wrong.add("recounted " + by.used() + " after " + by.eventId() + " (" + by.place() + "), the alert says "
                        + alert.getUsed());
            }
        } else if (alert.getUsed() > use.paidMost() || !rule.isDue(alert.getUsed(), amount)) {
            wrong.add("recounted at most " + use.paidMost() + " of " + amount + ", the alert says " + alert.getUsed());
        }
    }

    private void missing(Predicate<WindowId> asked, Set<Due> found) {
        Map<String, Difference> missing = new TreeMap<>();
        recount.windows().forEach((window, use) -> {
            Allowed limit = use.limit();
            if (limit == null
                    || limit.amount() == null
                    || !use.isJudged()
                    || !asked.test(window)
                    || !windows.isProvable(window)) {
                return;
            }
            for (Rule rule : limit.rules()) {
                if (rule.isDue(use.paidLeast(), limit.amount()) && !found.contains(new Due(window, rule))) {
                    judged++;
                    missing.put(window + " " + rule, missing(window, use, limit.amount(), rule));
                }
            }
        });
        differences.addAll(missing.values());
    }

    private Difference missing(WindowId window, WindowUse use, long amount, Rule rule) {
        String line =
                rule.kind() + " at " + rule.percent() + " % of " + window.subject() + " " + window.meter() + " from "
                        + window.start() + ": due, recounted " + Comparison.range(use.paidLeast(), use.paidMost())
                        + " of " + amount
                        + ", and not in quota-alerts";
        Difference missing =
                Difference.of(line, new Span(window.subject(), window.meter(), window.start(), use.end(), 0));
        return use.crossing(rule)
                .filter(by -> recount.isOrdered(window.subject()))
                .map(by -> missing.because(List.of(by.eventId() + " (" + by.place() + ") came to " + by.used())))
                .orElse(missing);
    }
}
