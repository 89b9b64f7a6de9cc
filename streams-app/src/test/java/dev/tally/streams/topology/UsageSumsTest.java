package dev.tally.streams.topology;

import static org.assertj.core.api.Assertions.assertThat;

import dev.tally.keys.Subject;
import dev.tally.schemas.UsagePart;
import dev.tally.schemas.UsageSum;
import dev.tally.streams.metering.Action;
import dev.tally.streams.metering.MeterDefinition;
import dev.tally.streams.metering.MeterSet;
import dev.tally.streams.metering.PlanTerms;
import dev.tally.streams.metering.SubscriptionTerms;
import dev.tally.streams.metering.Terms;
import dev.tally.units.UnitAmounts;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class UsageSumsTest {

    @TempDir
    Path stateDir;

    private Pipeline pipeline;

    @BeforeEach
    void start() {
        pipeline = new Pipeline(stateDir);
        pipeline.put(Fixtures.actions());
        pipeline.put(Fixtures.tokens());
    }

    @AfterEach
    void stop() {
        pipeline.close();
    }

    @Test
    void shouldKeepSumsOfHugeRowsUnderTheSizeLimit() {
        // Given ids at their limit, so that each action has values of its own of some kilobytes
        String long1 = "x".repeat(250);
        MeterSet meters = new MeterSet(List.of(new MeterDefinition(
                "actions", MeterDefinition.Aggregation.COUNT, List.of(), null, List.of(), "tally_actions")));

        // When they all come between two commits; the driver commits after each record, so the sum is driven directly
        List<UsageSum> sent = new ArrayList<>();
        var serde = pipeline.serdes().of(UsageSum.class);
        Subject org = Subject.org("☃".repeat(85));
        UsageSums sums = new UsageSums(Duration.ofMinutes(5), subscribed(org), () -> true, sent::add);
        sums.catalogueChanged(meters);
        UsageSums.Entry entry = sums.entry(org);
        for (int i = 0; i < 2_000; i++) {
            Action action = new Action(
                    "e" + i + long1,
                    Pipeline.START,
                    "u" + i,
                    org.id(),
                    long1 + i,
                    long1,
                    long1,
                    "OTHER",
                    false,
                    UnitAmounts.NONE,
                    null,
                    null);
            sums.add(entry, action, new long[] {1}, true);
        }
        sums.drain();

        // Then
        assertThat(sent).hasSizeGreaterThan(2);
        assertThat(sent)
                .allSatisfy(sum -> assertThat(serde.serializer().serialize("subject-log", sum).length)
                        .isLessThan(700_000));
        assertThat(sent.stream()
                        .flatMap(sum -> sum.getParts().stream())
                        .mapToLong(part -> part.getAmounts().get(0))
                        .sum())
                .isEqualTo(2_000);
    }

    @Test
    void shouldKeepTheActionsOfASubscriberInOrder() {
        // Given two meters, and actions in two billing intervals
        MeterSet meters = new MeterSet(List.of(
                new MeterDefinition("actions", MeterDefinition.Aggregation.COUNT, List.of(), null, List.of(), "a"),
                new MeterDefinition(
                        "credits", MeterDefinition.Aggregation.SUM, List.of("credits"), null, List.of(), "c")));
        Subject user = Subject.user("u1");
        List<UsageSum> sent = new ArrayList<>();
        UsageSums sums = new UsageSums(Duration.ofMinutes(5), subscribed(user), () -> true, sent::add);
        sums.catalogueChanged(meters);
        UsageSums.Entry entry = sums.entry(user);

        // When
        long[][] amounts = {{1, 0}, {1, 300}, {1, 1L << 40}};
        for (int i = 0; i < amounts.length; i++) {
            Action action = new Action(
                    "é" + i,
                    Pipeline.START.plusSeconds(i == 1 ? 600 : i),
                    "u1",
                    null,
                    null,
                    null,
                    "x",
                    "OTHER",
                    false,
                    UnitAmounts.NONE,
                    null,
                    null);
            sums.add(entry, action, amounts[i], true);
        }
        sums.drain();

        // Then
        UsageSum sum = sent.get(0);
        assertThat(sent).hasSize(1);
        assertThat(sum.getParts())
                .extracting(UsagePart::getAmounts)
                .containsExactly(List.of(2L, 1L << 40), List.of(1L, 300L));
        StepLog.Reader steps = new StepLog.Reader(sum, 2);
        for (int i = 0; i < amounts.length; i++) {
            assertThat(steps.next()).isTrue();
            assertThat(steps.eventId()).isEqualTo("é" + i);
            assertThat(steps.part()).isEqualTo(i == 1 ? 1 : 0);
            assertThat(steps.amounts()).isEqualTo(amounts[i]);
            assertThat(steps.occurredAt()).isEqualTo(Pipeline.START.plusSeconds(i == 1 ? 600 : i));
        }
        assertThat(steps.next()).isFalse();
    }

    @Test
    void shouldKeepTheOrderOfASubjectWhoseEntryWasGivenUpMeanwhile() {
        // Given an action under an entry that its keeper then gives up
        Subject user = Subject.user("u1");
        List<UsageSum> sent = new ArrayList<>();
        UsageSums sums = new UsageSums(Duration.ofMinutes(5), subscribed(user), () -> true, sent::add);
        sums.catalogueChanged(new MeterSet(List.of(new MeterDefinition(
                "actions", MeterDefinition.Aggregation.COUNT, List.of(), null, List.of(), "tally_actions"))));
        sums.add(sums.entry(user), numbered(0), new long[] {1}, true);

        // When so many come under the new one that they do not wait for the commit
        UsageSums.Entry renewed = sums.entry(user);
        for (int i = 1; i <= 3_000; i++) {
            sums.add(renewed, numbered(i), new long[] {1}, true);
        }
        sums.drain();

        // Then
        List<String> order = new ArrayList<>();
        for (UsageSum sum : sent) {
            StepLog.Reader steps = new StepLog.Reader(sum, 1);
            while (steps.next()) {
                order.add(steps.eventId());
            }
        }
        assertThat(sent).hasSizeGreaterThan(2);
        assertThat(order).hasSize(3_001).isSorted();
    }

    private static Action numbered(int number) {
        String eventId = String.format("%0200d", number);
        return new Action(
                eventId, Pipeline.START, "u1", null, null, null, "x", "OTHER", false, UnitAmounts.NONE, null, null);
    }

    private static Terms subscribed(Subject subscriber) {
        return new Terms() {
            @Override
            public Optional<SubscriptionTerms> subscription(Subject subject) {
                return Optional.of(new SubscriptionTerms(
                        subscriber,
                        null,
                        Fixtures.ANCHOR,
                        List.of(new SubscriptionTerms.PhaseTerms("p", 1, Fixtures.ANCHOR)),
                        List.of(),
                        SubscriptionTerms.Caps.NONE,
                        20,
                        null,
                        false));
            }

            @Override
            public Optional<PlanTerms> plan(String planId, int version) {
                return Optional.empty();
            }
        };
    }
}
