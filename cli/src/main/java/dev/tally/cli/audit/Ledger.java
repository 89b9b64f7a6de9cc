package dev.tally.cli.audit;

import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;

/** The latest that {@code stripe-ledger} says of each fact, with what contradicts it. */
public final class Ledger {

    private final Map<String, SaidEntry> latest = new TreeMap<>();
    private final Map<String, List<SaidEntry>> contradictions = new TreeMap<>();
    private final Map<String, List<SaidEntry>> otherAmounts = new TreeMap<>();

    /** An entry, in the order of the topic. */
    void add(SaidEntry said) {
        String identifier = said.entry().getIdentifier();
        if (said.isOfOtherAmount()) {
            otherAmounts.computeIfAbsent(identifier, of -> new ArrayList<>()).add(said);
            return;
        }
        SaidEntry before = latest.put(identifier, said);
        if (before != null
                && ((before.isAtStripe() && !said.isReported())
                        || before.entry().getAmount() != said.entry().getAmount())) {
            contradictions
                    .computeIfAbsent(identifier, of -> new ArrayList<>(List.of(before)))
                    .add(said);
        }
    }

    Optional<SaidEntry> of(String identifier) {
        return Optional.ofNullable(latest.get(identifier));
    }

    Collection<SaidEntry> all() {
        return latest.values();
    }

    /** Of facts that Stripe had already, or that it was told different amounts of: what was said one after the other. */
    Map<String, List<SaidEntry>> contradictions() {
        Map<String, List<SaidEntry>> all = new TreeMap<>(contradictions);
        otherAmounts.forEach((identifier, others) -> {
            List<SaidEntry> said = new ArrayList<>();
            Optional.ofNullable(latest.get(identifier)).ifPresent(said::add);
            said.addAll(others);
            all.merge(identifier, said, (before, more) -> {
                List<SaidEntry> both = new ArrayList<>(before);
                both.addAll(others);
                return both;
            });
        });
        return all;
    }
}
