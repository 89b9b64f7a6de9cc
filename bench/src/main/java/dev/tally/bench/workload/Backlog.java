package dev.tally.bench.workload;

import dev.tally.keys.Subject;
import dev.tally.schemas.BillableFact;
import dev.tally.schemas.FactKind;
import dev.tally.streams.metering.FactIdentifier;
import java.time.Duration;
import java.time.Instant;

/**
 * Billable facts as they pile up while nothing is delivered: one of each customer for every five minutes, in the order in which
 * intervals are closed, the last one just before {@code end}.
 *
 * @param facts how many
 * @param customers who pay them
 * @param end a multiple of five minutes
 */
public record Backlog(int facts, int customers, Instant end) {

    /** Event name of the meter at Stripe. */
    public static final String EVENT_NAME = "bench_actions";

    private static final Duration INTERVAL = Duration.ofMinutes(5);
    private static final Duration PERIOD = Duration.ofDays(30);
    private static final int LARGEST_AMOUNT = 1_000;

    public Backlog {
        if (facts < 1 || customers < 1) {
            throw new IllegalArgumentException("a backlog has at least one fact of one customer");
        }
        if (end.toEpochMilli() % INTERVAL.toMillis() != 0) {
            throw new IllegalArgumentException(end + " is no end of an interval");
        }
    }

    /** A backlog up to the last interval that was over at {@code now}. */
    public static Backlog until(Instant now, int facts, int customers) {
        long interval = INTERVAL.toMillis();
        return new Backlog(
                facts, customers, Instant.ofEpochMilli(Math.floorDiv(now.toEpochMilli(), interval) * interval));
    }

    /** Stripe's id of a customer. */
    public static String customer(int number) {
        return "cus_%06d".formatted(number);
    }

    /** The units of all facts. */
    public long units() {
        long sum = 0;
        for (int i = 0; i < facts; i++) {
            sum = Math.addExact(sum, amount(i));
        }
        return sum;
    }

    /** The fact at a place, from 0. */
    public BillableFact fact(int place) {
        int intervals = Math.ceilDiv(facts, customers);
        int interval = place / customers;
        int customer = place % customers;
        Subject payer = Subject.user("payer-%06d".formatted(customer));
        Instant start = end.minus(INTERVAL.multipliedBy(intervals - interval));
        return BillableFact.newBuilder()
                .setIdentifier(FactIdentifier.of("bench", "backlog", payer, BenchCatalogue.ACTIONS, start, 0))
                .setEnvironment("bench")
                .setPayer(payer.text())
                .setStripeCustomerId(customer(customer))
                .setMeter(BenchCatalogue.ACTIONS)
                .setEventName(EVENT_NAME)
                .setIntervalStart(start)
                .setIntervalEnd(start.plus(INTERVAL))
                .setTimestamp(start)
                .setSequence(interval + 1L)
                .setRevision(0)
                .setAmount(amount(place))
                .setKind(FactKind.USAGE)
                .setPeriodStart(end.minus(PERIOD))
                .setPeriodEnd(end.plus(PERIOD))
                .setCatalogVersion("bench@1")
                .build();
    }

    private static long amount(int place) {
        return place % LARGEST_AMOUNT + 1L;
    }
}
