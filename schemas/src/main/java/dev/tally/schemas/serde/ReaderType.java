package dev.tally.schemas.serde;

import dev.tally.schemas.ActionEvent;
import java.io.IOException;
import java.util.List;
import java.util.stream.Collectors;
import org.apache.avro.Schema;
import org.apache.avro.SchemaCompatibility;
import org.apache.avro.SchemaCompatibility.Incompatibility;
import org.apache.avro.SchemaCompatibility.SchemaIncompatibilityType;
import org.apache.avro.io.DatumReader;
import org.apache.avro.io.Decoder;
import org.apache.avro.specific.SpecificData;
import org.apache.avro.specific.SpecificDatumReader;
import org.apache.avro.specific.SpecificRecord;
import org.apache.avro.util.ClassSecurityValidator;

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
        return new Reading<>(this, writer, new SpecificDatumReader<>(writer, schema, data));
    }

    /** Reads what one writer's schema wrote. */
    record Reading<T extends SpecificRecord>(ReaderType<T> reader, Schema writer, DatumReader<T> datumReader) {

        /** @throws RefusedRecordException for whatever cannot be read */
        T read(Decoder decoder) {
            try {
                return datumReader.read(null, decoder);
            } catch (IOException | RuntimeException e) {
                throw refusal(e);
            }
        }

        private RefusedRecordException refusal(Exception e) {
            List<Incompatibility> found = SchemaCompatibility.checkReaderWriterCompatibility(reader.schema(), writer)
                    .getResult()
                    .getIncompatibilities();
            String missing = found.stream()
                    .filter(one -> one.getType() == SchemaIncompatibilityType.READER_FIELD_MISSING_DEFAULT_VALUE)
                    .map(Incompatibility::getMessage)
                    .collect(Collectors.joining(", "));
            if (!missing.isEmpty()) {
                return new RefusedRecordException(
                        RefusalReason.MISSING_FIELD, "the writer's schema has no field " + missing, e);
            }
            String why = found.stream()
                    .map(one -> one.getType() + " at " + one.getLocation())
                    .collect(Collectors.joining(", "));
            return new RefusedRecordException(
                    RefusalReason.UNDECODABLE,
                    "the record cannot be read as " + reader.schema().getFullName() + ": "
                            + (why.isEmpty() ? e.getClass().getSimpleName() + " " + e.getMessage() : why),
                    e);
        }
    }
}
