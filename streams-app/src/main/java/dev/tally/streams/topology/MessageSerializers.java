package dev.tally.streams.topology;

import dev.tally.schemas.AdmissionDecision;
import dev.tally.schemas.BillableFact;
import dev.tally.schemas.QuotaAlert;
import dev.tally.schemas.SeatChange;
import dev.tally.schemas.UsageSnapshot;
import dev.tally.schemas.serde.RecordSerde;
import org.apache.avro.specific.SpecificRecord;
import org.apache.kafka.common.header.Headers;
import org.apache.kafka.common.serialization.Serde;
import org.apache.kafka.common.serialization.Serializer;
import org.jspecify.annotations.Nullable;

/** A sink's serializer: takes the one case of {@link Message} that goes to its topic. */
final class MessageSerializers {

    private MessageSerializers() {}

    /** Bytes as they are. */
    static Serializer<Message> raw() {
        return new Of((topic, headers, message) -> switch (message) {
            case Message.Travelling travelling -> travelling.value();
            case Message.Aside aside -> aside.value();
            case Message.InForce inForce -> inForce.value();
            case Message.Incoming ignored -> throw unexpected(topic, message);
            case Message.SubjectInput ignored -> throw unexpected(topic, message);
            case Message.Snapshot ignored -> throw unexpected(topic, message);
            case Message.Alert ignored -> throw unexpected(topic, message);
            case Message.Fact ignored -> throw unexpected(topic, message);
            case Message.Seat ignored -> throw unexpected(topic, message);
            case Message.Decision ignored -> throw unexpected(topic, message);
            case Message.Note ignored -> throw unexpected(topic, message);
        });
    }

    static Serializer<Message> subjectInput(Serde<SpecificRecord> serde) {
        return new Of((topic, headers, message) -> message instanceof Message.SubjectInput(SpecificRecord input)
                ? serde.serializer().serialize(topic, headers, input)
                : refuse(topic, message));
    }

    static Serializer<Message> note(Serde<SpecificRecord> serde) {
        return new Of((topic, headers, message) -> message instanceof Message.Note note
                ? serde.serializer().serialize(topic, headers, note.note())
                : refuse(topic, message));
    }

    static Serializer<Message> snapshot(RecordSerde<UsageSnapshot> serde) {
        return new Of((topic, headers, message) -> message instanceof Message.Snapshot(UsageSnapshot usage)
                ? serde.serializer().serialize(topic, headers, usage)
                : refuse(topic, message));
    }

    static Serializer<Message> alert(RecordSerde<QuotaAlert> serde) {
        return new Of((topic, headers, message) -> message instanceof Message.Alert(QuotaAlert alert)
                ? serde.serializer().serialize(topic, headers, alert)
                : refuse(topic, message));
    }

    static Serializer<Message> fact(RecordSerde<BillableFact> serde) {
        return new Of((topic, headers, message) -> message instanceof Message.Fact(BillableFact fact)
                ? serde.serializer().serialize(topic, headers, fact)
                : refuse(topic, message));
    }

    static Serializer<Message> seat(RecordSerde<SeatChange> serde) {
        return new Of((topic, headers, message) -> message instanceof Message.Seat(SeatChange change)
                ? serde.serializer().serialize(topic, headers, change)
                : refuse(topic, message));
    }

    static Serializer<Message> decision(RecordSerde<AdmissionDecision> serde) {
        return new Of((topic, headers, message) -> message instanceof Message.Decision(AdmissionDecision decision)
                ? serde.serializer().serialize(topic, headers, decision)
                : refuse(topic, message));
    }

    private static byte @Nullable [] refuse(String topic, Message message) {
        throw unexpected(topic, message);
    }

    private static IllegalStateException unexpected(String topic, Message message) {
        return new IllegalStateException("no " + message.getClass().getSimpleName() + " goes to " + topic);
    }

    private interface ToBytes {
        byte @Nullable [] of(String topic, Headers headers, Message message);
    }

    private record Of(ToBytes toBytes) implements Serializer<Message> {
        @Override
        public byte @Nullable [] serialize(String topic, Message message) {
            return serialize(topic, new org.apache.kafka.common.header.internals.RecordHeaders(), message);
        }

        @Override
        public byte @Nullable [] serialize(String topic, Headers headers, Message message) {
            return toBytes.of(topic, headers, message);
        }
    }
}
