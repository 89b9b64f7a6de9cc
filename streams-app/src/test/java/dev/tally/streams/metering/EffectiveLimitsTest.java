package dev.tally.streams.metering;

import static org.assertj.core.api.Assertions.assertThat;

import dev.tally.keys.Subject;
import dev.tally.streams.metering.EffectiveLimits.EffectiveLimit;
import dev.tally.streams.metering.PlanTerms.AllocationTerms;
import dev.tally.streams.metering.PlanTerms.Beyond;
import dev.tally.streams.metering.PlanTerms.LimitTerms;
import dev.tally.streams.metering.PlanTerms.Scope;
import dev.tally.streams.metering.PlanTerms.Window;
import java.time.Instant;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

class EffectiveLimitsTest {

    private static final Instant T = Instant.parse("2026-11-21T10:00:00Z");
    private static final Subject ORG = Subject.parse("org:o1");

    private int askedForSeats;
    private int askedForGrants;

    @Test
    void shouldAskForNeitherSeatsNorGrantsWhereEachLimitHasItsAmount() {
        // When
        EffectiveLimits limits =
                limits(Set.of(), List.of(), limit("actions", 500L, Beyond.PAUSE), limit("tokens", 0L, Beyond.NOTIFY));

        // Then
        assertThat(limits.own()).extracting(EffectiveLimit::amount).containsExactly(500L, 0L);
        assertThat(askedForSeats).isZero();
        assertThat(askedForGrants).isZero();
    }

    @Test
    void shouldAskOnceForAllThatFollowWhatIsIncluded() {
        // When
        EffectiveLimits limits = limits(
                Set.of("tokens"),
                List.of(new AllocationTerms("actions", 100, 10), new AllocationTerms("files", 0, 5)),
                limit("actions", null, Beyond.BILL),
                limit("files", null, Beyond.BILL),
                limit("tokens", null, Beyond.BILL));

        // Then with three seats; of tokens only what is granted is included
        assertThat(limits.own()).extracting(EffectiveLimit::amount).containsExactly(130L, 15L, 0L);
        assertThat(limits.own())
                .extracting(EffectiveLimit::pool)
                .containsExactly(
                        new AllocationTerms("actions", 100, 10),
                        new AllocationTerms("files", 0, 5),
                        AllocationTerms.NONE);
        assertThat(askedForSeats).isEqualTo(1);
        assertThat(askedForGrants).isEqualTo(1);
    }

    @Test
    void shouldHoldBackAllWhereNothingIsIncludedButBillWithoutALimit() {
        // When
        EffectiveLimits limits = limits(
                Set.of("files"), List.of(), limit("actions", null, Beyond.REJECT), limit("tokens", null, Beyond.BILL));

        // Then
        assertThat(limits.own("actions", Window.PERIOD).orElseThrow().amount()).isZero();
        assertThat(limits.own("tokens", Window.PERIOD)).isEmpty();
    }

    @Test
    void shouldAskForNothingWithoutASubscription() {
        // When
        EffectiveLimits limits = EffectiveLimits.of(terms(null, null), ORG, T, this::seats, () -> granted(Set.of()));

        // Then
        assertThat(limits.isEmpty()).isTrue();
        assertThat(askedForSeats).isZero();
        assertThat(askedForGrants).isZero();
    }

    private EffectiveLimits limits(Set<String> granted, List<AllocationTerms> included, LimitTerms... limits) {
        PlanTerms plan = new PlanTerms("team", 1, Subject.Kind.ORG, List.of(limits), included, false);
        SubscriptionTerms subscription = new SubscriptionTerms(
                ORG,
                null,
                T,
                List.of(new SubscriptionTerms.PhaseTerms("team", 1, T)),
                List.of(),
                SubscriptionTerms.Caps.NONE,
                10,
                null,
                false);
        return EffectiveLimits.of(terms(subscription, plan), ORG, T, this::seats, () -> granted(granted));
    }

    private long seats() {
        askedForSeats++;
        return 3;
    }

    private Set<String> granted(Set<String> meters) {
        askedForGrants++;
        return meters;
    }

    private static LimitTerms limit(String meter, @Nullable Long amount, Beyond beyond) {
        return new LimitTerms(Scope.ORG, meter, Window.PERIOD, amount, beyond, List.of());
    }

    private static Terms terms(@Nullable SubscriptionTerms subscription, @Nullable PlanTerms plan) {
        return new Terms() {
            @Override
            public Optional<SubscriptionTerms> subscription(Subject subject) {
                return Optional.ofNullable(subscription);
            }

            @Override
            public Optional<PlanTerms> plan(String planId, int version) {
                return Optional.ofNullable(plan);
            }
        };
    }
}
