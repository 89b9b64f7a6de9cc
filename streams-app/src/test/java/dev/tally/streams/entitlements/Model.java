package dev.tally.streams.entitlements;

import dev.tally.schemas.ActionEvent;
import dev.tally.schemas.Grant;
import dev.tally.schemas.Limit;
import dev.tally.schemas.LimitWindow;
import dev.tally.schemas.Membership;
import dev.tally.schemas.MembershipStatus;
import dev.tally.schemas.Plan;
import dev.tally.schemas.Scope;
import dev.tally.schemas.Subscription;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import org.apache.avro.specific.SpecificRecord;

/** The whole of the rules: takes steps, says what is to be said, and knows where everybody stands. */
public final class Model {

    private final ModelCatalogue catalogue;
    private final ModelUsage usage;
    private final ModelCoverage coverage;
    private final ModelAlerts alerts;
    private final ModelAdmissions admissions;
    private final Mutant mutant;
    private final Set<List<String>> counted = new HashSet<>();
    private final Map<String, Long> seatVersions = new HashMap<>();
    private List<Said> said = new ArrayList<>();
    private Instant now;

    /** @param start log time before the first step */
    public Model(Instant start, Mutant mutant) {
        now = start;
        this.mutant = mutant;
        catalogue = new ModelCatalogue(mutant);
        usage = new ModelUsage(catalogue);
        coverage = new ModelCoverage(mutant, catalogue);
        ModelStandings standings = new ModelStandings(catalogue, usage, coverage);
        alerts = new ModelAlerts(mutant, catalogue, usage, standings, one -> said.add(one));
        admissions = new ModelAdmissions(mutant, catalogue, standings, one -> said.add(one));
    }

    /** What a step gives rise to, in order. */
    public List<Said> take(Step step) {
        said = new ArrayList<>();
        switch (step) {
            case Step.Pass pass -> pass(now.plus(pass.duration()));
            case Step.Act act -> act(act.events());
            case Step.Put put -> put(put.record());
            case Step.Ask ask -> admissions.ask(ask.request(), now);
            case Step.GiveUp giveUp -> admissions.cancel(giveUp.cancel(), now);
            case Step.Restart ignored -> {}
        }
        return said;
    }

    private void pass(Instant to) {
        Instant before = now;
        now = to;
        Set<String> concerned = new TreeSet<>(catalogue.subscribers());
        concerned.addAll(admissions.payers());
        for (String subject : concerned) {
            if (catalogue.turns(subject, before, now)) {
                judgeAgain(subject, pools(subject, before));
            }
            admissions.reconsider(subject, now);
        }
    }

    private void put(SpecificRecord record) {
        String subject = switch (record) {
            case Subscription subscription -> subscription.getSubject();
            case Grant grant -> grant.getSubject();
            case Membership membership -> "org:" + membership.getOrgId();
            default -> "";
        };
        Map<String, Long> before = pools(subject, now);
        switch (record) {
            case Plan plan -> catalogue.put(plan);
            case Subscription subscription -> catalogue.put(subscription, now);
            case Grant grant -> put(grant);
            case Membership membership ->
                catalogue.put(membership, now).ifPresent(seats -> saySeats(subject, seats, membership));
            default -> {}
        }
        judgeAgain(subject, before);
        admissions.reconsider(subject, now);
    }

    private void put(Grant grant) {
        catalogue.put(grant);
        if (mutant == Mutant.TOP_UP_TAKES_BACK_OVERAGE) {
            coverage.takeBack(grant, now);
        }
    }

    private void saySeats(String org, long seats, Membership membership) {
        long version = seatVersions.merge(org, 1L, Long::sum);
        said.add(new Said.Seats(
                org,
                seats,
                version,
                seatsFrom(org, membership),
                membership.getUserId() + " " + membership.getStatus()));
    }

    /** The day of change, by the record where it tells, clamped into the period. */
    private Instant seatsFrom(String org, Membership membership) {
        Instant told = membership.getStatus() == MembershipStatus.ACCEPTED
                ? membership.getAcceptedAt()
                : membership.getRemovedAt();
        Instant day = Span.dayOf(told == null || told.isAfter(now) ? now : told).start();
        return catalogue
                .period(org, now)
                .map(Span::start)
                .filter(start -> start.isAfter(day))
                .orElse(day);
    }

    /** The limits of the subject's pools as they are, or were, at a time, in the period that is open now. */
    private Map<String, Long> pools(String subject, Instant at) {
        Map<String, Long> pools = new HashMap<>();
        Optional<Span> period = catalogue.period(subject, now);
        for (Limit limit : catalogue.limits(subject, at)) {
            if (ModelCatalogue.isPool(subject, limit) && period.isPresent()) {
                coverage.poolLimit(subject, limit.getMeter(), period.get(), at)
                        .ifPresent(amount -> pools.put(limit.getMeter(), amount));
            }
        }
        return pools;
    }

    private void judgeAgain(String subject, Map<String, Long> before) {
        pools(subject, now).forEach((meter, amount) -> {
            Long earlier = before.get(meter);
            if (earlier == null || amount > earlier) {
                coverage.raised(subject, meter, catalogue.period(subject, now).orElseThrow());
            }
        });
        alerts.afterChange(subject, now);
    }

