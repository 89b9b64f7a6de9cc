package dev.tally.cli.oracle;

import dev.tally.schemas.BillableFact;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.stream.Collectors;
import java.util.stream.LongStream;

/**
 * What streams-app charged, against what was used.
 *
 * @param problems everything that is wrong with the facts themselves
 * @param account what the sink has to bring to Stripe
 */
record Charged(List<String> problems, Verdict.Account account) {

    /** @param facts all there are, each partition in its order */
    static Charged of(List<BillableFact> facts, Usage usage) {
        Map<String, Usage.Payer> payers =
                usage.payers().stream().collect(Collectors.toMap(Usage.Payer::subject, payer -> payer));
        List<String> problems = new ArrayList<>();
        Map<Usage.Charge, Long> charged = new TreeMap<>();
        Map<String, List<Long>> sequences = new TreeMap<>();
        Map<String, BillableFact> byIdentifier = new TreeMap<>();
        for (BillableFact fact : facts) {
            BillableFact before = byIdentifier.put(fact.getIdentifier(), fact);
            if (before != null) {
                problems.add("two facts have one identifier: " + before + " and " + fact);
            }
            charged.merge(
                    new Usage.Charge(fact.getPayer(), fact.getMeter(), origin(fact)), fact.getAmount(), Math::addExact);
            sequences
                    .computeIfAbsent(fact.getPayer() + " " + fact.getMeter(), unused -> new ArrayList<>())
                    .add(fact.getSequence());
        }
        compare(usage.owed(), charged, problems);
        sequences.forEach((whose, numbers) -> {
            if (!numbers.equals(
                    LongStream.rangeClosed(1, numbers.size()).boxed().toList())) {
                problems.add("the facts of " + whose + " have the numbers " + numbers);
            }
        });
        return new Charged(problems, account(byIdentifier, payers, usage));
    }

    private static void compare(Map<Usage.Charge, Long> owed, Map<Usage.Charge, Long> charged, List<String> problems) {
        TreeSet<Usage.Charge> all = new TreeSet<>(owed.keySet());
        all.addAll(charged.keySet());
        for (Usage.Charge each : all) {
            long is = charged.getOrDefault(each, 0L);
            long expected = owed.getOrDefault(each, 0L);
            if (is != expected) {
                problems.add("facts of " + each + " say " + is + ", used was " + expected);
            }
        }
    }

    private static Instant origin(BillableFact fact) {
        return fact.getOriginPeriodStart() == null ? fact.getPeriodStart() : fact.getOriginPeriodStart();
    }

    private static Verdict.Account account(
            Map<String, BillableFact> facts, Map<String, Usage.Payer> payers, Usage usage) {
        Map<String, Long> minutes =
                facts.values().stream().collect(Collectors.groupingBy(Charged::minute, Collectors.counting()));
        Map<String, Load.Made> made = new TreeMap<>();
        facts.forEach((identifier, fact) -> {
            boolean alone = fact.getOriginPeriodStart() == null && minutes.get(minute(fact)) == 1;
            Load.Kind usual = Optional.of(payers.get(fact.getPayer()).kind())
                    .filter(kind -> alone || kind != Load.Kind.USUAL)
                    .orElse(Load.Kind.CARRIED);
            made.put(identifier, new Load.Made(fact, usual, origin(fact)));
        });
        Map<Load.Sum, Long> recorded = new TreeMap<>();
        usage.owed().forEach((charge, amount) -> {
            Usage.Payer payer = payers.get(charge.payer());
            if (payer.kind() == Load.Kind.USUAL) {
                recorded.put(
                        new Load.Sum(payer.customer(), Usage.EVENT_NAMES.get(charge.meter()), charge.period()), amount);
            }
        });
        Map<String, Instant> anchors = new HashMap<>();
        payers.values().forEach(payer -> anchors.put(payer.customer(), payer.anchor()));
        return new Verdict.Account(
                made, Map.of(), recorded, 0, (customer, at) -> Usage.period(anchors.get(customer), at));
    }

    private static String minute(BillableFact fact) {
        return fact.getPayer() + " " + fact.getMeter() + " "
                + fact.getTimestamp().truncatedTo(ChronoUnit.MINUTES);
    }
}
