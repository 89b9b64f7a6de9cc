package dev.tally.cli.oracle;

import dev.tally.schemas.BillableFact;
import dev.tally.schemas.FactKind;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.TreeMap;

/**
 * The billable facts of one seed, and what the generator knows of the usage behind them. Usage of an interval is revised: each fact but
 * the first holds a difference, which may be negative. What the generator records are the last amounts, not the facts' sum.
 */
final class Load {
    static final List<String> METERS = List.of("tally_actions", "tally_credits");
    static final String NOBODY = "cus_nobody";
    static final int CUSTOMERS = 8;

    private static final Instant PERIOD = Instant.parse("2026-11-01T00:00:00Z");
    private static final Instant NEXT_PERIOD = Instant.parse("2026-12-01T00:00:00Z");
    private static final Instant EARLIER_PERIOD = Instant.parse("2026-10-01T00:00:00Z");
    private static final Duration INTERVAL = Duration.ofMinutes(5);

    /** What may become of a fact. */
    enum Kind {
        /** It is billed. */
        USUAL,
        /** It belongs to an earlier period, and shares its minute with others. */
        CARRIED,
        /** It is almost too old for Stripe. */
        OLD,
        /** Its payer has no customer. */
        NO_CUSTOMER,
        /** Stripe does not know its customer. */
        UNKNOWN_CUSTOMER
    }

    /** One record of the topic: a fact, or bytes that are none. */
    record Entry(String payer, BillableFact fact, boolean garbage) {}

    /** What is summed up: usage of a customer and meter in the period it belongs to. */
    record Sum(String customer, String eventName, Instant origin) implements Comparable<Sum> {
        @Override
        public int compareTo(Sum other) {
            return toString().compareTo(other.toString());
        }
    }

    /** A fact as the generator made it. */
    record Made(BillableFact fact, Kind kind, Instant origin) {}

    private final Random random;
    private final String name;
    private final List<Entry> entries = new ArrayList<>();
    private final Map<String, Made> made = new TreeMap<>();
    private final Map<String, Long> conflicts = new HashMap<>();
    private final Map<Sum, Long> recorded = new TreeMap<>();
    private int sequence;
    private int garbage;

    Load(long seed, String name) {
        this.random = new Random(seed);
        this.name = name;
        List<Deque<Entry>> payers = new ArrayList<>();
        int usual = 2 + random.nextInt(4);
        for (int i = 0; i < usual; i++) {
            payers.add(payer("user:u" + i, "cus_" + i, Kind.USUAL));
        }
        if (random.nextInt(3) == 0) {
            payers.add(payer("org:old", "cus_" + (CUSTOMERS - 2), Kind.OLD));
        }
        if (random.nextInt(3) == 0) {
            payers.add(payer("org:carried", "cus_" + (CUSTOMERS - 1), Kind.CARRIED));
        }
        if (random.nextInt(4) == 0) {
            payers.add(payer("user:free", null, Kind.NO_CUSTOMER));
        }
        if (random.nextInt(4) == 0) {
            payers.add(payer("user:gone", NOBODY, Kind.UNKNOWN_CUSTOMER));
        }
        interleave(payers);
        spoil();
    }

    /** All facts of a payer, in order. */
    private Deque<Entry> payer(String payer, String customer, Kind kind) {
        Deque<Entry> facts = new ArrayDeque<>();
        int intervals = 1 + random.nextInt(2);
        for (String meter : METERS) {
            for (int i = 0; i < intervals; i++) {
                Instant start = start(kind, i);
                Instant origin = kind == Kind.CARRIED ? EARLIER_PERIOD : period(start);
                long before = 0;
                int revisions = 1 + random.nextInt(3);
                for (int revision = 0; revision < revisions; revision++) {
                    long now = random.nextInt(10) == 0 ? before : random.nextInt(1_000);
                    BillableFact fact = fact(payer, customer, meter, start, revision, now - before, kind);
                    made.put(fact.getIdentifier(), new Made(fact, kind, origin));
                    facts.add(new Entry(payer, fact, false));
                    before = now;
                }
                if (kind != Kind.NO_CUSTOMER && kind != Kind.UNKNOWN_CUSTOMER) {
                    recorded.merge(new Sum(customer, meter, origin), before, Math::addExact);
                }
            }
        }
        return facts;
    }

    private static Instant start(Kind kind, int interval) {
        Instant first = switch (kind) {
            case USUAL, NO_CUSTOMER, UNKNOWN_CUSTOMER -> VirtualClock.START.minus(Duration.ofHours(1));
            case CARRIED -> PERIOD.minus(Duration.ofHours(1));
            case OLD -> VirtualClock.START.minus(Duration.ofDays(35)).plus(Duration.ofHours(12));
        };
        return first.plus(INTERVAL.multipliedBy(interval));
    }

    private static Instant period(Instant at) {
        return at.isBefore(PERIOD) ? EARLIER_PERIOD : PERIOD;
    }

    private BillableFact fact(
            String payer, String customer, String meter, Instant start, int revision, long amount, Kind kind) {
        Instant timestamp = kind == Kind.CARRIED ? PERIOD : start.plus(Duration.ofMinutes(revision));
        Instant period = period(timestamp);
        return BillableFact.newBuilder()
                .setIdentifier(name + "/" + payer + "/" + meter + "/" + start + "/" + revision)
                .setEnvironment("oracle")
                .setPayer(payer)
                .setStripeCustomerId(customer)
                .setMeter(meter)
                .setEventName(meter)
                .setIntervalStart(start)
                .setIntervalEnd(start.plus(INTERVAL))
                .setTimestamp(timestamp)
                .setSequence(++sequence)
                .setRevision(revision)
                .setAmount(amount)
                .setKind(revision == 0 ? FactKind.USAGE : FactKind.CORRECTION)
                .setPeriodStart(period)
                .setPeriodEnd(period.equals(PERIOD) ? NEXT_PERIOD : PERIOD)
                .setOriginPeriodStart(kind == Kind.CARRIED ? EARLIER_PERIOD : null)
                .setCatalogVersion("oracle@1")
                .build();
    }

    private void interleave(List<Deque<Entry>> payers) {
        List<Deque<Entry>> left = new ArrayList<>(payers);
        while (!left.isEmpty()) {
            Deque<Entry> next = left.get(random.nextInt(left.size()));
            entries.add(next.removeFirst());
            left.removeIf(Deque::isEmpty);
        }
    }

    /** Facts that come twice, one identifier with another amount, and bytes that are no fact. */
    private void spoil() {
        for (int i = random.nextInt(4); i > 0; i--) {
            int at = random.nextInt(entries.size());
            entries.add(at + 1 + random.nextInt(entries.size() - at), entries.get(at));
        }
        if (random.nextInt(4) == 0) {
            int at = random.nextInt(entries.size());
            Entry original = entries.get(at);
            if (original.fact().getStripeCustomerId() != null) {
                long other = original.fact().getAmount() + 1;
                BillableFact fact = BillableFact.newBuilder(original.fact())
                        .setAmount(other)
                        .build();
                conflicts.put(fact.getIdentifier(), other);
                entries.add(at + 1 + random.nextInt(entries.size() - at), new Entry(original.payer(), fact, false));
            }
        }
        if (random.nextInt(5) == 0) {
            garbage++;
            entries.add(random.nextInt(entries.size() + 1), new Entry("user:u0", null, true));
        }
    }

    List<Entry> entries() {
        return entries;
    }

    /** What the generator knows. */
    Verdict.Account account() {
        return new Verdict.Account(made, conflicts, recorded, garbage, (customer, at) -> period(at));
    }
}
