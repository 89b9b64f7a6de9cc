package dev.tally.cli;

import dev.tally.schemas.BillableFact;
import dev.tally.schemas.LedgerEntry;
import dev.tally.schemas.LedgerState;
import dev.tally.schemas.serde.Decoded;
import dev.tally.schemas.serde.RecordSerde;
import dev.tally.schemas.serde.RecordSerdes;
import dev.tally.schemas.topics.Topics;
import dev.tally.sink.delivery.Facts;
import dev.tally.sink.delivery.LedgerEntries;
import dev.tally.sink.delivery.LedgerMemory;
import dev.tally.sink.delivery.ReplayRequests;
import dev.tally.sink.delivery.RequestSender;
import dev.tally.sink.reporting.Answer;
import dev.tally.sink.reporting.Fact;
import dev.tally.sink.reporting.Known;
import dev.tally.sink.reporting.MinuteSum;
import dev.tally.sink.reporting.ReplayRequest;
import dev.tally.sink.reporting.ReplayRules;
import dev.tally.sink.reporting.ReplayStep;
import dev.tally.sink.stripe.StripeJavaSums;
import dev.tally.sink.stripe.StripeSums;
import java.math.BigDecimal;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.time.temporal.ChronoUnit;
import java.util.LinkedHashMap;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.Callable;
import java.util.function.Consumer;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/**
 * {@code tally stripe replay}: asks stripe-sink to take up facts again that have ended as dead letters. It calls nothing at Stripe that
 * changes anything, and writes requests only; the sink that owns a fact judges its request by the same rules once more, and grants each once.
 */
@Command(
        name = "replay",
        description = {
            "Has dead facts sent to Stripe again, and parked ones where Stripe can tell whether it has them.",
            "Only tells what would be done, unless --send is given. Exit code 1 if some are not replayed, or not taken."
        },
        mixinStandardHelpOptions = true)
final class StripeReplayCommand implements Callable<Integer> {
    /** Between two looks at the ledger. */
    private static final Duration PAUSE = Duration.ofSeconds(1);

    @Mixin
    private Servers servers = new Servers();

    @Option(names = "--identifier", description = "Of a fact; may be given several times.")
    private Set<String> identifiers = Set.of();

    @Option(names = "--from", description = "Facts that are charged from then on, such as 2026-11-01.")
    private @Nullable String from;

    @Option(names = "--to", description = "Facts that are charged before that.")
    private @Nullable String to;

    @Option(names = "--send", description = "Asks the sink to do it.")
    private boolean send;

    @Option(
            names = "--restamp",
            description = {
                "Charges facts now that are too old for Stripe (35 days): in the open period of their customer.",
                "Stripe is asked first whether it has them at their own time."
            })
    private boolean restamp;

    @Option(names = "--stripe", description = "As of reconcile; only --restamp asks there.")
    private @Nullable String address;

    @Option(
            names = "--wait",
            defaultValue = "1m",
            description = "How long to wait for outcomes after --send (default: ${DEFAULT-VALUE}).")
    private String wait = "1m";

    private record Letter(ConsumerRecord<byte[], byte[]> record, Fact fact) {}

    private record Judged(Letter letter, @Nullable Known known, ReplayRequest request, ReplayStep step) {}

    @Override
    public Integer call() throws InterruptedException {
        if (identifiers.isEmpty() && from == null && to == null) {
            throw new Exit(Exit.USAGE, "which facts? give --identifier, --from or --to");
        }
        Instant first = from == null ? Instant.MIN : StripeCommand.instant("--from", from);
        Instant last = to == null ? Instant.MAX : StripeCommand.instant("--to", to);
        Duration patience = StripeCommand.duration("--wait", wait);
        InstantSource clock = servers.clock();
        try (Admin admin = servers.admin();
                RecordSerdes serdes = servers.serdes()) {
            Topics topics = servers.topics(admin);
            Map<String, Letter> letters = letters(serdes, topics, first, last);
            LedgerMemory ledger = new LedgerMemory();
            readLedger(servers, serdes, topics, ledger::apply);
            Map<String, Judged> granted = new LinkedHashMap<>();
            StripeSums sums =
                    new StripeJavaSums(StripeCommand.connection(address).open(), clock);
            Instant now = clock.instant();
            int open = 0;
            for (Letter letter : letters.values()) {
                Known known = ledger.find(letter.fact().identifier());
                if (known != null && known.isTaken()) {
                    System.out.println("at Stripe: " + what(letter.fact(), known));
                    continue;
                }
                open++;
                Judged judged = judge(letter, known, now, sums);
                print(judged);
                if (judged.step() instanceof ReplayStep.TakeUp) {
                    granted.put(letter.fact().identifier(), judged);
                }
            }
            identifiers.stream()
                    .filter(identifier -> !letters.containsKey(identifier))
                    .forEach(identifier -> System.out.println(
                            "not replayed " + StripeCommand.plain(identifier) + ": no dead letter has it"));
            System.out.printf(
                    "%,d of %,d can be replayed%s%n",
                    granted.size(), open, send || granted.isEmpty() ? "" : "; --send asks for it");
            boolean all = granted.size() == open && letters.keySet().containsAll(identifiers);
            if (send && !granted.isEmpty()) {
                Map<Integer, Long> before = servers.reader().ends(topics.stripeLedger());
                request(topics, granted);
                all &= await(serdes, topics, granted, before, patience);
            }
            return all ? Exit.DONE : Exit.NO;
        }
    }

