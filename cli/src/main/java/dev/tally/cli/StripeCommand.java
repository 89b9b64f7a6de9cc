package dev.tally.cli;

import com.stripe.StripeClient;
import dev.tally.schemas.BillableFact;
import dev.tally.schemas.LedgerEntry;
import dev.tally.schemas.serde.Decoded;
import dev.tally.schemas.serde.RecordSerde;
import dev.tally.schemas.serde.RecordSerdes;
import dev.tally.schemas.topics.Topics;
import dev.tally.settings.Durations;
import dev.tally.sink.comparison.ComparedHour;
import dev.tally.sink.comparison.ComparedHour.Verdict;
import dev.tally.sink.comparison.SentFact;
import dev.tally.sink.comparison.Standing;
import dev.tally.sink.delivery.DeliveryTopics;
import dev.tally.sink.delivery.LedgerMemory;
import dev.tally.sink.reconciling.Confirmations;
import dev.tally.sink.reconciling.Reconciler;
import dev.tally.sink.reconciling.Reconciliation;
import dev.tally.sink.reconciling.SentFacts;
import dev.tally.sink.reporting.Fact;
import dev.tally.sink.reporting.IdempotencyKey;
import dev.tally.sink.reporting.Known;
import dev.tally.sink.reporting.MeterEvent;
import dev.tally.sink.reporting.Preparation;
import dev.tally.sink.reporting.Refusal;
import dev.tally.sink.reporting.Reporting;
import dev.tally.sink.stripe.StripeConnection;
import dev.tally.sink.stripe.StripeJavaMeterEvents;
import dev.tally.sink.stripe.StripeJavaSums;
import dev.tally.sink.stripe.StripeMeterEvents;
import java.nio.charset.StandardCharsets;
import java.time.DateTimeException;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.time.LocalDate;
import java.time.ZoneOffset;
import java.time.temporal.ChronoUnit;
import java.util.EnumMap;
import java.util.LinkedHashMap;
import java.util.Locale;
import java.util.Map;
import java.util.TreeMap;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.common.header.Header;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/**
 * {@code tally stripe status}, {@code parked}, {@code reconcile} and {@code replay}: what became of billable facts. Nothing is changed but by
 * {@code reconcile --repair} and {@code replay --send}.
 */
@Command(
        name = "stripe",
        description = "What became of billable facts on their way to Stripe.",
        subcommands = StripeReplayCommand.class,
        mixinStandardHelpOptions = true)
final class StripeCommand {

    /** What a person may do about a parked fact, by its reason; the keys are the reasons. */
    private static final Map<String, String> ADVICE = Map.of(
            "amount_differs",
            "the first amount under this identifier was billed; find out who published two, then bill or credit the difference by hand",
            "outcome_unknown",
            "look at the customer's usage of the minute at Stripe; `tally stripe replay` it, or bill it by hand where it is not there",
            "refused_outcome_unknown",
            "Stripe refuses it, and may have taken it before: look at the customer's usage of the minute; mend what is named and `tally stripe"
                    + " replay` it, or bill it by hand where it is not there",
            "foreign_duplicate",
            "another installation, or this one before its ledger was lost, sent this identifier; nothing to do where the usage at"
                    + " Stripe is right");

    private static final Duration REQUEST_TIMEOUT = Duration.ofSeconds(30);
    private static final String STAND_IN = "http://127.0.0.1:8083";
    private static final String STAND_IN_KEY = "sk_test_standin";

