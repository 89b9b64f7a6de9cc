package dev.tally.schemas.serde;

import dev.tally.schemas.ActionEvent;
import dev.tally.schemas.Trigger;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import org.apache.avro.AvroRuntimeException;
import org.apache.avro.Resolver;
import org.apache.avro.Schema;

/**
 * How to read an action of one writer's schema: a step for each of the writer's fields, in its order. Made from Avro's own resolution of
 * the two schemas, so a field means here what it means there. What does not fit becomes a refusal in the draft; a plan that cannot do a
 * record fails the cursor.
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

    /** Whether the record was read, or found not to fit; if not, the general path must say what it is. */
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

    /** Takes an amount of usage. */
    @FunctionalInterface
    interface Amount {
        long take(WireCursor in, ActionDraft out);
    }

    private static Optional<List<Step>> steps(Schema writer) {
        Resolver.Action root;
        Mismatch mismatch;
        try {
            root = Resolver.resolve(writer, ActionEvent.getClassSchema());
            mismatch = Mismatch.between(ActionEvent.getClassSchema(), writer);
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
                    : step(record.readerOrder[read++].name(), field, mismatch);
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

    private static Step step(String field, Resolver.Action action, Mismatch mismatch) {
        return switch (action.type) {
            case READER_UNION -> step(field, ((Resolver.ReaderUnion) action).actualAction, mismatch);
            case WRITER_UNION -> union(field, ((Resolver.WriterUnion) action).actions, mismatch);
            case DO_NOTHING, PROMOTE -> value(field, action);
            case ENUM -> trigger((Resolver.EnumAdjust) action);
            case CONTAINER -> usage((Resolver.Container) action, mismatch);
            case ERROR, SKIP, RECORD -> GIVE_UP;
        };
    }

    private static Step union(String field, Resolver.Action[] actions, Mismatch mismatch) {
        Step[] branches = new Step[actions.length];
        for (int i = 0; i < actions.length; i++) {
            branches[i] = actions[i].type == Resolver.Action.Type.ERROR
                    ? refusal(field, actions[i], mismatch)
                    : step(field, actions[i], mismatch);
        }
        return branches.length == 0 ? GIVE_UP : (in, out) -> branches[in.index(branches.length)].run(in, out);
    }

    /** A branch that does not fit: the rest of the record is looked at all the same, since damage counts more. */
    private static Step refusal(String field, Resolver.Action branch, Mismatch mismatch) {
        if (Mismatch.isNull(branch)) {
            Refusal isNull = Mismatch.nullIn(field);
            return (in, out) -> out.refuseNull(isNull);
        }
        if (!mismatch.isKnown()) {
            return GIVE_UP;
        }
        Refusal refusal = mismatch.refusal();
        return (in, out) -> {
            in.skip(branch.writer, 1);
            out.refuse(refusal);
        };
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

    private static Step usage(Resolver.Container action, Mismatch mismatch) {
        if (action.writer.getType() != Schema.Type.MAP) {
            return GIVE_UP;
        }
        Amount amount = amount(action.elementAction, mismatch);
        return (in, out) -> in.items(() -> out.amount(in, amount));
    }

    private static Amount amount(Resolver.Action action, Mismatch mismatch) {
        return switch (action.type) {
            case DO_NOTHING, PROMOTE ->
                action.writer.getType() == Schema.Type.INT ? (in, out) -> in.integer() : (in, out) -> in.number();
            case WRITER_UNION -> amountOf(((Resolver.WriterUnion) action).actions, mismatch);
            case ERROR -> noAmount(action.writer, mismatch);
            case READER_UNION, ENUM, CONTAINER, RECORD, SKIP -> (in, out) -> in.fail();
        };
    }

    private static Amount amountOf(Resolver.Action[] actions, Mismatch mismatch) {
        Amount[] branches =
                Arrays.stream(actions).map(action -> amount(action, mismatch)).toArray(Amount[]::new);
        return branches.length == 0
                ? (in, out) -> in.fail()
                : (in, out) -> branches[in.index(branches.length)].take(in, out);
    }

    private static Amount noAmount(Schema writer, Mismatch mismatch) {
        if (!mismatch.isKnown()) {
            return (in, out) -> in.fail();
        }
        Refusal refusal = mismatch.refusal();
        return (in, out) -> {
            in.skip(writer, 1);
            out.refuse(refusal);
            return 0;
        };
    }
}
