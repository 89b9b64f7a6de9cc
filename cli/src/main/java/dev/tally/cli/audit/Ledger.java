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

    /** An entry, in the order of the topic. */
    void add(SaidEntry said) {
        String identifier = said.entry().getIdentifier();
        SaidEntry before = latest.put(identifier, said);
        if (before != null
                && (before.isAtStripe()
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
        return contradictions;
    }
}
