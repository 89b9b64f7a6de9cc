package dev.tally.cli.oracle;

import com.fasterxml.jackson.databind.JsonNode;
import dev.tally.schemas.LedgerEntry;
import dev.tally.schemas.LedgerState;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;

/**
 * Compares what Stripe counted and what the sink wrote down with what the generator recorded. It knows nothing of how facts are
 * delivered: it sees the generator's record, Stripe's events, the ledger and the dead letters.
 */
final class Verdict {
    private static final Duration UNKNOWN_TOO_LONG = Duration.ofHours(23);
    private static final Duration OLDEST = Duration.ofDays(35);

    /**
     * What the scenario's own rules let happen.
     *
     * @param streamed whether Stripe judges events only after it has taken them
     */
    record Rules(Duration jumped, boolean customersAtOnce, boolean streamed) {
        /** Whether an outcome can have been unknown for longer than Stripe surely knows identifiers. */
        boolean unknownForLong() {
            return jumped.compareTo(UNKNOWN_TOO_LONG) >= 0;
        }
    }

    /** A counted or uncounted event of the stand-in. */
    record Event(String identifier, String eventName, String customer, long value, Instant timestamp, boolean counted) {
        static Event of(JsonNode node) {
            return new Event(
                    node.path("identifier").asText(),
                    node.path("eventName").asText(),
                    node.path("customer").asText(),
                    node.path("value").asLong(),
                    Instant.parse(node.path("timestamp").asText()),
                    !node.has("error"));
        }
    }

    /** When a customer's billing period that an instant lies in began. */
    @FunctionalInterface
    interface Calendar {
        Instant period(String customer, Instant at);
    }

    /**
     * What the generator recorded, and the facts that were there to be sent.
     *
     * @param made every fact by its identifier, as it came first
     * @param conflicts the other amount that came under an identifier, after the first
     * @param recorded what was to be billed
     * @param garbage how many records were no fact
     */
    record Account(
            Map<String, Load.Made> made,
            Map<String, Long> conflicts,
            Map<Load.Sum, Long> recorded,
            int garbage,
            Calendar calendar) {}

    private final Account account;
    private final Rules rules;
    private final List<Event> events;
    private final Map<String, Integer> deadLetters;
    private final List<String> problems = new ArrayList<>();
    private final Map<String, List<LedgerEntry>> outcomes = new HashMap<>();
    private final Map<String, List<Event>> byIdentifier = new HashMap<>();

    Verdict(Account account, Rules rules, List<Event> events, Written written) {
        this.account = account;
        this.rules = rules;
        this.events = events;
        this.deadLetters = written.deadLetters();
        for (LedgerEntry entry : written.ledger()) {
            if (entry.getState() != LedgerState.INTENT) {
                outcomes.computeIfAbsent(entry.getIdentifier(), unused -> new ArrayList<>())
                        .add(entry);
            }
        }
        events.forEach(event -> byIdentifier
                .computeIfAbsent(event.identifier(), unused -> new ArrayList<>())
                .add(event));
    }

    /** Everything that is wrong. */
    List<String> problems() {
        Map<String, Integer> expectedLetters = new TreeMap<>();
        account.made().forEach((identifier, made) -> checkOutcome(identifier, made, expectedLetters));
        if (account.garbage() > 0) {
            expectedLetters.merge("undecodable", account.garbage(), Integer::sum);
        }
        if (!expectedLetters.equals(deadLetters)) {
            problems.add("dead letters are " + deadLetters + ", the ledger says " + expectedLetters);
        }
        checkIdentifiers();
        checkSums();
        return problems;
    }

