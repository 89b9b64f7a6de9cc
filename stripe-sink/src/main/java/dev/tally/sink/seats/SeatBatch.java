package dev.tally.sink.seats;

import dev.tally.sink.seats.SeatLedgerWriter.DeadLetter;
import dev.tally.sink.seats.rules.Change;
import dev.tally.sink.seats.rules.SeatOutcome;
import java.util.ArrayList;
import java.util.EnumSet;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import java.util.function.Predicate;

/** What the next transaction holds, and what follows once it is committed. */
final class SeatBatch {
    private final Set<OrgWork> works = new LinkedHashSet<>();
    private final Set<OrgWork> toSend = new LinkedHashSet<>();
    private final List<Ended> ended = new ArrayList<>();
    private final Set<Kind> kinds = EnumSet.noneOf(Kind.class);

    /** The kinds of steps, in the order a change passes them. */
    enum Kind {
        TAKEN(SeatCrashPoints.Point.TAKEN_WRITTEN, SeatCrashPoints.Point.TAKEN),
        INTENT(SeatCrashPoints.Point.INTENT_WRITTEN, SeatCrashPoints.Point.INTENT),
        OUTCOME(SeatCrashPoints.Point.OUTCOME_WRITTEN, SeatCrashPoints.Point.OUTCOME);

        private final SeatCrashPoints.Point written;
        private final SeatCrashPoints.Point committed;

        Kind(SeatCrashPoints.Point written, SeatCrashPoints.Point committed) {
            this.written = written;
            this.committed = committed;
        }

        SeatCrashPoints.Point written() {
            return written;
        }

        SeatCrashPoints.Point committed() {
            return committed;
        }
    }

    /** An outcome of a change of some partition, with its dead letter. */
    private record Ended(PartitionSeats source, SeatOutcome outcome, List<DeadLetter> deadLetter) {}

    void write(OrgWork work, Kind kind) {
        works.add(work);
        kinds.add(kind);
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

    boolean isEmpty() {
        return works.isEmpty() && ended.isEmpty();
    }

    Set<OrgWork> works() {
        return works;
    }

    Set<OrgWork> toSend() {
        return toSend;
    }

    Set<Kind> kinds() {
        return kinds;
    }

    List<SeatOutcome> outcomes() {
        return ended.stream().map(Ended::outcome).toList();
    }

    List<DeadLetter> deadLetters() {
        return ended.stream().flatMap(one -> one.deadLetter().stream()).toList();
    }

    /** Drops what belongs to lost partitions. */
    void drop(Predicate<PartitionSeats> lost) {
        works.removeIf(work -> lost.test(work.source()));
        toSend.removeIf(work -> lost.test(work.source()));
        ended.removeIf(one -> lost.test(one.source()));
    }
}