    @Command(
            name = "status",
            description = "Counts facts by outcome and shows the oldest that is not sent.",
            mixinStandardHelpOptions = true)
    int status(@Mixin Servers servers) {
        try (Admin admin = servers.admin();
                RecordSerdes serdes = servers.serdes()) {
            Topics topics = servers.topics(admin);
            Map<Standing, Long> counts = new EnumMap<>(Standing.class);
            Instant[] oldest = {Instant.MAX};
            sent(servers, serdes, topics).each((fact, publishedAt) -> {
                counts.merge(fact.at().standing(), 1L, Long::sum);
                if (fact.at().standing() == Standing.OPEN && publishedAt.isBefore(oldest[0])) {
                    oldest[0] = publishedAt;
                }
            });
            for (Standing standing : Standing.values()) {
                System.out.printf("%-11s %,d%n", text(standing), counts.getOrDefault(standing, 0L));
            }
            if (oldest[0].equals(Instant.MAX)) {
                System.out.println("no fact waits to be sent");
            } else {
                System.out.printf(
                        "the oldest open fact was published at %s, %s ago%n",
                        oldest[0], waited(oldest[0], servers.clock()));
            }
            reasons(servers, topics).forEach((reason, count) -> System.out.printf("kept as %s: %,d%n", reason, count));
        }
        return Exit.DONE;
    }

    private static String text(Standing standing) {
        return standing.name().toLowerCase(Locale.ROOT);
    }

    private static String waited(Instant since, InstantSource clock) {
        Duration waited = Duration.between(since, clock.instant()).truncatedTo(ChronoUnit.SECONDS);
        return Durations.format(waited.isNegative() ? Duration.ZERO : waited);
    }

    private static Map<String, Long> reasons(Servers servers, Topics topics) {
        Map<String, Long> reasons = new TreeMap<>();
        servers.reader()
                .readAll(
                        topics.stripeDeadLetters(),
                        letter -> reasons.merge(header(letter, "tally.reason"), 1L, Long::sum));
        return reasons;
    }

    @Command(
            name = "parked",
            description = "Lists the facts that a person has to decide about; exit code 1 if there are any.",
            mixinStandardHelpOptions = true)
    int parked(@Mixin Servers servers, @Option(names = "--limit", defaultValue = "1000") long limit) {
        try (Admin admin = servers.admin();
                RecordSerdes serdes = servers.serdes()) {
            Topics topics = servers.topics(admin);
            String topic = topics.stripeDeadLetters();
            RecordSerde<BillableFact> facts = serdes.of(BillableFact.class);
            LedgerMemory ledger = new LedgerMemory();
            StripeReplayCommand.readLedger(servers, serdes, topics, ledger::apply);
            // A fact that was replayed and parked again has several letters; the latest tells.
            Map<String, ConsumerRecord<byte[], byte[]>> letters = new LinkedHashMap<>();
            servers.reader().readAll(topic, letter -> {
                if (ADVICE.containsKey(header(letter, "tally.reason"))
                        && facts.decode(topic, letter.headers(), letter.value())
                                instanceof Decoded.Read<BillableFact>(BillableFact fact)
                        && isParked(fact, ledger)) {
                    letters.put(fact.getAmount() + " " + fact.getIdentifier(), letter);
                }
            });
            letters.values().stream()
                    .limit(limit)
                    .forEach(letter -> print(
                            letter,
                            facts.decode(topic, letter.headers(), letter.value()),
                            ADVICE.getOrDefault(header(letter, "tally.reason"), "")));
            System.out.printf("%,d parked%n", letters.size());
            return letters.isEmpty() ? Exit.DONE : Exit.NO;
        }
    }

    /** Whether it is still; a replay may have brought it to Stripe. */
    private static boolean isParked(BillableFact fact, LedgerMemory ledger) {
        Known known = ledger.find(fact.getIdentifier());
        return known == null || known.amount() != fact.getAmount() || known.state() == Known.State.PARKED;
    }

    private static void print(ConsumerRecord<byte[], byte[]> letter, Decoded<BillableFact> decoded, String advice) {
        if (decoded instanceof Decoded.Read<BillableFact>(BillableFact fact)) {
            System.out.printf(
                    "%s %s: %,d of %s at %s, customer %s%n",
                    plain(fact.getIdentifier()),
                    plain(fact.getPayer()),
                    fact.getAmount(),
                    plain(fact.getEventName()),
                    fact.getTimestamp(),
                    plain(String.valueOf(fact.getStripeCustomerId())));
        }
        System.out.printf("  %s: %s%n", header(letter, "tally.reason"), header(letter, "tally.detail"));
        System.out.printf("  %s%n", advice);
    }

