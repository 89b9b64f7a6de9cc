package dev.tally.schemas.serde;

import java.util.Arrays;
import java.util.List;
import java.util.stream.Collectors;
import org.apache.avro.Resolver;
import org.apache.avro.Schema;
import org.apache.avro.SchemaCompatibility;
import org.apache.avro.SchemaCompatibility.Incompatibility;
import org.apache.avro.SchemaCompatibility.SchemaIncompatibilityType;
import org.jspecify.annotations.Nullable;

/** How a writer's schema fails to fit ours. */
final class Mismatch {

    private final Schema reader;
    private final Schema writer;
    private final String why;
    private final Refusal refusal;
    private final boolean always;

    private Mismatch(Schema reader, Schema writer, String why, Refusal refusal, boolean always) {
        this.reader = reader;
        this.writer = writer;
        this.why = why;
        this.refusal = refusal;
        this.always = always;
    }

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
        Refusal refusal = missing.isEmpty()
                ? unreadable(reader, why)
                : new Refusal(RefusalReason.MISSING_FIELD, "the writer's schema has no field " + missing);
        boolean always = !why.isEmpty() && fitsNever(Resolver.resolve(writer, reader));
        return new Mismatch(reader, writer, why, refusal, always);
    }

    /** Whether this lets no record be read; else some branch of a union may. */
    boolean always() {
        return always;
    }

    /** Whether the schemas alone say that there are records that do not fit. */
    boolean isKnown() {
        return !why.isEmpty();
    }

    /** Of a record that does not fit, if it {@link #isKnown()} and no null is the cause. */
    Refusal refusal() {
        return refusal;
    }

    /** Of a record that has null where our field takes none. */
    static Refusal nullIn(String field) {
        return new Refusal(
                RefusalReason.MISSING_FIELD, "the record has null for field " + field + ", which needs a value");
    }

    /** What to say of a record, well formed, of which Avro said that it cannot be read. */
    RefusedRecordException exception(byte[] bytes, int offset, Exception e) {
        String field = always ? null : nullField(bytes, offset);
        Refusal says = field != null
                ? nullIn(field)
                : isKnown() ? refusal : unreadable(reader, e.getClass().getSimpleName() + " " + e.getMessage());
        return new RefusedRecordException(says.reason(), says.detail(), e);
    }

    /** The first field that has null where ours takes none; null if there is none. */
    private @Nullable String nullField(byte[] bytes, int offset) {
        if (!(Resolver.resolve(writer, reader) instanceof Resolver.RecordAdjust record)) {
            return null;
        }
        WireCursor in = new WireCursor();
        in.start(bytes, offset);
        int read = 0;
        for (Resolver.Action field : record.fieldActions) {
            String name = field.type == Resolver.Action.Type.SKIP ? null : record.readerOrder[read++].name();
            if (name != null && field instanceof Resolver.WriterUnion union) {
                Resolver.Action branch = union.actions[in.index(union.actions.length)];
                if (in.hasFailed()) {
                    return null;
                }
                if (isNull(branch)) {
                    return name;
                }
                in.skip(branch.writer, 1);
            } else {
                in.skip(field.writer, 1);
            }
        }
        return null;
    }

    /** Whether a branch of a writer's union is null, and what it is read as is not. */
    static boolean isNull(Resolver.Action branch) {
        return branch.type == Resolver.Action.Type.ERROR && branch.writer.getType() == Schema.Type.NULL;
    }

    private static Refusal unreadable(Schema reader, String why) {
        return new Refusal(
                RefusalReason.UNDECODABLE, "the record cannot be read as " + reader.getFullName() + ": " + why);
    }

    private static boolean fitsNever(Resolver.Action action) {
        return action.type == Resolver.Action.Type.ERROR
                || (action instanceof Resolver.RecordAdjust record
                        && Arrays.stream(record.fieldActions)
                                .anyMatch(field -> field.type == Resolver.Action.Type.ERROR));
    }
}
