package dev.tally.schemas.serde;

import dev.tally.schemas.ActionEvent;
import java.io.IOException;
import org.apache.avro.Schema;
import org.apache.avro.io.DatumReader;
import org.apache.avro.io.DecoderFactory;
import org.apache.avro.specific.SpecificData;
import org.apache.avro.specific.SpecificDatumReader;
import org.apache.avro.specific.SpecificRecord;
import org.apache.avro.util.ClassSecurityValidator;
import org.jspecify.annotations.Nullable;

/** A generated record type as the reading side of schema resolution. */
record ReaderType<T extends SpecificRecord>(Class<T> type, Schema schema, SpecificData data) {

    static {
        // Avro makes objects only of classes it was told to trust: the records of the contract are ours.
        String records = ActionEvent.class.getPackageName();
        ClassSecurityValidator.setGlobal(ClassSecurityValidator.composite(
                ClassSecurityValidator.getGlobal(),
                type -> type.getPackageName().equals(records)));
    }

    static <T extends SpecificRecord> ReaderType<T> of(Class<T> type) {
        SpecificData data = SpecificData.getForClass(type);
        return new ReaderType<>(type, data.getSchema(type), data);
    }

    /** Whether Avro lets a record of this writer be read as this type: the same name, the namespace aside. */
    boolean isNamedAs(Schema writer) {
        return writer.getType() == Schema.Type.RECORD && schema.getName().equals(writer.getName());
    }

    Reading<T> reading(Schema writer) {
        return new Reading<>(this, writer);
    }

    /** Reads what one writer's schema wrote. */
    static final class Reading<T extends SpecificRecord> {

        private final ReaderType<T> reader;
        private final Schema writer;
        private final DatumReader<T> datumReader;
        private volatile @Nullable Mismatch mismatch;

        Reading(ReaderType<T> reader, Schema writer) {
            this.reader = reader;
            this.writer = writer;
            boolean isFast = !UnionConversions.areTwice(writer, reader.schema());
            this.datumReader =
                    new SpecificDatumReader<>(writer, reader.schema(), isFast ? reader.data() : reader.slow());
        }

        Schema writer() {
            return writer;
        }

        /** @throws RefusedRecordException for whatever cannot be read */
        T read(byte[] bytes, int offset) {
            Mismatch known = mismatch;
            if (known != null && known.always()) {
                // Avro would build an exception with its stack trace for each record, only to say the same.
                throw known.refusal().exception();
            }
            try {
                return datumReader.read(
                        null, DecoderFactory.get().binaryDecoder(bytes, offset, bytes.length - offset, null));
            } catch (IOException | RuntimeException e) {
                if (known == null) {
                    known = Mismatch.between(reader.schema(), writer);
                    mismatch = known;
                }
                throw known.exception(bytes, offset, e);
            }
        }
    }

    /** What Avro reads with when it must not use its fast reader. */
    private SpecificData slow() {
        SpecificData slow = new SpecificData(type.getClassLoader());
        data.getConversions().forEach(slow::addLogicalTypeConversion);
        slow.setFastReaderEnabled(false);
        return slow;
    }
}
