package dev.tally.streams.topology;

import dev.tally.schemas.AdmissionDecision;
import dev.tally.schemas.BillableFact;
import dev.tally.schemas.QuotaAlert;
import dev.tally.schemas.SeatChange;
import dev.tally.schemas.UsageSnapshot;
import dev.tally.schemas.serde.Decoded;
import dev.tally.streams.metering.Action;
import java.time.Instant;
import org.apache.avro.specific.SpecificRecord;
import org.jspecify.annotations.Nullable;

/** What travels between processors and to sinks; each sink takes one case. */
@SuppressWarnings("ArrayRecordComponent") // never compared, and not copied for speed: nobody changes them
sealed interface Message {

    /**
     * A record of {@code actions}, wherever it was read.
     *
     * @param key key bytes as produced
     * @param value value bytes as produced
     * @param topic the topic it was first read from
     * @param partition its partition there
     * @param offset its offset there
     * @param appendedAt when the broker appended it there
     * @param decoded what the value says
     * @param user whose action it is; null where that cannot be told
     */
    record Incoming(
            byte @Nullable [] key,
            byte @Nullable [] value,
            String topic,
            int partition,
            long offset,
            Instant appendedAt,
            Decoded<Action> decoded,
            IntakeUsers.@Nullable User user)
            implements Message {}

    /** A record on its way to its user's home partition; its coordinates travel in headers. */
    record Travelling(byte @Nullable [] value) implements Message {}

    /** A record that is kept aside, in the partition it came from. */
    record Aside(byte @Nullable [] value, int partition) implements Message {}

    /** What the intake decided of records of a partition of {@code actions}; kept in the same partition number. */
    record Note(SpecificRecord note, int partition) implements Message {}

    /** An input of the accounts stage. */
    record SubjectInput(SpecificRecord input) implements Message {}

    /** A catalogue record that is in force, as bytes of its topic; null removes it. */
    record InForce(byte @Nullable [] value) implements Message {}

    /** A window's latest total. */
    record Snapshot(UsageSnapshot usage) implements Message {}

    /** A quota alert. */
    record Alert(QuotaAlert alert) implements Message {}

    /** A change of an org's seats. */
    record Seat(SeatChange change) implements Message {}

    /** A billable fact. */
    record Fact(BillableFact fact) implements Message {}

    /** An admission decision. */
    record Decision(AdmissionDecision decision) implements Message {}
}
