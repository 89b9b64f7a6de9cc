package dev.tally.cli.audit;

import dev.tally.cli.audit.Difference.Span;
import dev.tally.schemas.BillableFact;
import dev.tally.schemas.FactKind;
import dev.tally.schemas.LedgerState;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Collections;
import java.util.Comparator;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;

/**
 * Compares billable facts among themselves and with what the ledger says of them.
 *
 * <p>Per payer and meter sequences have no gap, an identifier has one amount, revisions of an interval rise, and an interval lies in its
 * period. Each fact that stripe-sink is done with has one outcome, of its amount, and the ledger has nothing else.
 */
public final class FactComparison {

    private final List<SaidFact> facts;
    private final Ledger ledger;
    private final Map<Integer, Long> done;
    private final boolean whole;
    private final Predicate<String> asked;
    private final List<Found> found = new ArrayList<>();
    private final List<String> notes = new ArrayList<>();
    private final Set<String> explained = new HashSet<>();
    private long waiting;

    /**
     * Compares.
     *
     * @param facts in the order of the topic
     * @param done up to where stripe-sink has brought facts to an outcome, by partition
     * @param whole whether the topic still has the oldest facts
     * @param asked which payers are asked for
     */
    public FactComparison(
            List<SaidFact> facts, Ledger ledger, Map<Integer, Long> done, boolean whole, Predicate<String> asked) {
        this.facts = List.copyOf(facts);
        this.ledger = ledger;
        this.done = Map.copyOf(done);
        this.whole = whole;
        this.asked = asked;
        Map<String, SaidFact> byIdentifier = identifiers();
        sequences();
        byIdentifier.values().stream()
                .filter(said -> asked.test(said.fact().getPayer()))
                .sorted(Comparator.comparingLong(said -> said.place().offset()))
                .forEach(said -> {
                    shape(said);
                    outcome(said);
                });
        withoutFact(byIdentifier);
        ledger.contradictions().forEach((identifier, said) -> contradiction(identifier, said));
        ends();
    }

    private record PayerMeter(String payer, String meter) {}

    /** Something found, with the amount by which the facts' sum is too low for it; null: not known. */
    private static final class Found {
        private final PayerMeter of;
        private final @Nullable Long lacks;
        private Difference difference;

        Found(PayerMeter of, @Nullable Long lacks, Difference difference) {
            this.of = of;
            this.lacks = lacks;
            this.difference = difference;
        }
    }

    private void add(BillableFact of, @Nullable Long lacks, String line, long tooMuch) {
        found.add(new Found(
                new PayerMeter(of.getPayer(), of.getMeter()),
                lacks,
                Difference.of(
                        of.getPayer() + " " + of.getMeter() + ": " + line,
                        new Span(of.getPayer(), of.getMeter(), of.getIntervalStart(), of.getIntervalEnd(), tooMuch))));
    }

    private Map<String, SaidFact> identifiers() {
        Map<String, SaidFact> byIdentifier = new HashMap<>();
        for (SaidFact said : facts) {
            SaidFact first = byIdentifier.putIfAbsent(said.fact().getIdentifier(), said);
            if (first != null && asked.test(said.fact().getPayer())) {
                BillableFact fact = said.fact();
                boolean same = first.fact().getAmount() == fact.getAmount();
                add(
                        fact,
                        -fact.getAmount(),
                        "fact " + first.text() + " is there twice, again "
                                + (same ? "" : "with another amount, " + fact.getAmount() + " ") + "(" + said.place()
                                + ")",
                        0);
            }
        }
        return byIdentifier;
    }

    private void sequences() {
        Map<PayerMeter, SortedMap<Long, List<SaidFact>>> bySequence = new HashMap<>();
        for (SaidFact said : facts) {
            if (asked.test(said.fact().getPayer())) {
                bySequence
                        .computeIfAbsent(
                                new PayerMeter(
                                        said.fact().getPayer(), said.fact().getMeter()),
                                of -> new TreeMap<>())
                        .computeIfAbsent(said.fact().getSequence(), of -> new ArrayList<>(1))
                        .add(said);
            }
        }
        Set<String> known = new HashSet<>();
        facts.forEach(said -> known.add(said.fact().getIdentifier()));
        bySequence.entrySet().stream()
                .sorted(Comparator.comparing(
                        entry -> entry.getKey().payer() + "/" + entry.getKey().meter()))
                .forEach(entry -> {
                    gaps(entry.getKey(), entry.getValue(), known);
                    order(entry.getValue());
                });
    }

