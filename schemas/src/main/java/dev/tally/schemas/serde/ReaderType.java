package dev.tally.schemas.serde;

import dev.tally.schemas.ActionEvent;
import java.io.IOException;
import java.util.Arrays;
import java.util.List;
import java.util.stream.Collectors;
import org.apache.avro.Resolver;
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
            this.datumReader = new SpecificDatumReader<>(writer, reader.schema(), reader.data());
        }

        Schema writer() {
            return writer;
        }

        /** @throws RefusedRecordException for whatever cannot be read */
        T read(Decoder decoder) {
            Mismatch known = mismatch;
            if (known != null && known.always()) {
                // Avro would build an exception with its stack trace for each record, only to say the same.
                throw known.refusal(reader.schema(), null);
            }
            try {
                return datumReader.read(null, decoder);
            } catch (IOException | RuntimeException e) {
                if (known == null) {
                    known = Mismatch.between(reader.schema(), writer);
                    mismatch = known;
                }
                throw known.refusal(reader.schema(), e);
            }
        }
    }

    /**
     * How a writer's schema fails to fit.
     *
     * @param missing fields that it lacks and that have no default, if any
     * @param why what else does not fit, if anything
     * @param always whether this lets no record be read; else some branch of a union may
     */
    private record Mismatch(String missing, String why, boolean always) {

        static Mismatch between(Schema reader, Schema writer) {
            List<Incompatibility> found = SchemaCompatibility.checkReaderWriterCompatibility(reader, writer)
                    .getResult()
                    .getIncompatibilities();
            String missing = found.stream()
                    .filter(one -> one.getType() == SchemaIncompatibilityType.READER_FIELD_MISSING_DEFAULT_VALUE)
                    .map(Incompatibility::getMessage)
                    .collect(Collectors.joining(", "));
            String why = found.stream()
                    .map(one -> one.getType() + " at " + one.getLocation())
                    .collect(Collectors.joining(", "));
            return new Mismatch(missing, why, !why.isEmpty() && fitsNever(Resolver.resolve(writer, reader)));
        }

        private static boolean fitsNever(Resolver.Action action) {
            return action.type == Resolver.Action.Type.ERROR
                    || (action instanceof Resolver.RecordAdjust record
                            && Arrays.stream(record.fieldActions)
                                    .anyMatch(field -> field.type == Resolver.Action.Type.ERROR));
        }

        RefusedRecordException refusal(Schema reader, @Nullable Exception e) {
            if (!missing.isEmpty()) {
                return new RefusedRecordException(
                        RefusalReason.MISSING_FIELD, "the writer's schema has no field " + missing, e);
            }
            String what = why.isEmpty() && e != null ? e.getClass().getSimpleName() + " " + e.getMessage() : why;
            return new RefusedRecordException(
                    RefusalReason.UNDECODABLE, "the record cannot be read as " + reader.getFullName() + ": " + what, e);
        }
    }
}
