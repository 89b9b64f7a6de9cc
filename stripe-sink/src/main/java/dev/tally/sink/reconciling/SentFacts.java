package dev.tally.sink.reconciling;

import dev.tally.schemas.BillableFact;
import dev.tally.schemas.LedgerEntry;
import dev.tally.schemas.LedgerState;
import dev.tally.schemas.serde.Decoded;
import dev.tally.schemas.serde.RecordSerde;
import dev.tally.schemas.topics.TopicReader;
import dev.tally.sink.comparison.SentFact;
import dev.tally.sink.comparison.Standing;
import dev.tally.sink.comparison.Standings;
import dev.tally.sink.delivery.DeliveryTopics;
import dev.tally.sink.delivery.Facts;
import dev.tally.sink.delivery.LedgerEntries;
import dev.tally.sink.reporting.Fact;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.function.BiConsumer;

/** Reads the facts and how the ledger says they stand. Kafka's exceptions come out as they are. */
public final class SentFacts {
    private final TopicReader reader;
    private final DeliveryTopics topics;
    private final RecordSerde<BillableFact> facts;
    private final RecordSerde<LedgerEntry> ledger;

    /** Reads through a reader, each time anew. */
    public SentFacts(
            TopicReader reader,
            DeliveryTopics topics,
            RecordSerde<BillableFact> facts,
            RecordSerde<LedgerEntry> ledger) {
        this.reader = reader;
        this.topics = topics;
        this.facts = facts;
        this.ledger = ledger;
    }

    /**
     * The facts that are charged from {@code from} until before {@code to}, each identifier and amount once; also those that nobody has sent
     * yet. They are kept on the heap, with about a kilobyte each.
     *
     * @param most how many there may be
     * @throws TooManyFactsException if there are more
     */
    public List<SentFact> between(Instant from, Instant to, long most) {
        List<SentFact> facts = new ArrayList<>();
        each(from, to, most, (fact, publishedAt) -> facts.add(fact));
        return facts;
    }

    /** All facts, with the times they were published at. */
    public void each(BiConsumer<SentFact, Instant> sink) {
        each(Instant.EPOCH, Instant.MAX, Long.MAX_VALUE, sink);
    }

    private void each(Instant from, Instant to, long most, BiConsumer<SentFact, Instant> sink) {
        // A fact is appended after the time it is charged at, its entries after it: nothing wanted lies before that
        // time.
        List<Read> read = new ArrayList<>();
        Set<Once> seen = new HashSet<>();
        Set<String> identifiers = new HashSet<>();
        reader.readSince(topics.facts(), from, record -> {
            if (facts.decode(topics.facts(), record.headers(), record.value())
                    instanceof Decoded.Read<BillableFact>(BillableFact billable)) {
                Fact fact = Facts.of(billable);
                if (!fact.timestamp().isBefore(from)
                        && fact.timestamp().isBefore(to)
                        && seen.add(new Once(fact.identifier(), fact.amount()))) {
                    if (seen.size() > most) {
                        throw new TooManyFactsException(most);
                    }
                    identifiers.add(fact.identifier());
                    read.add(new Read(fact, record.partition(), Instant.ofEpochMilli(record.timestamp())));
                }
            }
        });
        Map<String, Stamped> stamped = new LinkedHashMap<>();
        Standings standings = standings(from, identifiers, stamped);
        for (Read one : read) {
            if (!stamped.containsKey(one.fact().identifier())) {
                sink.accept(sent(one.fact(), one.partition(), standings), one.publishedAt());
            }
        }
        // What a replay gave another timestamp is charged there, whenever it was published.
        for (Stamped one : stamped.values()) {
            LedgerEntry entry = one.entry();
            if (!entry.getTimestamp().isBefore(from) && entry.getTimestamp().isBefore(to)) {
                sink.accept(sent(stamped(entry), one.partition(), standings), entry.getAt());
            }
        }
    }

    private static Fact stamped(LedgerEntry entry) {
        return new Fact(
                entry.getIdentifier(),
                entry.getPayer(),
                entry.getStripeCustomerId(),
                entry.getEventName(),
                entry.getAmount(),
                entry.getTimestamp(),
                false);
    }

    private static SentFact sent(Fact fact, int partition, Standings standings) {
        return new SentFact(
                partition,
                fact.identifier(),
                fact.payer(),
                Objects.requireNonNullElse(fact.customer(), ""),
                fact.eventName(),
                fact.amount(),
                fact.timestamp(),
                fact.hasOwnMinute(),
                standings.of(fact.identifier(), fact.amount()));
    }

    /** The ledger has the partitions of the facts. */
    private record Stamped(LedgerEntry entry, int partition) {}

    private record Once(String identifier, long amount) {}

    private record Read(Fact fact, int partition, Instant publishedAt) {}

    /** @param stamped takes the latest entries of facts that a replay gave another timestamp */
    private Standings standings(Instant from, Set<String> identifiers, Map<String, Stamped> stamped) {
        Standings standings = new Standings();
        reader.readSince(topics.ledger(), from, record -> {
            if (record.value() != null
                    && ledger.decode(topics.ledger(), record.headers(), record.value())
                            instanceof Decoded.Read<LedgerEntry>(LedgerEntry entry)
                    && (identifiers.contains(entry.getIdentifier()) || entry.getFactTimestamp() != null)) {
                apply(entry, standings);
                if (entry.getFactTimestamp() != null) {
                    stamped.put(entry.getIdentifier(), new Stamped(entry, record.partition()));
                }
            }
        });
        return standings;
    }

    private static void apply(LedgerEntry entry, Standings standings) {
        if (LedgerEntries.isConflict(entry)) {
            standings.conflict(entry.getIdentifier(), entry.getAmount(), entry.getAt());
        } else {
            standings.apply(
                    entry.getIdentifier(),
                    entry.getAmount(),
                    entry.getReplays(),
                    standing(entry.getState()),
                    entry.getAt());
        }
    }

    private static Standing standing(LedgerState state) {
        return switch (state) {
            case INTENT -> Standing.OPEN;
            case ACCEPTED, DUPLICATE_OK -> Standing.TAKEN;
            case UNCONFIRMED -> Standing.UNCONFIRMED;
            case DEAD -> Standing.DEAD;
            case PARKED, UNKNOWN -> Standing.PARKED;
        };
    }
}