    private void act(List<ActionEvent> events) {
        Set<String> payers = new TreeSet<>();
        for (ActionEvent event : events) {
            if (counted.add(List.of(event.getUserId(), event.getEventId()))) {
                String payer = catalogue.payer(event.getUserId(), event.getOrgId(), event.getOccurredAt());
                payers.add(payer);
                act(event, payer);
            }
        }
        payers.forEach(payer -> admissions.reconsider(payer, now));
    }

    private void act(ActionEvent event, String payer) {
        Instant at = event.getOccurredAt();
        boolean orgPays = payer.startsWith("org:");
        Map<String, Long> amounts = amounts(event);
        amounts.forEach((meter, amount) -> {
            String user = "user:" + event.getUserId();
            usage.add(user, meter, amount, payer.equals(user), at);
            if (event.getOrgId() != null) {
                usage.add("org:" + event.getOrgId(), meter, amount, orgPays, at);
            }
            if (orgPays) {
                usage.addPart(payer, Scope.MEMBER, event.getUserId(), meter, amount, at);
                usage.addPart(payer, Scope.SPACE, event.getSpaceId(), meter, amount, at);
            }
            coverage.cover(payer, meter, amount, at, now);
        });
        for (Limit limit :
                catalogue.limits(payer, now, orgPays ? event.getUserId() : null, orgPays ? event.getSpaceId() : null)) {
            if (amounts.containsKey(limit.getMeter())) {
                String id = ModelStandings.scopeId(
                        payer, limit.getScope(), event.getUserId(), Objects.requireNonNullElse(event.getSpaceId(), ""));
                catalogue
                        .window(payer, limit.getWindow(), at)
                        .ifPresent(span -> alerts.afterAction(payer, limit, id, span, event.getEventId(), now));
            }
        }
        admissions.settle(payer, event.getAdmissionId(), now);
    }

    /** Of the meters that the sequences know: {@code actions}, {@code credits}, {@code tokens}. */
    private static Map<String, Long> amounts(ActionEvent event) {
        Map<String, Long> amounts = new TreeMap<>();
        amounts.put("actions", 1L);
        long credits = event.getUsage().getOrDefault("credits", 0L);
        long tokens = event.getUsage().getOrDefault("input_tokens", 0L)
                + event.getUsage().getOrDefault("output_tokens", 0L);
        if (credits > 0) {
            amounts.put("credits", credits);
        }
        if (tokens > 0) {
            amounts.put("tokens", tokens);
        }
        return amounts;
    }

    /** Totals by window: used, and of a day what the subject pays for; of a period {@link #coverage} tells it. */
    public Map<String, List<Long>> usage() {
        Map<String, List<Long>> totals = new TreeMap<>();
        usage.totals()
                .forEach((window, total) -> totals.put(
                        usageKey(window.subject(), window.meter(), window.kind().name(), window.start()),
                        window.kind() == LimitWindow.DAY
                                ? List.of(total.used(), total.limitUsed())
                                : List.of(total.used())));
        return totals;
    }

    /** Log time. */
    public Instant now() {
        return now;
    }

    /** Names a window in {@link #usage}. */
    public static String usageKey(String subject, String meter, String window, Instant start) {
        return subject + " " + meter + " " + window + " " + start;
    }

    /** What is billed, by payer, meter and period; without those of which nothing is. */
    public Map<String, Long> billable() {
        Map<String, Long> amounts = new TreeMap<>();
        coverage.all().forEach((account, charged) -> {
            if (charged.billable != 0) {
                amounts.put(accountKey(account.payer(), account.meter(), account.periodStart()), charged.billable);
            }
        });
        return amounts;
    }

    /** How usage is covered, by payer, meter and period, of the periods that began after a time. */
    public Map<String, Coverage> coverage(Instant after) {
        Map<String, Coverage> covered = new TreeMap<>();
        coverage.all().forEach((account, charged) -> {
            if (account.periodStart().isAfter(after)) {
                covered.put(
                        accountKey(account.payer(), account.meter(), account.periodStart()),
                        new Coverage(
                                new TreeMap<>(charged.granted), charged.included, charged.overage, charged.excess));
            }
        });
        return covered;
    }

    /** Names an account in {@link #billable} and {@link #coverage}. */
    public static String accountKey(String payer, String meter, Instant periodStart) {
        return payer + " " + meter + " " + periodStart;
    }

    /**
     * How the usage of a payer's meter in one period is covered.
     *
     * @param granted by grantId
     */
    public record Coverage(Map<String, Long> granted, long included, long overage, long excess) {}

    /** Where the payer's limit of a meter stands in the period that a time lies in: what is left of it. */
    public Optional<Long> poolLeft(String payer, String meter, Instant at) {
        return catalogue
                .window(payer, LimitWindow.PERIOD, at)
                .flatMap(period -> coverage.poolLimit(payer, meter, period, now)
                        .map(limit -> limit - coverage.of(payer, meter, period).limitUsed()));
    }
}
