package dev.tally.streams.topology;

import static dev.tally.streams.topology.Fixtures.ANCHOR;
import static dev.tally.streams.topology.Fixtures.action;
import static dev.tally.streams.topology.Fixtures.enterprise;
import static dev.tally.streams.topology.Fixtures.subscription;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.tuple;

import dev.tally.schemas.Allocation;
import dev.tally.schemas.BillableFact;
import dev.tally.schemas.FactKind;
import dev.tally.schemas.Membership;
import dev.tally.schemas.MembershipStatus;
import dev.tally.schemas.Plan;
import dev.tally.schemas.Role;
import dev.tally.schemas.SeatChange;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What is counted again is neither billed nor told again, after the accounts stage was told what it had said before. */
class EarlierOutputsTest {

    private static final Instant NOVEMBER = Instant.parse("2026-11-01T00:00:00Z");
    private static final Instant DECEMBER = Instant.parse("2026-12-01T00:00:00Z");

    @TempDir
    Path stateDir;

    private Pipeline pipeline;

    @BeforeEach
    void start() {
        pipeline = new Pipeline(stateDir);
        pipeline.put(Fixtures.actions());
    }

    @AfterEach
    void stop() {
        pipeline.close();
    }

    @Test
    void shouldBillNothingThatWasBilledBefore() {
        // Given an org that was billed for 30 actions beyond its 100, in two facts of one interval
        subscribe(enterprise());
        pipeline.saidBefore(fact(1, Pipeline.START, 0, 20, null));
        pipeline.saidBefore(fact(2, Pipeline.START, 1, 10, null));

        // When the same actions are counted again
        act(1, 130);

        // Then
        assertThat(closed()).isEmpty();

        // And what comes now is billed, under a revision and a number that were not used
        act(131, 132);
        assertThat(closed())
                .extracting(
                        BillableFact::getAmount,
                        BillableFact::getRevision,
                        BillableFact::getSequence,
                        BillableFact::getKind)
                .containsExactly(tuple(2L, 2, 3L, FactKind.CORRECTION));
    }

    @Test
    void shouldTakeNoteOfAFactOnce() {
        subscribe(enterprise());
        for (int i = 0; i < 2; i++) {
            pipeline.saidBefore(fact(1, Pipeline.START, 0, 20, null));
            pipeline.saidBefore(fact(2, Pipeline.START, 1, 10, null));
        }

        act(1, 131);

        assertThat(closed()).extracting(BillableFact::getAmount).containsExactly(1L);
    }

    @Test
    void shouldGoByThePeriodWhereIntervalsWereOthers() {
        // Given facts of intervals that are now cut elsewhere, one of which was carried here from the month before
        subscribe(enterprise());
        pipeline.saidBefore(fact(1, Pipeline.START.minus(Duration.ofMinutes(10)), 0, 25, null));
        pipeline.saidBefore(fact(2, Pipeline.START.plus(Duration.ofMinutes(10)), 0, 5, null));
        pipeline.saidBefore(
                fact(3, Instant.parse("2026-10-31T23:50:00Z"), 0, 7, Instant.parse("2026-10-01T00:00:00Z")));

        act(1, 131);

        assertThat(closed())
                .extracting(BillableFact::getAmount, BillableFact::getRevision, BillableFact::getSequence)
                .containsExactly(tuple(1L, 0, 4L));
    }

    @Test
    void shouldTakeNothingBackWhereTheLogHasLessThanWasBilled() {
        subscribe(enterprise());
        pipeline.saidBefore(fact(1, Pipeline.START, 0, 30, null));

        act(1, 110);

        assertThat(closed()).isEmpty();
        act(111, 130);
        assertThat(closed()).isEmpty();
        act(131, 131);
        assertThat(closed()).extracting(BillableFact::getAmount).containsExactly(1L);
    }

    @Test
    void shouldTellSeatsOnOnlyWhereTheyAreOthersThanWereToldBefore() {
        // Given an org with a pool of five for each seat, whose three members and one who has left were told of
        subscribe(Plan.newBuilder(enterprise())
                .setAllocations(List.of(new Allocation("actions", 10L, 5L)))
                .build());
        List<String> members = List.of("a", "b", "c");
        members.forEach(user -> pipeline.replayed(member(user, MembershipStatus.ACCEPTED)));
        pipeline.replayed(member("d", MembershipStatus.ACCEPTED));
        pipeline.replayed(member("d", MembershipStatus.REMOVED));
        for (int told = 1; told <= 4; told++) {
            pipeline.saidBefore(seats(told, told));
        }
        pipeline.saidBefore(seats(3, 5));

        // When the catalogue is read again
        members.forEach(user -> pipeline.put(member(user, MembershipStatus.ACCEPTED)));
        pipeline.put(member("d", MembershipStatus.REMOVED));

        // Then nobody is told again, and the pool of the period is of the most seats there were
        assertThat(pipeline.seatChanges()).isEmpty();
        pipeline.action(action("e1", "a", "o1", Map.of()));
        assertThat(pipeline.usage("org:o1/actions/PERIOD/2026-11-01T00:00:00Z").getLimit())
                .isEqualTo(30L);

        // And a new member is told of
        pipeline.put(member("e", MembershipStatus.ACCEPTED));
        assertThat(pipeline.seatChanges())
                .extracting(SeatChange::getQuantity, SeatChange::getVersion)
                .containsExactly(tuple(4L, 6L));
    }

    private void subscribe(Plan plan) {
        pipeline.put(plan);
        pipeline.put(subscription("org:o1", plan));
    }

    private void act(int from, int to) {
        for (int i = from; i <= to; i++) {
            pipeline.action(action("e" + i, "u" + i, "o1", Map.of()));
        }
    }

    /** The facts of the intervals so far. */
    private List<BillableFact> closed() {
        for (int i = 0; i < 400; i++) {
            pipeline.pass(Duration.ofSeconds(1));
        }
        return pipeline.facts();
    }

    private static BillableFact fact(
            long sequence, Instant interval, int revision, long amount, @Nullable Instant originPeriodStart) {
        return new BillableFact(
                "tally_" + interval.toEpochMilli() + "_" + revision,
                "test",
                "org:o1",
                "cus_1",
                "actions",
                "tally_actions",
                interval,
                interval.plus(Duration.ofMinutes(5)),
                interval,
                sequence,
                revision,
                amount,
                revision == 0 ? FactKind.USAGE : FactKind.CORRECTION,
                NOVEMBER,
                DECEMBER,
                originPeriodStart,
                "enterprise@1");
    }

    private static Membership member(String user, MembershipStatus status) {
        return new Membership("o1", user, Role.MEMBER, status, null, ANCHOR, null);
    }

    private static SeatChange seats(long quantity, long version) {
        return new SeatChange("org:o1", quantity, version, Instant.parse("2026-11-02T00:00:00Z"), "a ACCEPTED");
    }
}
