package dev.tally.sink.seats;

import dev.tally.sink.delivery.LedgerLoop.Step;
import dev.tally.sink.seats.SeatLedger.DeadLetter;
import dev.tally.sink.seats.rules.Change;
import dev.tally.sink.seats.rules.SeatOutcome;
import java.util.ArrayList;
import java.util.EnumSet;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;

/** What the next transaction holds, and what follows once it is committed. */
final class SeatBatch {
    private final Set<OrgWork> works = new LinkedHashSet<>();
    private final Set<OrgWork> toSend = new LinkedHashSet<>();
    private final List<Ended> ended = new ArrayList<>();
    private final Set<Step> steps = EnumSet.noneOf(Step.class);

    /** An outcome of a change of some partition, with its dead letter. */
    private record Ended(PartitionSeats source, SeatOutcome outcome, List<DeadLetter> deadLetter) {}

    void write(OrgWork work, Step step) {
        works.add(work);
        steps.add(step);
    }

    /** Sends the intent of {@code work} once it is committed. */
    void thenSend(OrgWork work) {
        toSend.add(work);
    }

    void end(PartitionSeats source, SeatOutcome outcome) {
        ended.add(new Ended(source, outcome, List.of()));
    }

    void end(PartitionSeats source, SeatOutcome outcome, DeadLetter deadLetter) {
        ended.add(new Ended(source, outcome, List.of(deadLetter)));
    }

    /** Counts the changes that were open and are not any more without an outcome of their own. */
    void supersede(PartitionSeats source, List<Change> before, List<Change> after, int withOutcome) {
        long gone = before.stream()
                .filter(open -> after.stream().noneMatch(still -> still.version() == open.version()))
                .count();
        for (long i = withOutcome; i < gone; i++) {
            end(source, new SeatOutcome.Superseded());
        }
    }

    Set<OrgWork> works() {
        return works;
    }

    Set<OrgWork> toSend() {
        return toSend;
    }

    Set<Step> steps() {
        return steps;
    }

    List<SeatOutcome> outcomes() {
        return ended.stream().map(Ended::outcome).toList();
    }

    List<DeadLetter> deadLetters() {
        return ended.stream().flatMap(one -> one.deadLetter().stream()).toList();
    }

    /** Drops what belongs to a partition that is another's now. */
    void drop(PartitionSeats gone) {
        works.removeIf(work -> work.source() == gone);
        toSend.removeIf(work -> work.source() == gone);
        ended.removeIf(one -> one.source() == gone);
    }
}
