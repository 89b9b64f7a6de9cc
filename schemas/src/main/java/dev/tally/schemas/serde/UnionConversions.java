package dev.tally.schemas.serde;

import java.util.Arrays;
import java.util.Collections;
import java.util.IdentityHashMap;
import java.util.Set;
import org.apache.avro.AvroRuntimeException;
import org.apache.avro.Resolver;
import org.apache.avro.Schema;

/**
 * Finds what Avro's fast reader does wrong: a value of ours with a logical type, such as a time, that the writer has in a union is
 * converted for the branch and again for the union, and the second conversion fails. Its other reader converts once.
 */
final class UnionConversions {

    private final Set<Resolver.Action> seen = Collections.newSetFromMap(new IdentityHashMap<>());

    private UnionConversions() {}

    static boolean areTwice(Schema writer, Schema reader) {
        try {
            return new UnionConversions().isWithin(Resolver.resolve(writer, reader));
        } catch (AvroRuntimeException e) {
            // Nothing can be read, by either reader.
            return false;
        }
    }

    private boolean isWithin(Resolver.Action action) {
        if (!seen.add(action)) {
            return false;
        }
        return switch (action.type) {
            case WRITER_UNION ->
                action.reader.getLogicalType() != null || isWithinAny(((Resolver.WriterUnion) action).actions);
            case READER_UNION -> isWithin(((Resolver.ReaderUnion) action).actualAction);
            case RECORD -> isWithinAny(((Resolver.RecordAdjust) action).fieldActions);
            case CONTAINER -> isWithin(((Resolver.Container) action).elementAction);
            case DO_NOTHING, PROMOTE, ENUM, SKIP, ERROR -> false;
        };
    }

    private boolean isWithinAny(Resolver.Action[] actions) {
        return Arrays.stream(actions).anyMatch(this::isWithin);
    }
}
