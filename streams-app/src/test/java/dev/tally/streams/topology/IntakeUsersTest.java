package dev.tally.streams.topology;

import static org.assertj.core.api.Assertions.assertThat;

import dev.tally.keys.Subject;
import dev.tally.schemas.UsageSum;
import dev.tally.streams.metering.PlanTerms;
import dev.tally.streams.metering.SubscriptionTerms;
import dev.tally.streams.metering.Terms;
import dev.tally.streams.state.StoreNames;
import dev.tally.streams.state.Totals;
import dev.tally.streams.state.WriteBackStore;
import dev.tally.streams.topology.IntakeUsers.User;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Kafka Streams resumes a suspended task with new processors on stores that were never closed, so users outlive sums and days. */
class IntakeUsersTest {

    @TempDir
    Path stateDir;

    private TaskStores task;
    private WriteBackStore store;
    private User user;

    @BeforeEach
    void start() {
        task = new TaskStores(stateDir);
        store = task.writeBack(StoreNames.ACCOUNT_WINDOWS);
        user = Objects.requireNonNull(IntakeUsers.of(store, 1).find("u1"));
    }

    @AfterEach
    void stop() {
        task.close();
    }

    @Test
    void shouldGiveAResumedTaskDaysOfItsOwn() {
        // Given a day that is counted and committed before the task is suspended
        UserDays before = new UserDays(store, Duration.ofDays(40));
        before.set(before.day(user, Pipeline.START), one(Totals.NONE));
        before.writeBack();

        // When the resumed task counts on, and comes to the same day once by way of the user and once anew
        UserDays after = new UserDays(store, Duration.ofDays(40));
        after.set(
                after.day(user, Pipeline.START),
                one(after.day(user, Pipeline.START).value()));
        User again = Objects.requireNonNull(
                IntakeUsers.of(task.writeBack(StoreNames.ACCOUNT_SPLITS), 1).find("u1"));
        after.set(
                after.day(again, Pipeline.START),
                one(after.day(again, Pipeline.START).value()));
        after.writeBack();

        // Then
        UserDays later = new UserDays(store, Duration.ofDays(40));
        assertThat(later.day(user, Pipeline.START).value().used("actions")).isEqualTo(3);
    }

    @Test
    void shouldGiveAResumedTaskSumsThatFollowItsCatalogue() {
        // Given
        UsageSums.Entry before = user.sums(sums());

        // When
        UsageSums resumed = sums();

        // Then
        assertThat(user.sums(resumed)).isNotSameAs(before).isSameAs(user.sums(resumed));
    }

    private static UsageSums sums() {
        List<UsageSum> sent = new ArrayList<>();
        Terms none = new Terms() {
            @Override
            public Optional<SubscriptionTerms> subscription(Subject subject) {
                return Optional.empty();
            }

            @Override
            public Optional<PlanTerms> plan(String planId, int version) {
                return Optional.empty();
            }
        };
        return new UsageSums(Duration.ofMinutes(5), none, () -> true, sent::add);
    }

    private static Totals one(Totals before) {
        return before.plus(List.of("actions"), new long[] {1}, true, new long[] {Pipeline.START.toEpochMilli()});
    }
}
