package dev.tally.schemas.serde;

import dev.tally.schemas.ActionEvent;
import dev.tally.schemas.Trigger;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.apache.avro.AvroRuntimeException;
import org.apache.avro.Resolver;
import org.apache.avro.Schema;

/**
 * How to read an action of one writer's schema: a step for each of the writer's fields, in its order. Made from Avro's own resolution of
 * the two schemas, so a field means here what it means there. A plan that cannot do a record fails the cursor.
 */
final class ActionPlan {

    private static final Step GIVE_UP = (in, out) -> in.fail();

    private final Step[] steps;

    private ActionPlan(List<Step> steps) {
        this.steps = steps.toArray(Step[]::new);
    }

    @FunctionalInterface
    private interface Step {
        void run(WireCursor in, ActionDraft out);
    }

    /** A plan for a writer's schema; one without steps that work where the schema needs what only Avro can do. */
    static ActionPlan of(Schema writer) {
        return new ActionPlan(steps(writer).orElse(List.of(GIVE_UP)));
    }

    /** Whether there is a record of this schema that the plan can read. */
    boolean isFast() {
        return steps.length != 1 || !steps[0].equals(GIVE_UP);
    }

    /** Whether the record was read; if not, the general path must say what it is. */
    boolean read(WireCursor in, ActionDraft out) {
        out.clear();
        for (Step step : steps) {
            step.run(in, out);
            if (in.hasFailed()) {
                return false;
            }
        }
        return in.isFinished();
    }

    private static Optional<List<Step>> steps(Schema writer) {
        Resolver.Action root;
        try {
            root = Resolver.resolve(writer, ActionEvent.getClassSchema());
        } catch (AvroRuntimeException e) {
            return Optional.empty();
        }
        if (!(root instanceof Resolver.RecordAdjust record)) {
            return Optional.empty();
        }
        List<Step> steps = new ArrayList<>();
        int read = 0;
        for (Resolver.Action field : record.fieldActions) {
            Step step = field.type == Resolver.Action.Type.SKIP
                    ? skip(field.writer)
                    : step(record.readerOrder[read++].name(), field);
            if (step.equals(GIVE_UP)) {
                return Optional.empty();
            }
            steps.add(step);
        }
        return Optional.of(steps);
    }

    private static Step skip(Schema schema) {
        return (in, out) -> in.skip(schema, 1);
    }

    private static Step step(String field, Resolver.Action action) {
        return switch (action.type) {
            case READER_UNION -> step(field, ((Resolver.ReaderUnion) action).actualAction);
            case WRITER_UNION -> union(field, ((Resolver.WriterUnion) action).actions);
            case DO_NOTHING, PROMOTE -> value(field, action);
            case ENUM -> trigger((Resolver.EnumAdjust) action);
            case CONTAINER -> usage((Resolver.Container) action);
            case ERROR, SKIP, RECORD -> GIVE_UP;
        };
    }

    private static Step union(String field, Resolver.Action[] actions) {
        if (field.equals("occurredAt")) {
            // Avro's reader converts a time within a writer's union twice and so refuses it: its word counts.
            return GIVE_UP;
        }
        Step[] branches = new Step[actions.length];
        for (int i = 0; i < actions.length; i++) {
            branches[i] = step(field, actions[i]);
        }
        return branches.length == 0 ? GIVE_UP : (in, out) -> branches[in.index(branches.length)].run(in, out);
    }

    private static Step value(String field, Resolver.Action action) {
        Schema.Type from = action.writer.getType();
        return switch (action.reader.getType()) {
            case NULL -> (in, out) -> {};
            case BOOLEAN -> (in, out) -> out.readOnly(in.bool());
            case LONG ->
                from == Schema.Type.INT
                        ? (in, out) -> out.occurredAt(in.integer())
                        : (in, out) -> out.occurredAt(in.number());
            case STRING -> text(field);
            default -> GIVE_UP;
        };
    }

    /** Text as string or as bytes: alike on the wire. */
    private static Step text(String field) {
        int position = ActionDraft.position(field);
        return switch (field) {
            case "eventId", "admissionId", "reverses" -> (in, out) -> out.uniqueText(position, in);
            case "userId", "orgId", "spaceId", "model", "actionType" -> (in, out) -> out.text(position, in);
            default -> GIVE_UP;
        };
    }

    private static Step trigger(Resolver.EnumAdjust action) {
        List<String> ours = action.reader.getEnumSymbols();
        Trigger[] table = new Trigger[action.adjustments.length];
        for (int i = 0; i < table.length; i++) {
            if (action.adjustments[i] < 0) {
                return GIVE_UP;
            }
            table[i] = Trigger.valueOf(ours.get(action.adjustments[i]));
        }
        return table.length == 0 ? GIVE_UP : (in, out) -> out.trigger(table[in.index(table.length)]);
    }

    private static Step usage(Resolver.Container action) {
        boolean plain = action.elementAction.type == Resolver.Action.Type.DO_NOTHING
                || action.elementAction.type == Resolver.Action.Type.PROMOTE;
        if (!plain || action.writer.getType() != Schema.Type.MAP) {
            return GIVE_UP;
        }
        boolean isInt = action.elementAction.writer.getType() == Schema.Type.INT;
        return (in, out) -> in.items(() -> out.amount(in, isInt));
    }
}