    private void gaps(PayerMeter of, SortedMap<Long, List<SaidFact>> bySequence, Set<String> known) {
        List<Long> missing = new ArrayList<>();
        long next = whole ? 1 : bySequence.firstKey();
        for (long sequence : bySequence.keySet()) {
            // Of a gap of many the first and the last are enough.
            if (sequence > next) {
                missing.add(next);
                if (sequence - 1 > next) {
                    missing.add(sequence - 1);
                }
            }
            next = sequence + 1;
        }
        if (missing.isEmpty()) {
            return;
        }
        BillableFact any = bySequence.values().iterator().next().getFirst().fact();
        List<SaidEntry> orphans = ledger.all().stream()
                .filter(said -> !known.contains(said.entry().getIdentifier()))
                .filter(said -> said.entry().getPayer().equals(of.payer())
                        && said.entry().getEventName().equals(any.getEventName()))
                .toList();
        orphans.forEach(said -> explained.add(said.entry().getIdentifier()));
        Long lacks = orphans.isEmpty()
                ? null
                : (Long) orphans.stream()
                        .mapToLong(said -> said.entry().getAmount())
                        .sum();
        String line = of.payer() + " " + of.meter() + ": no fact with sequence " + missing;
        Difference difference = orphans.isEmpty()
                ? Difference.of(line)
                : Difference.of(line, spanOf(of, orphans.getFirst(), bySequence))
                        .because(orphans.stream()
                                .map(said -> "stripe-ledger has " + said.text() + ", "
                                        + said.entry().getState() + ", which no fact has")
                                .toList());
        found.add(new Found(of, lacks, difference));
    }

    /** Where the usage of a fact must lie that only the ledger knows. */
    private static Span spanOf(PayerMeter of, SaidEntry said, SortedMap<Long, List<SaidFact>> others) {
        long millis = others.values().stream()
                .flatMap(List::stream)
                .mapToLong(fact -> Duration.between(
                                fact.fact().getIntervalStart(), fact.fact().getIntervalEnd())
                        .toMillis())
                .max()
                .orElse(1);
        long at = said.entry().getTimestamp().toEpochMilli();
        Instant start = Instant.ofEpochMilli(at - Math.floorMod(at, millis));
        return new Span(
                of.payer(),
                of.meter(),
                start,
                start.plusMillis(millis),
                -said.entry().getAmount());
    }

    /** In the order of their sequence, facts lie one after the other, and revisions of an interval rise by one. */
    private void order(SortedMap<Long, List<SaidFact>> bySequence) {
        Map<Instant, Integer> revisions = new HashMap<>();
        // A fact that is missing may be the revision before.
        boolean excused = !whole;
        SaidFact before = null;
        long last = whole ? 0 : bySequence.firstKey() - 1;
        for (List<SaidFact> same : bySequence.values()) {
            SaidFact said = same.getFirst();
            BillableFact fact = said.fact();
            boolean gap = fact.getSequence() != last + 1;
            last = fact.getSequence();
            for (SaidFact other : same.subList(1, same.size())) {
                if (!other.fact().getIdentifier().equals(fact.getIdentifier())) {
                    add(
                            other.fact(),
                            0L,
                            "facts " + said.text() + " and " + other.text() + " both have sequence "
                                    + fact.getSequence(),
                            0);
                }
            }
            if (before != null
                    && before.place().partition() == said.place().partition()
                    && before.place().offset() > said.place().offset()) {
                add(fact, 0L, "fact " + said.text() + " has a later sequence than " + before.text() + " after it", 0);
            }
            before = said;
            excused |= gap;
            int due = revisions.getOrDefault(fact.getIntervalStart(), -1) + 1;
            if (fact.getRevision() != due && !(excused && fact.getRevision() > due)) {
                add(fact, 0L, "fact " + said.text() + " has revision " + fact.getRevision() + ", due is " + due, 0);
            }
            revisions.put(fact.getIntervalStart(), fact.getRevision());
        }
    }

    private void shape(SaidFact said) {
        BillableFact fact = said.fact();
        Instant own = fact.getOriginPeriodStart();
        boolean carried = own != null;
        Instant start = Objects.requireNonNullElse(own, fact.getPeriodStart());
        boolean inside = !fact.getIntervalStart().isBefore(start)
                && fact.getIntervalEnd().isAfter(fact.getIntervalStart())
                && (carried || !fact.getIntervalEnd().isAfter(fact.getPeriodEnd()));
        if (!inside) {
            add(
                    fact,
                    0L,
                    "fact " + said.text() + " is of " + fact.getIntervalStart() + " to " + fact.getIntervalEnd()
                            + ", outside of its period from " + start
                            + (carried ? "" : " to " + fact.getPeriodEnd()),
                    0);
        }
        Instant from = carried ? fact.getPeriodStart() : fact.getIntervalStart();
        Instant to = carried ? fact.getPeriodEnd() : fact.getIntervalEnd();
        if (fact.getTimestamp().isBefore(from) || !fact.getTimestamp().isBefore(to)) {
            add(
                    fact,
                    0L,
                    "fact " + said.text() + " is stamped " + fact.getTimestamp() + ", outside of " + from + " to " + to,
                    0);
        }
        FactKind due = fact.getRevision() == 0 && !carried ? FactKind.USAGE : FactKind.CORRECTION;
        if (fact.getKind() != due) {
            add(fact, 0L, "fact " + said.text() + " is " + fact.getKind() + ", due is " + due, 0);
        }
    }