    /** The latest dead letter of each fact that is asked for, by identifier. */
    private Map<String, Letter> letters(RecordSerdes serdes, Topics topics, Instant first, Instant last) {
        Map<String, Letter> letters = new LinkedHashMap<>();
        RecordSerde<BillableFact> serde = serdes.of(BillableFact.class);
        servers.reader().readAll(topics.stripeDeadLetters(), letter -> {
            if (serde.decode(topics.stripeDeadLetters(), letter.headers(), letter.value())
                    instanceof Decoded.Read<BillableFact>(BillableFact billable)) {
                Fact fact = Facts.of(billable);
                if (isChosen(fact, first, last) && !isOfOtherAmount(letter)) {
                    letters.put(fact.identifier(), new Letter(letter, fact));
                }
            }
        });
        return letters;
    }

    private boolean isChosen(Fact fact, Instant first, Instant last) {
        return (identifiers.isEmpty() || identifiers.contains(fact.identifier()))
                && !fact.timestamp().isBefore(first)
                && fact.timestamp().isBefore(last);
    }

    /** It tells nothing of what the first amount of its identifier came to. */
    private static boolean isOfOtherAmount(ConsumerRecord<byte[], byte[]> letter) {
        return StripeCommand.header(letter, "tally.reason").equals("amount_differs");
    }

    /** The last minute of the hour before, which no first fact of an interval has to itself; now, in the first hour of a day. */
    private static Instant stamp(Instant now) {
        Instant lastMinute = now.truncatedTo(ChronoUnit.HOURS).minus(1, ChronoUnit.MINUTES);
        return lastMinute.isBefore(now.truncatedTo(ChronoUnit.DAYS)) ? now.truncatedTo(ChronoUnit.SECONDS) : lastMinute;
    }

    private Judged judge(Letter letter, @Nullable Known known, Instant now, StripeSums sums)
            throws InterruptedException {
        Fact fact = letter.fact();
        int number = known == null ? 1 : known.replay().number() + 1;
        ReplayRequest plain = new ReplayRequest(number, null, now, publishedAt(letter.record()));
        if (!restamp) {
            return new Judged(letter, known, plain, ReplayRules.judge(fact, known, plain, now));
        }
        ReplayRequest stamped = new ReplayRequest(number, stamp(now), now, plain.publishedAt());
        ReplayStep step = ReplayRules.judge(fact, known, stamped, now);
        if (!(step instanceof ReplayStep.TakeUp)) {
            // Those that Stripe still takes at their own time keep it.
            ReplayStep unchanged = ReplayRules.judge(fact, known, plain, now);
            return unchanged instanceof ReplayStep.TakeUp
                    ? new Judged(letter, known, plain, unchanged)
                    : new Judged(letter, known, stamped, step);
        }
        // Stripe takes nothing at that time any more: what it says now stays true.
        Optional<String> there = found(fact, sums);
        return new Judged(
                letter,
                known,
                stamped,
                there.<ReplayStep>map(ReplayStep.Refused::new).orElse(step));
    }

    /** Why Stripe may have the fact at its own time; empty where it surely has not. */
    private static Optional<String> found(Fact fact, StripeSums sums) throws InterruptedException {
        String customer = fact.customer();
        if (customer == null) {
            return Optional.of("it has no customer");
        }
        return switch (sums.inMinuteOf(fact.timestamp(), customer, fact.eventName())) {
            case MinuteSum.Of(BigDecimal sum) ->
                sum.signum() == 0
                        ? Optional.empty()
                        : Optional.of("Stripe has " + sum.toPlainString() + " in its minute");
            case MinuteSum.Untold(Answer answer) -> Optional.of("Stripe does not tell its sum: " + answer);
        };
    }