    private void checkOutcome(String identifier, Load.Made made, Map<String, Integer> expectedLetters) {
        List<LedgerEntry> found = outcomes.getOrDefault(identifier, List.of());
        long amount = made.fact().getAmount();
        List<LedgerEntry> own =
                found.stream().filter(entry -> entry.getAmount() == amount).toList();
        if (own.size() != 1 && !isReportedAfterwards(own)) {
            problems.add(identifier + " has " + own.size() + " outcomes: " + found);
            return;
        }
        LedgerEntry outcome = own.getLast();
        if (outcome.getReason() != null) {
            expectedLetters.merge(outcome.getReason(), 1, Integer::sum);
        }
        if (!allowed(made).contains(text(outcome))) {
            problems.add(identifier + " ended as " + text(outcome) + ", allowed is " + allowed(made));
        }
        Long conflict = account.conflicts().get(identifier);
        List<String> others = found.stream()
                .filter(entry -> entry.getAmount() != amount)
                .map(entry -> entry.getAmount() + " " + text(entry))
                .toList();
        List<String> expected = conflict == null ? List.of() : List.of(conflict + " PARKED amount_differs");
        if (!others.equals(expected)) {
            problems.add(identifier + ": other amounts ended as " + others + ", expected is " + expected);
        }
        if (conflict != null) {
            expectedLetters.merge("amount_differs", 1, Integer::sum);
        }
        checkCounted(identifier, amount, outcome);
    }

    /** Stripe took it, and told later that it does not count. */
    private static boolean isReportedAfterwards(List<LedgerEntry> own) {
        return own.size() == 2
                && own.getFirst().getState() == LedgerState.UNCONFIRMED
                && text(own.getLast()).startsWith("DEAD async_");
    }

    private static String text(LedgerEntry entry) {
        return entry.getReason() == null ? entry.getState().name() : entry.getState() + " " + entry.getReason();
    }

    private Set<String> allowed(Load.Made made) {
        Set<String> allowed = new TreeSet<>();
        switch (made.kind()) {
            case USUAL -> allowed.addAll(taken());
            case CARRIED -> {
                allowed.addAll(taken());
                if (rules.unknownForLong()) {
                    allowed.add("PARKED outcome_unknown");
                }
            }
            case OLD -> {
                allowed.addAll(taken());
                Instant latest = VirtualClock.START.plus(rules.jumped()).plus(Duration.ofMinutes(5));
                if (made.fact().getTimestamp().isBefore(latest.minus(OLDEST))) {
                    allowed.add("DEAD too_old");
                    // Its outcome was unknown then, and Stripe's sums need not reach so far back.
                    allowed.add("PARKED outcome_unknown");
                    // What Stripe says where its clock is a moment ahead.
                    allowed.add(rules.streamed() ? "DEAD async_timestamp_too_far_in_past" : "DEAD refused_by_stripe");
                }
            }
            case NO_CUSTOMER -> allowed.add("DEAD no_customer");
            case UNKNOWN_CUSTOMER -> {
                if (rules.streamed()) {
                    allowed.addAll(Set.of("UNCONFIRMED", "DEAD async_meter_event_customer_not_found"));
                } else if (rules.customersAtOnce()) {
                    allowed.add("DEAD resource_missing");
                    // Refused after an attempt of unknown outcome; Stripe has no sums of a customer that it does not
                    // know.
                    allowed.add("PARKED refused_outcome_unknown");
                } else {
                    allowed.addAll(taken());
                }
                if (rules.unknownForLong()) {
                    allowed.add("PARKED outcome_unknown");
                }
            }
        }
        return allowed;
    }

    private Set<String> taken() {
        return rules.streamed() ? Set.of("UNCONFIRMED", "DUPLICATE_OK") : Set.of("ACCEPTED", "DUPLICATE_OK");
    }

    /** Billed is counted once; dead is not counted; of what is parked Stripe has it once or not. Nothing is nothing either way. */
    private void checkCounted(String identifier, long amount, LedgerEntry outcome) {
        long counted = byIdentifier.getOrDefault(identifier, List.of()).stream()
                .filter(Event::counted)
                .count();
        boolean right = switch (outcome.getState()) {
            case ACCEPTED, DUPLICATE_OK, UNCONFIRMED ->
                counted == 1
                        || (counted == 0
                                && (amount == 0
                                        || account.made().get(identifier).kind() == Load.Kind.UNKNOWN_CUSTOMER));
            case DEAD -> counted == 0;
            case PARKED -> counted <= 1;
            case INTENT, UNKNOWN -> false;
        };
        if (!right) {
            problems.add(identifier + " of " + amount + " ended as " + text(outcome) + " and is counted " + counted
                    + " times");
        }
    }