    @Command(
            name = "reconcile",
            description = "Compares facts and ledger with Stripe's sums by hour; exit code 1 if they differ.",
            mixinStandardHelpOptions = true)
    int reconcile(
            @Mixin Servers servers,
            @Option(names = "--from", description = "First hour, such as 2026-11-01 (default: two days ago).") @Nullable
                    String from,
            @Option(names = "--to", description = "End of the last hour (default: now).") @Nullable String to,
            @Option(
                            names = "--stripe",
                            description = "Address of a stand-in (default: " + STAND_IN
                                    + " unless STRIPE_API_KEY is set; then Stripe itself).")
                    @Nullable
                    String address,
            @Option(
                            names = "--sums-delay",
                            defaultValue = "1h",
                            description = "As the setting stripe.sums.delay (default: ${DEFAULT-VALUE}).")
                    String sumsDelay,
            @Option(
                            names = "--repair",
                            description =
                                    "Sends the facts that are absent at Stripe again, under their identifiers, and has the unconfirmed"
                                            + " ones that are there confirmed; without it they are only told.")
                    boolean repair)
            throws InterruptedException {
        Instant now = servers.clock().instant();
        Instant first = from == null ? now.minus(Duration.ofDays(2)) : instant("--from", from);
        Instant last = to == null ? now : instant("--to", to);
        Duration delay = duration("--sums-delay", sumsDelay);
        try (Admin admin = servers.admin();
                RecordSerdes serdes = servers.serdes()) {
            StripeClient client = connection(address).open();
            Reconciler reconciler = new Reconciler(
                    sent(servers, serdes, servers.topics(admin)),
                    new StripeJavaSums(client, servers.clock()),
                    delay,
                    Long.MAX_VALUE,
                    servers.clock());
            Reconciliation found = reconciler.compare(first, last, fact -> true);
            int code = report(found);
            if (repair) {
                StripeMeterEvents stripe = new StripeJavaMeterEvents(client, servers.clock());
                for (SentFact fact : found.absent()) {
                    System.out.println("repair of " + plain(fact.identifier()) + ": " + sentAgain(fact, stripe, now));
                }
                new Confirmations(
                                servers.client(),
                                servers.topics(admin).stripeRequests(),
                                serdes.of(LedgerEntry.class),
                                servers.clock())
                        .request(found);
            } else {
                found.absent().forEach(StripeCommand::print);
            }
            return code;
        }
    }

    static StripeConnection connection(@Nullable String address) {
        String key = System.getenv("STRIPE_API_KEY");
        if (key != null && !key.isEmpty()) {
            return new StripeConnection(key, address == null ? "" : address, REQUEST_TIMEOUT);
        }
        return new StripeConnection(STAND_IN_KEY, address == null ? STAND_IN : address, REQUEST_TIMEOUT);
    }

    private static int report(Reconciliation result) {
        for (ComparedHour hour : result.hours()) {
            if (hour.verdict() == Verdict.MISSING || hour.verdict() == Verdict.EXTRA) {
                System.out.printf(
                        "%s %s %s %s: Stripe took %s, and has %s%n",
                        hour.verdict().name().toLowerCase(Locale.ROOT),
                        plain(hour.key().customer()),
                        plain(hour.key().eventName()),
                        hour.key().hour(),
                        hour.taken().toPlainString(),
                        hour.found().toPlainString());
            }
        }
        result.untold()
                .forEach(untold -> System.out.printf(
                        "untold %s %s: %s%n",
                        plain(untold.customer()),
                        plain(untold.eventName()),
                        plain(untold.answer().toString())));
        System.out.printf(
                "hours from %s to %s: %,d equal, %,d missing (%s units), %,d extra (%s units), %,d not settled yet%n",
                result.from(),
                result.to(),
                result.hours(Verdict.EQUAL).size(),
                result.hours(Verdict.MISSING).size(),
                result.difference(Verdict.MISSING).negate().toPlainString(),
                result.hours(Verdict.EXTRA).size(),
                result.difference(Verdict.EXTRA).toPlainString(),
                result.hours(Verdict.UNSETTLED).size());
        if (!result.confirmed().isEmpty()) {
            System.out.printf(
                    "%,d unconfirmed facts are there%n", result.confirmed().size());
        }
        if (result.untold().stream().anyMatch(untold -> !untold.isPermanent())) {
            return Exit.UNREACHABLE;
        }
        boolean equal = result.untold().isEmpty()
                && result.hours(Verdict.MISSING).isEmpty()
                && result.hours(Verdict.EXTRA).isEmpty();
        return equal ? Exit.DONE : Exit.NO;
    }

