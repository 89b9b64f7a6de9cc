package dev.tally.streams.topology;

import dev.tally.schemas.CatalogueRemoval;
import dev.tally.schemas.Meter;
import dev.tally.schemas.Plan;
import dev.tally.schemas.Tick;
import dev.tally.streams.state.CatalogueKind;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.apache.avro.specific.SpecificRecord;
import org.apache.kafka.streams.processor.StreamPartitioner;

/** Where sinks put what does not go by its key. */
final class MessagePartitioners {

    private MessagePartitioners() {}

    /** A record that is kept aside stays in the partition number it came from. */
    static Optional<Set<Integer>> asItCame(String topic, byte[] key, Message message, int partitions) {
        return message instanceof Message.Aside aside && aside.partition() < partitions
                ? Optional.of(Set.of(aside.partition()))
                : Optional.empty();
    }

    /** A note stays in the partition number of what it is about. */
    static Optional<Set<Integer>> ofItsActions(String topic, byte[] key, Message message, int partitions) {
        return message instanceof Message.Note note ? Optional.of(Set.of(note.partition())) : Optional.empty();
    }

    /** Time, meters and plans concern every subject and go to every partition; the rest by its key, the subject. */
    static StreamPartitioner<byte[], Message> subjectLog() {
        return (topic, key, message, partitions) ->
                message instanceof Message.SubjectInput(SpecificRecord input) && concernsAll(input)
                        ? Optional.of(IntStream.range(0, partitions).boxed().collect(Collectors.toUnmodifiableSet()))
                        : Optional.empty();
    }

    /** Whether an input of the subject log goes to each of its partitions. */
    static boolean concernsAll(SpecificRecord input) {
        return switch (input) {
            case Tick ignored -> true;
            case Meter ignored -> true;
            case Plan ignored -> true;
            case CatalogueRemoval removal ->
                removal.getTopic().equals(CatalogueKind.METER.baseTopic())
                        || removal.getTopic().equals(CatalogueKind.PLAN.baseTopic());
            default -> false;
        };
    }
}
