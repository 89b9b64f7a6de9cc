package dev.tally.sink.delivery;

import dev.tally.schemas.BillableFact;
import dev.tally.schemas.serde.Decoded;
import dev.tally.schemas.serde.RecordSerde;
import dev.tally.sink.delivery.PartitionWork.Held;
import dev.tally.sink.delivery.PartitionWork.Slot;
import dev.tally.sink.delivery.PartitionWork.Unreadable;
import dev.tally.sink.reporting.Admission;
import dev.tally.sink.reporting.Attempts;
import dev.tally.sink.reporting.Fact;
import dev.tally.sink.reporting.Known;
import dev.tally.sink.reporting.Outcome;
import dev.tally.sink.reporting.Preparation;
import dev.tally.sink.reporting.Replay;
import dev.tally.sink.reporting.ReplayRules;
import dev.tally.sink.reporting.Reporting;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.jspecify.annotations.Nullable;

/** Takes consumed records into their partition's work: what is to be sent, what is settled without Stripe. */
final class FactReader {
    private final RecordSerde<BillableFact> serde;
    private final MeterGate meters;
    private final DeliveryListener listener;

    /**
     * What is to be written and done next.
     *
     * @param deliveries what is to be sent, in the order of the records
     * @param fresh those of them whose intent has to be written first
     * @param settled facts whose outcome is not written yet
     */
    record Intake(List<Delivery> deliveries, List<Delivery> fresh, List<Settled> settled) {
        static Intake empty() {
            return new Intake(new ArrayList<>(), new ArrayList<>(), new ArrayList<>());
        }

        /** Takes what is to be sent once its intent is written. */
        void begin(Delivery delivery, Instant now) {
            delivery.source().memory().apply(LedgerEntries.intent(delivery, now));
            fresh.add(delivery);
            deliveries.add(delivery);
        }

        /** Takes what is to be sent and has its intent. */
        void goOn(Delivery delivery) {
            deliveries.add(delivery);
        }
    }

    FactReader(RecordSerde<BillableFact> serde, MeterGate meters, DeliveryListener listener) {
        this.serde = serde;
        this.meters = meters;
        this.listener = listener;
    }

    /** Takes one record; throws RegistryUnavailableException before anything is changed. */
    void take(PartitionWork work, ConsumerRecord<byte[], byte[]> consumed, Instant now, Intake into) {
        FactRecord origin = FactRecord.of(consumed);
        switch (serde.decode(consumed.topic(), consumed.headers(), consumed.value())) {
            case Decoded.Refused<BillableFact>(var reason, String detail) ->
                work.addUnreadable(new Unreadable(origin, reason.code(), detail));
            case Decoded.Read<BillableFact>(BillableFact billable) ->
                decide(work, work.add(origin), origin, Facts.of(billable), now, into);
        }
    }

    /** Takes what was held because of meters that may be sent now. */
    void release(PartitionWork work, Instant now, Intake into) {
        for (Held held : work.release(meters)) {
            decide(work, held.slot(), held.origin(), held.fact(), now, into);
        }
    }

    private void decide(PartitionWork work, Slot slot, FactRecord origin, Fact fact, Instant now, Intake into) {
        LedgerMemory memory = work.memory();
        Known known = memory.find(fact.identifier());
        switch (Admission.of(fact, known, now)) {
            case Admission.AlreadySettled() -> readAgain(work, slot);
            case Admission.Conflict(Outcome.Parked outcome) -> {
                if (memory.isParked(fact.identifier(), fact.amount())) {
                    readAgain(work, slot);
                } else {
                    Known first = Objects.requireNonNull(known);
                    work.done(slot);
                    settle(
                            memory,
                            new Settled(
                                    origin,
                                    fact,
                                    outcome,
                                    first.firstAttemptAt(),
                                    first.keyNumber(),
                                    null,
                                    Replay.NONE),
                            now,
                            into);
                }
            }
            case Admission.Deliver(Attempts attempts) -> {
                if (known == null
                        && Reporting.prepare(fact, now) instanceof Preparation.Refused(var reason, String detail)) {
                    work.done(slot);
                    Outcome dead = new Outcome.Dead(reason.code(), detail);
                    settle(memory, new Settled(origin, fact, dead, now, 0, null, Replay.NONE), now, into);
                } else if (work.isOpen(fact.identifier())) {
                    work.open(slot, fact.identifier());
                } else if (work.holds(fact.eventName()) || !meters.maySend(fact.eventName())) {
                    work.hold(new Held(slot, origin, fact));
                } else {
                    deliver(work, slot, origin, fact, known, attempts, now, into);
                }
            }
        }
    }

    private static void deliver(
            PartitionWork work,
            Slot slot,
            FactRecord origin,
            Fact fact,
            @Nullable Known known,
            Attempts attempts,
            Instant now,
            Intake into) {
        work.open(slot, fact.identifier());
        if (known == null) {
            into.begin(new Delivery(work, origin, fact, attempts, now, Replay.NONE), now);
        } else {
            Fact sent = ReplayRules.asSent(fact, known);
            into.goOn(new Delivery(work, origin, sent, attempts, known.firstAttemptAt(), known.replay()));
        }
    }

    private void readAgain(PartitionWork work, Slot slot) {
        work.done(slot);
        listener.readAgain();
    }

    private static void settle(LedgerMemory memory, Settled settled, Instant now, Intake into) {
        memory.apply(LedgerEntries.outcome(settled, now));
        into.settled().add(settled);
    }
}
