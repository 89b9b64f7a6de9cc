package dev.tally.bench.variant;

import dev.tally.schemas.ActionEvent;
import java.io.IOException;
import java.io.UncheckedIOException;
import org.apache.avro.io.BinaryDecoder;
import org.apache.avro.io.DecoderFactory;
import org.apache.avro.specific.SpecificDatumReader;
import org.jspecify.annotations.Nullable;

/** Plain Avro: every field of the record, into a new object. The writer's schema is taken to be the reader's. For one thread. */
final class ActionDecoder {

    private static final int PREFIX = 5;

    private final SpecificDatumReader<ActionEvent> reader = new SpecificDatumReader<>(ActionEvent.class);
    private @Nullable BinaryDecoder decoder;

    ActionEvent decode(byte[] value) {
        decoder = DecoderFactory.get().binaryDecoder(value, PREFIX, value.length - PREFIX, decoder);
        try {
            return reader.read(null, decoder);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
