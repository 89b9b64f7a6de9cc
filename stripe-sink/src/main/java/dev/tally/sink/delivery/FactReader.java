package dev.tally.sink.delivery;

import dev.tally.schemas.BillableFact;
import dev.tally.schemas.serde.Decoded;
import dev.tally.schemas.serde.RecordSerde;
import dev.tally.sink.delivery.PartitionWork.Unreadable;
import dev.tally.sink.reporting.Admission;
import dev.tally.sink.reporting.Attempts;
import dev.tally.sink.reporting.Fact;
import dev.tally.sink.reporting.Known;
import dev.tally.sink.reporting.Outcome;
import dev.tally.sink.reporting.Preparation;
import dev.tally.sink.reporting.Reporting;
import java.time.Duration;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import org.apache.kafka.clients.consumer.ConsumerRecord;

/** Takes consumed records into their partition's work: what is to be sent, what is settled without Stripe. */
final class FactReader {
    private static final Duration MINUTE = Duration.ofMinutes(1);

    private final RecordSerde<BillableFact> serde;
    private final DeliveryListener listener;

    /**
     * What a batch of records came to.
     *
     * @param deliveries what is to be sent, in the order of the records
     * @param fresh those of them whose intent has to be written first
     * @param settled facts whose outcome needs no call
     */
    record Intake(List<Delivery> deliveries, List<Delivery> fresh, List<Settled> settled) {
        static Intake empty() {
            return new Intake(new ArrayList<>(), new ArrayList<>(), new ArrayList<>());
        }
    }

    FactReader(RecordSerde<BillableFact> serde, DeliveryListener listener) {
        this.serde = serde;
        this.listener = listener;
    }

    /** Takes one record; throws RegistryUnavailableException before anything is changed. */
    void take(PartitionWork work, ConsumerRecord<byte[], byte[]> consumed, Instant now, Intake into) {
        FactRecord origin = FactRecord.of(consumed);
        switch (serde.decode(consumed.topic(), consumed.headers(), consumed.value())) {
            case Decoded.Refused<BillableFact>(var reason, String detail) ->
                work.addUnreadable(new Unreadable(origin, reason.code(), detail));
            case Decoded.Read<BillableFact>(BillableFact billable) -> take(work, origin, fact(billable), now, into);
        }
    }

    private void take(PartitionWork work, FactRecord origin, Fact fact, Instant now, Intake into) {
        LedgerMemory memory = work.memory();
        Known known = memory.find(fact.identifier());
        switch (Admission.of(fact, known, now)) {
            case Admission.AlreadySettled() -> readAgain(work, origin);
            case Admission.Conflict(Outcome.Parked outcome) -> {
                if (memory.isParked(fact.identifier(), fact.amount())) {
                    readAgain(work, origin);
                } else {
                    Known first = Objects.requireNonNull(known);
                    work.addDone(origin);
                    settle(
                            memory,
                            new Settled(origin, fact, outcome, first.firstAttemptAt(), first.keyNumber(), null),
                            now,
                            into);
                }
            }
            case Admission.Deliver(Attempts attempts) -> {
                if (known != null) {
                    if (work.addOpen(origin, fact.identifier())) {
                        into.deliveries().add(new Delivery(work, origin, fact, attempts, known.firstAttemptAt()));
                    }
                } else if (Reporting.prepare(fact, now) instanceof Preparation.Refused(var reason, String detail)) {
                    work.addDone(origin);
                    Outcome dead = new Outcome.Dead(reason.code(), detail);
                    settle(memory, new Settled(origin, fact, dead, now, 0, null), now, into);
                } else {
                    memory.apply(LedgerEntries.intent(fact, now));
                    work.addOpen(origin, fact.identifier());
                    Delivery delivery = new Delivery(work, origin, fact, attempts, now);
                    into.deliveries().add(delivery);
                    into.fresh().add(delivery);
                }
            }
        }
    }

    private void readAgain(PartitionWork work, FactRecord origin) {
        work.addDone(origin);
        listener.readAgain();
    }

    private static void settle(LedgerMemory memory, Settled settled, Instant now, Intake into) {
        memory.apply(LedgerEntries.outcome(
                settled.fact(), settled.outcome(), settled.firstAttemptAt(), settled.keyNumber(), null, now));
        into.settled().add(settled);
    }

    private static Fact fact(BillableFact billable) {
        return new Fact(
                billable.getIdentifier(),
                billable.getPayer(),
                billable.getStripeCustomerId(),
                billable.getEventName(),
                billable.getAmount(),
                billable.getTimestamp(),
                hasOwnMinute(billable));
    }

    /**
     * Revisions of an interval are charged a minute apart, as long as there are minutes in it; the last minute may be shared. What is
     * carried into a later period is charged at any time.
     */
    private static boolean hasOwnMinute(BillableFact billable) {
        Instant own = billable.getIntervalStart().plus(Duration.ofMinutes(billable.getRevision()));
        return billable.getTimestamp().equals(own)
                && own.plus(MINUTE).isBefore(billable.getIntervalEnd())
                && own.equals(own.truncatedTo(ChronoUnit.MINUTES));
    }
}