    /**
     * What came of sending a fact again. Its identifier is the same, so Stripe refuses it if it has it after all and still knows it; the
     * Idempotency-Key is new, so that no saved answer is given for the first time.
     */
    private static String sentAgain(SentFact fact, StripeMeterEvents stripe, Instant now) throws InterruptedException {
        Fact again = new Fact(
                fact.identifier(),
                fact.payer(),
                fact.customer(),
                fact.eventName(),
                fact.amount(),
                fact.timestamp(),
                fact.hasOwnMinute());
        return switch (Reporting.prepare(again, now)) {
            case Preparation.Refused(Refusal reason, String detail) -> "not sent: " + reason.code() + ", " + detail;
            case Preparation.TooEarly(Instant from) -> "not sent: Stripe takes it from " + from + " on";
            case Preparation.Ready(MeterEvent event) -> {
                IdempotencyKey key = new IdempotencyKey(fact.identifier(), (int) now.getEpochSecond());
                yield plain(stripe.create(event, key).answer().toString());
            }
        };
    }

    /** Under its identifier, so that Stripe refuses the event if it has it after all. */
    private static void print(SentFact fact) {
        System.out.printf(
                """
                absent %s %s: Stripe's sum of its minute is 0. Find out why; --repair sends it again if it still is, as this does:
                  curl https://api.stripe.com/v1/billing/meter_events -u "$STRIPE_API_KEY:" -d event_name='%s' -d identifier='%s' \
                -d timestamp=%d -d 'payload[stripe_customer_id]=%s' -d 'payload[value]=%d'
                """,
                plain(fact.identifier()),
                plain(fact.payer()),
                plain(fact.eventName()),
                plain(fact.identifier()),
                fact.timestamp().getEpochSecond(),
                plain(fact.customer()),
                fact.amount());
    }

    private static SentFacts sent(Servers servers, RecordSerdes serdes, Topics topics) {
        return new SentFacts(
                servers.reader(),
                new DeliveryTopics(
                        topics.billableUsage(),
                        topics.stripeLedger(),
                        topics.stripeDeadLetters(),
                        topics.stripeRequests()),
                serdes.of(BillableFact.class),
                serdes.of(LedgerEntry.class));
    }

    static Instant instant(String option, String text) {
        try {
            return text.contains("T")
                    ? Instant.parse(text)
                    : LocalDate.parse(text).atStartOfDay(ZoneOffset.UTC).toInstant();
        } catch (DateTimeException e) {
            throw new Exit(Exit.USAGE, option + " is like 2026-11-01 or 2026-11-01T10:00:00Z, not " + text);
        }
    }

    static Duration duration(String option, String text) {
        try {
            return Durations.parse(text);
        } catch (IllegalArgumentException e) {
            throw new Exit(Exit.USAGE, option + ": " + e.getMessage());
        }
    }

    static String header(ConsumerRecord<byte[], byte[]> record, String name) {
        Header header = record.headers().lastHeader(name);
        return header == null || header.value() == null
                ? "-"
                : plain(new String(header.value(), StandardCharsets.UTF_8));
    }

    /** Without what could steer a terminal, or end a quoted text. */
    static String plain(String text) {
        return text.replaceAll("[\\p{Cntrl}']", "?");
    }
}