    private static Instant publishedAt(ConsumerRecord<byte[], byte[]> letter) {
        try {
            return ReplayRequests.publishedAt(letter);
        } catch (IllegalArgumentException malformed) {
            // So long ago that nothing is granted.
            return Instant.EPOCH;
        }
    }

    private void print(Judged judged) {
        String what = what(judged.letter().fact(), judged.known());
        switch (judged.step()) {
            case ReplayStep.TakeUp up -> {
                String how = judged.request().timestamp() != null
                        ? "charged at " + judged.request().timestamp()
                        : up.attempts().unknown() == null
                                ? "sent again under its identifier"
                                : "sent again where Stripe's sums say that it is not there";
                System.out.println((send ? "replayed " : "would be replayed ") + what + ", " + how);
            }
            case ReplayStep.Refused(String why) ->
                System.out.println("not replayed " + what + ": " + StripeCommand.plain(why));
            case ReplayStep.Resume resume -> throw new IllegalStateException("a new request resumes nothing");
            case ReplayStep.Done() -> throw new IllegalStateException("a new request was not done before");
        }
    }

    private static String what(Fact fact, @Nullable Known known) {
        return "%s %s: %,d of %s at %s (%s%s)"
                .formatted(
                        StripeCommand.plain(fact.identifier()),
                        StripeCommand.plain(fact.payer()),
                        fact.amount(),
                        StripeCommand.plain(fact.eventName()),
                        fact.timestamp(),
                        known == null ? "unknown" : known.state().name().toLowerCase(Locale.ROOT),
                        known == null || known.reason() == null ? "" : ": " + StripeCommand.plain(known.reason()));
    }

    private void request(Topics topics, Map<String, Judged> granted) {
        new RequestSender(servers.client())
                .write(granted.values().stream()
                        .map(judged -> ReplayRequests.of(
                                topics.stripeRequests(), judged.letter().record(), judged.request()))
                        .toList());
    }

    /** Prints what becomes of each; whether Stripe has all of them. */
    private boolean await(
            RecordSerdes serdes,
            Topics topics,
            Map<String, Judged> granted,
            Map<Integer, Long> before,
            Duration patience)
            throws InterruptedException {
        Map<String, Judged> open = new LinkedHashMap<>(granted);
        boolean[] all = {true};
        long begun = System.nanoTime();
        Map<Integer, Long> from = before;
        while (true) {
            Map<Integer, Long> ends = servers.reader().ends(topics.stripeLedger());
            readLedger(servers, serdes, topics, from, ends, entry -> {
                Judged judged = open.get(entry.getIdentifier());
                if (judged != null
                        && entry.getState() != LedgerState.INTENT
                        && !LedgerEntries.isConflict(entry)
                        && entry.getReplays() >= judged.request().number()) {
                    open.remove(entry.getIdentifier());
                    boolean taken = entry.getState() != LedgerState.DEAD && entry.getState() != LedgerState.PARKED;
                    all[0] &= taken;
                    System.out.println("outcome of " + StripeCommand.plain(entry.getIdentifier()) + ": "
                            + entry.getState()
                            + (entry.getReason() == null ? "" : ", " + StripeCommand.plain(entry.getReason())));
                }
            });
            from = ends;
            if (open.isEmpty() || System.nanoTime() - begun >= patience.toNanos()) {
                break;
            }
            Thread.sleep(PAUSE);
        }
        open.keySet()
                .forEach(identifier -> System.out.println("no outcome yet of " + StripeCommand.plain(identifier)
                        + ": a request that no sink has seen within an hour is not granted any more"));
        return all[0] && open.isEmpty();
    }

    /** Reads all entries. */
    static void readLedger(Servers servers, RecordSerdes serdes, Topics topics, Consumer<LedgerEntry> sink) {
        readLedger(servers, serdes, topics, Map.of(), servers.reader().ends(topics.stripeLedger()), sink);
    }

    private static void readLedger(
            Servers servers,
            RecordSerdes serdes,
            Topics topics,
            Map<Integer, Long> from,
            Map<Integer, Long> to,
            Consumer<LedgerEntry> sink) {
        String topic = topics.stripeLedger();
        RecordSerde<LedgerEntry> serde = serdes.of(LedgerEntry.class);
        servers.reader().read(topic, from, to, record -> {
            if (record.value() != null
                    && serde.decode(topic, record.headers(), record.value())
                            instanceof Decoded.Read<LedgerEntry>(LedgerEntry entry)) {
                sink.accept(entry);
            }
        });
    }
}
