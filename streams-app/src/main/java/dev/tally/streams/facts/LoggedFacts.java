package dev.tally.streams.facts;

import dev.tally.keys.Keys;
import dev.tally.keys.Partitions;
import dev.tally.keys.Subject;
import dev.tally.schemas.BillableFact;
import dev.tally.schemas.LedgerEntry;
import dev.tally.schemas.serde.RecordSerde;
import dev.tally.schemas.serde.RecordSerdes;
import dev.tally.schemas.topics.Topics;
import dev.tally.streams.log.LogQuestions;
import dev.tally.streams.log.LogScan;
import dev.tally.streams.metering.BillingCalendar;
import dev.tally.streams.metering.Period;
import dev.tally.streams.query.Answer;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.time.LocalDate;
import java.time.ZoneOffset;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.function.Function;
import org.apache.avro.specific.SpecificRecord;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.utils.Bytes;
import org.jspecify.annotations.Nullable;

/**
 * Facts from {@code billable-usage} and their delivery from {@code stripe-ledger}, of one partition each: the payer's, whose number is the
 * same in both. Facts are looked for from the beginning of the period on. The ledger is read from when the first fact of the page was
 * appended to its end, since any later entry may be the one that holds. Of both, only the page is kept in memory.
 */
public final class LoggedFacts implements Facts {

    /**
     * How much is read at most.
     *
     * @param within time for a question; whoever needs longer is to ask again
     * @param factsWithin of that for the facts alone, so that there is time for what became of them
     * @param atOnce questions at a time; others are turned away
     */
    public record Bounds(Duration within, Duration factsWithin, int atOnce) {

        /** A few readers do no harm to what else the instance does. */
        public static final Bounds USUAL = new Bounds(Duration.ofSeconds(20), Duration.ofSeconds(8), 3);
    }

    private final LogQuestions questions;
    private final Topics topics;
    private final RecordSerde<BillableFact> factSerde;
    private final RecordSerde<LedgerEntry> ledgerSerde;
    private final Function<Subject, Answer<Optional<Instant>>> anchors;
    private final InstantSource clock;
    private final Bounds bounds;

    /**
     * Facts of an installation.
     *
     * @param client settings for Kafka clients, with {@code bootstrap.servers}
     * @param anchors the anchor of a payer's periods; empty where it has no subscription
     * @param clock for the current period
     */
    public LoggedFacts(
            Map<String, Object> client,
            Topics topics,
            RecordSerdes serdes,
            Function<Subject, Answer<Optional<Instant>>> anchors,
            Bounds bounds,
            InstantSource clock) {
        this.questions = new LogQuestions(client, bounds.within(), bounds.atOnce(), Duration.ZERO);
        this.topics = topics;
        this.factSerde = serdes.of(BillableFact.class);
        this.ledgerSerde = serdes.of(LedgerEntry.class);
        this.anchors = anchors;
        this.bounds = bounds;
        this.clock = clock;
    }

    @Override
    public Answer<FactPage> facts(Subject payer, @Nullable LocalDate in, int limit, long after) {
        return anchors.apply(payer)
                .flatMap(anchor -> anchor.isPresent()
                        ? questions.ask(scan -> read(scan, payer, period(anchor.get(), in), limit, after))
                        : new Answer.Absent<>(payer.text() + " has no subscription"));
    }

    private Period period(Instant anchor, @Nullable LocalDate in) {
        return BillingCalendar.period(
                anchor,
                in == null ? clock.instant() : in.atStartOfDay(ZoneOffset.UTC).toInstant());
    }

    /** A fact with where and when it was appended. */
    private record Logged(BillableFact fact, Instant appended) {}

    private Answer<FactPage> read(LogScan scan, Subject payer, Period period, int limit, long after) {
        byte[] key = payer.text().getBytes(StandardCharsets.UTF_8);
        int partition = Partitions.ofKey(key, topics.subjectPartitions());
        List<Logged> found = new ArrayList<>();
        TopicPartition facts = new TopicPartition(topics.billableUsage(), partition);
        long from = after < 0 ? scan.firstSince(facts, period.start().minus(LogScan.SKEW)) : after + 1;
        LogScan.End end = scan.read(facts, from, bounds.factsWithin(), record -> {
            if (Arrays.equals(key, record.key())) {
                BillableFact fact = decode(factSerde, record);
                if (fact.getPeriodStart().equals(period.start())) {
                    found.add(new Logged(fact, Instant.ofEpochMilli(record.timestamp())));
                }
            }
            return found.size() < limit;
        });
        if (!end.isEndOfLog() && end.next() <= from) {
            return new Answer.NotReady<>("nothing of the log could be read in time", LogQuestions.RETRY_AFTER);
        }
        Map<Bytes, LedgerEntry> entries = new HashMap<>();
        if (!found.isEmpty()) {
            Set<Bytes> wanted = new HashSet<>();
            found.forEach(one -> {
                wanted.add(key(one.fact()));
                wanted.add(keyOfOtherAmount(one.fact()));
            });
            Instant first =
                    found.stream().map(Logged::appended).min(Instant::compareTo).orElseThrow();
            TopicPartition ledger = new TopicPartition(topics.stripeLedger(), partition);
            LogScan.End read =
                    scan.read(ledger, scan.firstSince(ledger, first.minus(LogScan.SKEW)), bounds.within(), record -> {
                        Bytes entry = Bytes.wrap(record.key());
                        if (wanted.contains(entry)) {
                            if (record.value() == null) {
                                entries.remove(entry);
                            } else {
                                entries.put(entry, decode(ledgerSerde, record));
                            }
                        }
                        return true;
                    });
            if (!read.isEndOfLog()) {
                return new Answer.NotReady<>(
                        "what became of these facts was not read in time", LogQuestions.RETRY_AFTER);
            }
        }
        return new Answer.Found<>(
                new FactPage(
                        payer,
                        period,
                        found.stream()
                                .map(one -> new FactPage.Delivered(one.fact(), entry(one.fact(), entries)))
                                .toList(),
                        end.isEndOfLog() ? null : Long.valueOf(end.next() - 1)),
                false);
    }

    /** Where its identifier is known with another amount, what became of it stands under a key of its own. */
    private static @Nullable LedgerEntry entry(BillableFact fact, Map<Bytes, LedgerEntry> entries) {
        LedgerEntry ofOtherAmount = entries.get(keyOfOtherAmount(fact));
        if (ofOtherAmount != null) {
            return ofOtherAmount;
        }
        LedgerEntry entry = entries.get(key(fact));
        return entry != null && entry.getAmount() == fact.getAmount() ? entry : null;
    }

    private static Bytes key(BillableFact fact) {
        return Bytes.wrap(Keys.ledger(fact.getIdentifier()));
    }

    private static Bytes keyOfOtherAmount(BillableFact fact) {
        return Bytes.wrap(Keys.ledgerOfOtherAmount(fact.getIdentifier(), fact.getAmount()));
    }

    /** A fact that cannot be read fails the question: without it the page would tell less than there is. */
    private static <T extends SpecificRecord> T decode(RecordSerde<T> serde, ConsumerRecord<byte[], byte[]> record) {
        return LogScan.decode(serde, record)
                .orElseThrow(() -> new IllegalStateException(
                        record.topic() + "-" + record.partition() + "@" + record.offset() + " cannot be read"));
    }
}
