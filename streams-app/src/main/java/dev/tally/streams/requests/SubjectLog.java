package dev.tally.streams.requests;

import dev.tally.keys.Subject;
import dev.tally.streams.state.Repetition;
import java.util.concurrent.CompletableFuture;
import java.util.function.BiFunction;
import org.apache.avro.specific.SpecificRecord;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.clients.producer.RecordMetadata;

/** Puts inputs into the logs of payers. */
public final class SubjectLog {

    private final RecordSender sender;
    private final BiFunction<Subject, SpecificRecord, ProducerRecord<byte[], byte[]>> records;

    /** @param records the record that an input makes in the log of a payer */
    public SubjectLog(
            RecordSender sender, BiFunction<Subject, SpecificRecord, ProducerRecord<byte[], byte[]>> records) {
        this.sender = sender;
        this.records = records;
    }

    /** As {@link #send}, with the present state published even where it was before. */
    CompletableFuture<RecordMetadata> sendFromElsewhere(Subject payer, SpecificRecord input) {
        ProducerRecord<byte[], byte[]> record = records.apply(payer, input);
        Repetition.ask(record.headers());
        return sender.send(record);
    }

    /**
     * Sends an input to the log of a payer; the answer fails where it cannot be told whether it arrived.
     *
     * @throws org.apache.kafka.common.KafkaException when it was not sent
     */
    CompletableFuture<RecordMetadata> send(Subject payer, SpecificRecord input) {
        return sender.send(records.apply(payer, input));
    }
}