    private void checkIdentifiers() {
        byIdentifier.forEach((identifier, same) -> {
            Set<Long> amounts = new HashSet<>();
            same.forEach(event -> amounts.add(event.value()));
            if (amounts.size() > 1) {
                problems.add("identifier " + identifier + " came with amounts " + amounts);
            }
        });
    }

    /** Sums by customer, meter and the period that usage belongs to, and by the period that it is charged in. */
    private void checkSums() {
        Map<Load.Sum, Long> expected = new TreeMap<>(account.recorded());
        Map<Load.Sum, Long> expectedCharges = new TreeMap<>();
        account.made().forEach((identifier, made) -> {
            if (made.kind() == Load.Kind.NO_CUSTOMER || made.kind() == Load.Kind.UNKNOWN_CUSTOMER) {
                return;
            }
            long amount = made.fact().getAmount();
            boolean missing = isUnbilled(identifier);
            String customer = made.fact().getStripeCustomerId();
            if (missing) {
                expected.merge(
                        new Load.Sum(customer, made.fact().getEventName(), made.origin()), -amount, Math::addExact);
            }
            expectedCharges.merge(
                    new Load.Sum(
                            customer, made.fact().getEventName(), made.fact().getPeriodStart()),
                    missing ? 0 : amount,
                    Math::addExact);
        });
        Map<Load.Sum, Long> counted = new TreeMap<>();
        Map<Load.Sum, Long> charged = new TreeMap<>();
        expected.keySet().forEach(sum -> counted.put(sum, 0L));
        expectedCharges.keySet().forEach(sum -> charged.put(sum, 0L));
        for (Event event : events) {
            if (!event.counted()) {
                continue;
            }
            charged.merge(
                    new Load.Sum(
                            event.customer(),
                            event.eventName(),
                            account.calendar().period(event.customer(), event.timestamp())),
                    event.value(),
                    Math::addExact);
            Load.Made made = account.made().get(identifierOf(event));
            if (made == null) {
                problems.add("Stripe counts " + event + ", which nobody made");
            } else {
                counted.merge(
                        new Load.Sum(event.customer(), event.eventName(), made.origin()),
                        event.value(),
                        Math::addExact);
            }
        }
        compare("by origin", expected, counted);
        compare("by charge", expectedCharges, charged);
    }

    /** A mutant that makes identifiers unique puts something behind them. */
    private static String identifierOf(Event event) {
        int mark = event.identifier().indexOf('~');
        return mark < 0 ? event.identifier() : event.identifier().substring(0, mark);
    }

    /** Whether the fact ended dead, or parked and not at Stripe. */
    private boolean isUnbilled(String identifier) {
        long amount = account.made().get(identifier).fact().getAmount();
        return outcomes.getOrDefault(identifier, List.of()).stream()
                .filter(entry -> entry.getAmount() == amount)
                .anyMatch(entry -> entry.getState() == LedgerState.DEAD
                        || (entry.getState() == LedgerState.PARKED
                                && byIdentifier
                                        .getOrDefault(identifier, List.of())
                                        .isEmpty()));
    }

    private void compare(String what, Map<Load.Sum, Long> expected, Map<Load.Sum, Long> found) {
        if (!expected.equals(found)) {
            Map<Load.Sum, String> differences = new TreeMap<>();
            Set<Load.Sum> keys = new TreeSet<>(expected.keySet());
            keys.addAll(found.keySet());
            for (Load.Sum key : keys) {
                if (!expected.getOrDefault(key, 0L).equals(found.getOrDefault(key, 0L))) {
                    differences.put(key, "recorded " + expected.get(key) + ", Stripe has " + found.get(key));
                }
            }
            if (!differences.isEmpty()) {
                problems.add("sums " + what + " differ: " + differences);
            }
        }
    }
}
