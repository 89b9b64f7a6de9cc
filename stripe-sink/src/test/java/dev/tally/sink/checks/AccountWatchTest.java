package dev.tally.sink.checks;

import static org.assertj.core.api.Assertions.assertThat;

import dev.tally.sink.checks.AccountWatch.Pauses;
import dev.tally.sink.delivery.DeliveryStatus.Findings;
import dev.tally.sink.reporting.AccountReading;
import dev.tally.sink.reporting.Answer;
import dev.tally.sink.reporting.RetryRule;
import dev.tally.sink.reporting.StripeMeter;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Queue;
import java.util.Random;
import java.util.Set;
import java.util.concurrent.atomic.AtomicInteger;
import org.apache.kafka.common.errors.TimeoutException;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.Test;

final class AccountWatchTest {
    private static final Pauses PAUSES = new Pauses(
            new RetryRule(Duration.ofSeconds(1), Duration.ofSeconds(60)), Duration.ofMinutes(1), Duration.ofMinutes(5));

    private final Queue<AccountReading> answers = new ArrayDeque<>();
    private final List<Findings> found = new ArrayList<>();
    private Set<String> catalogue = Set.of("a");
    private boolean kafkaIsAway;

    @Test
    void shouldLetNothingThroughBeforeStripeHasAnswered() throws Exception {
        AccountWatch watch = watch();
        answers.add(new AccountReading.Untold(new Answer.AccountHalt("unauthorized", "Invalid API Key")));
        answers.add(new AccountReading.Untold(new Answer.Unknown("no_answer", "reset")));

        // When
        Duration slow = watch.ask();
        Duration pause = watch.ask();

        // Then: a wrong key is waited for slowly and named
        assertThat(watch.maySend("a")).isFalse();
        assertThat(slow).isBetween(Duration.ofSeconds(6), Duration.ofSeconds(60));
        assertThat(pause).isLessThanOrEqualTo(Duration.ofSeconds(60));
        assertThat(found).hasSize(3).allSatisfy(one -> assertThat(one.waiting()).isPresent());
        assertThat(found.get(1).waiting().orElseThrow()).contains("refuses the key", "unauthorized");

        // And: an answer opens it
        answers.add(told(meter("a", "sum")));
        assertThat(watch.ask()).isEqualTo(Duration.ofMinutes(5));
        assertThat(watch.maySend("a")).isTrue();
        assertThat(found.getLast()).isEqualTo(Findings.NONE);
    }

    @Test
    void shouldHoldOnlyTheMetersThatContradict() throws Exception {
        AccountWatch watch = watch();
        catalogue = Set.of("a", "b", "c");
        answers.add(told(meter("a", "sum"), meter("b", "count")));

        // When
        Duration pause = watch.ask();

        // Then: all problems at once
        assertThat(pause).isEqualTo(Duration.ofMinutes(1));
        assertThat(watch.maySend("a")).isTrue();
        assertThat(watch.maySend("b")).isFalse();
        assertThat(watch.maySend("c")).isFalse();
        assertThat(found.getLast().meters()).containsOnlyKeys("b", "c");

        // And: mended at Stripe
        answers.add(told(meter("a", "sum"), meter("b", "sum"), meter("c", "sum")));
        watch.ask();
        assertThat(watch.maySend("b")).isTrue();
        assertThat(found.getLast()).isEqualTo(Findings.NONE);

        // And: spoilt again
        answers.add(told(meter("a", "sum"), meter("b", "sum")));
        watch.ask();
        assertThat(watch.maySend("c")).isFalse();
        assertThat(watch.maySend("b")).isTrue();
    }

    @Test
    void shouldStandByWhatWasFoundWhileNobodyAnswers() throws Exception {
        AccountWatch watch = watch();
        answers.add(told(meter("a", "sum")));
        watch.ask();

        // When
        kafkaIsAway = true;
        answers.add(new AccountReading.Untold(new Answer.Unknown("no_answer", "reset")));
        answers.add(told(meter("a", "sum")));
        watch.ask();
        assertThat(watch.maySend("a")).isTrue();
        watch.ask();

        // Then
        assertThat(watch.maySend("a")).isTrue();
        assertThat(found.getLast()).isEqualTo(Findings.NONE);
    }

    @Test
    void shouldHoldEverythingForTheWrongMode() throws Exception {
        AccountWatch watch = watch();
        answers.add(
                told(new StripeMeter("mtr_a", "a", true, true, "sum", null, "by_id", "stripe_customer_id", "value")));

        // When
        watch.ask();

        // Then
        assertThat(watch.maySend("a")).isFalse();
        assertThat(found.getLast().account()).hasSize(1);
        assertThat(found.getLast().meters()).isEmpty();
    }

    @Test
    void shouldAskAtOnceForANameThatNobodyHasAskedFor() {
        AtomicInteger questions = new AtomicInteger();
        try (AccountWatch watch = new AccountWatch(
                () -> {
                    questions.incrementAndGet();
                    return told(meter("a", "sum"), meter("late", "sum"));
                },
                () -> catalogue,
                false,
                true,
                PAUSES,
                findings -> {},
                new Random(1))) {
            watch.start();
            Awaitility.await().until(() -> watch.maySend("a"));

            // When: minutes before it would ask again by itself
            Awaitility.await().until(() -> watch.maySend("late"));

            // Then: no question for what is known
            int asked = questions.get();
            assertThat(watch.maySend("a")).isTrue();
            assertThat(asked).isBetween(2, 3);
        }
    }

    private AccountWatch watch() {
        return new AccountWatch(
                () -> answers.remove(),
                () -> {
                    if (kafkaIsAway) {
                        throw new TimeoutException("away");
                    }
                    return catalogue;
                },
                false,
                true,
                PAUSES,
                found::add,
                new Random(1));
    }

    private static AccountReading.Told told(StripeMeter... meters) {
        return new AccountReading.Told(List.of(meters), Optional.empty());
    }

    private static StripeMeter meter(String eventName, String formula) {
        return new StripeMeter(
                "mtr_" + eventName, eventName, false, true, formula, null, "by_id", "stripe_customer_id", "value");
    }
}