    private void outcome(SaidFact said) {
        BillableFact fact = said.fact();
        SaidEntry entry = ledger.of(fact.getIdentifier()).orElse(null);
        boolean isDone = said.place().offset() < done.getOrDefault(said.place().partition(), 0L);
        if (entry == null || !entry.isOutcome()) {
            // One that is taken up again is on its way though stripe-sink is done with its record.
            boolean again = entry != null && entry.entry().getReplays() > 0;
            if (isDone && !again) {
                add(
                        fact,
                        0L,
                        "fact " + said.text() + ": stripe-sink is done with it, and stripe-ledger has "
                                + (entry == null
                                        ? "nothing of it"
                                        : entry.entry().getState() + " (" + entry.place() + ")"),
                        0);
            } else {
                waiting++;
            }
            return;
        }
        if (entry.entry().getAmount() != fact.getAmount()) {
            long more = fact.getAmount() - entry.entry().getAmount();
            add(
                    fact,
                    -more,
                    "fact " + said.text() + ": stripe-ledger has "
                            + entry.entry().getAmount() + " (" + entry.place() + ")",
                    more);
        }
        if (!entry.entry().getPayer().equals(fact.getPayer())
                || !entry.entry().getEventName().equals(fact.getEventName())
                || !Objects.equals(entry.entry().getStripeCustomerId(), fact.getStripeCustomerId())) {
            add(
                    fact,
                    0L,
                    "fact " + said.text() + " of " + fact.getStripeCustomerId() + " and " + fact.getEventName()
                            + ": stripe-ledger (" + entry.place() + ") has "
                            + entry.entry().getPayer() + ", "
                            + entry.entry().getStripeCustomerId() + " and "
                            + entry.entry().getEventName(),
                    0);
        }
        if (!entry.isAtStripe()) {
            String what = entry.entry().getState() == LedgerState.UNCONFIRMED ? "not confirmed" : "not billed";
            notes.add(what + ": " + fact.getPayer() + " " + fact.getMeter() + ", fact " + said.text() + " is "
                    + entry.entry().getState() + " (" + entry.place() + "): "
                    + Objects.requireNonNullElse(entry.entry().getReason(), "only by Stripe's stream"));
        }
    }

    private void withoutFact(Map<String, SaidFact> byIdentifier) {
        if (!whole) {
            return;
        }
        for (SaidEntry said : ledger.all()) {
            String identifier = said.entry().getIdentifier();
            if (!byIdentifier.containsKey(identifier)
                    && !explained.contains(identifier)
                    && asked.test(said.entry().getPayer())) {
                found.add(new Found(
                        new PayerMeter(said.entry().getPayer(), ""),
                        null,
                        Difference.of(said.entry().getPayer() + ": stripe-ledger has " + said.text() + ", "
                                + said.entry().getState() + ", and billable-usage has no such fact")));
            }
        }
    }

    private void contradiction(String identifier, List<SaidEntry> said) {
        if (asked.test(said.getFirst().entry().getPayer())) {
            List<String> states = said.stream()
                    .map(one -> one.entry().getState() + " of " + one.entry().getAmount() + " (" + one.place() + ")")
                    .toList();
            found.add(new Found(
                    new PayerMeter(said.getFirst().entry().getPayer(), ""),
                    null,
                    Difference.of(said.getFirst().entry().getPayer() + ": stripe-ledger says of " + identifier
                            + " one after the other " + states)));
        }
    }

    private void ends() {
        if (waiting > 0) {
            notes.addFirst(String.format("%,d facts have no outcome yet: stripe-sink has not come to them", waiting));
        }
    }

    /**
     * Takes in that the facts of a period sum up to another amount than is due, where what was found of the payer's meter is just that.
     *
     * @param lacks by how much the sum is too low
     * @return false where it is something else
     */
    public boolean explains(ChargedMeter charged, long lacks, String line) {
        List<Found> of = found.stream()
                .filter(one -> one.of.equals(new PayerMeter(charged.payer(), charged.meter())))
                .filter(one -> one.lacks == null || one.lacks != 0)
                .toList();
        boolean known = of.stream().allMatch(one -> one.lacks != null);
        long sum = of.stream()
                .mapToLong(one -> Objects.requireNonNullElse(one.lacks, 0L))
                .sum();
        if (of.isEmpty() || (known ? sum != lacks : of.size() > 1)) {
            return false;
        }
        of.getFirst().difference = of.getFirst().difference.because(List.of(line));
        return true;
    }

    /** What is wrong. To be asked last. */
    public List<Difference> differences() {
        return found.stream().map(one -> one.difference).toList();
    }

    /** What is right, and worth knowing. */
    public List<String> notes() {
        return Collections.unmodifiableList(notes);
    }

    /** How many facts were compared. */
    public long compared() {
        return facts.stream().filter(said -> asked.test(said.fact().getPayer())).count();
    }
}
