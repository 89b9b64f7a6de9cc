package dev.tally.sink.seats.rules;

import static org.assertj.core.api.Assertions.assertThat;

import dev.tally.sink.reporting.Answer;
import dev.tally.sink.reporting.RetryRule;
import dev.tally.sink.reporting.TransientCause;
import dev.tally.sink.seats.rules.SeatRules.Next;
import dev.tally.sink.seats.rules.SeatRules.Then;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Random;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;

final class SeatRulesTest {
    private static final Instant NOVEMBER = Instant.parse("2026-11-01T00:00:00Z");
    private static final Instant DECEMBER = Instant.parse("2026-12-01T00:00:00Z");
    private static final Instant NOW = Instant.parse("2026-11-23T12:00:00Z");
    private static final Target ITEM = new Target.Item("si_1");
    private static final RetryRule RETRIES = new RetryRule(Duration.ofSeconds(1), Duration.ofMinutes(1));

    private final SeatRules rules = new SeatRules(RETRIES);
    private final Random random = new Random(7);

    private static Change change(long version, long quantity, String day) {
        return new Change(version, quantity, Instant.parse(day + "T00:00:00Z"), "c", version, NOW);
    }

    private static OrgSeats pending(Change... changes) {
        OrgSeats seats = OrgSeats.none("org:a", ITEM, NOW);
        for (Change change : changes) {
            seats = seats.take(change);
        }
        return seats;
    }

    private static SeatItem item(@Nullable Long quantity) {
        return new SeatItem("si_1", "sub_1", quantity, false, NOVEMBER, DECEMBER);
    }

    private Then read(OrgSeats seats, SeatItem item) {
        return rules.afterRead(seats, new ItemAnswer.Of(item), "req", 1, NOW, random);
    }

    private static OrgSeats intended(Then then) {
        assertThat(then).isInstanceOf(Then.Intend.class);
        return ((Then.Intend) then).seats();
    }

    private static OrgSeats ended(Then then, Class<? extends SeatOutcome> outcome) {
        assertThat(then).isInstanceOf(Then.End.class);
        assertThat(((Then.End) then).outcome()).isInstanceOf(outcome);
        return ((Then.End) then).seats();
    }

    private static OrgSeats waiting(Then then) {
        assertThat(then).isInstanceOf(Then.Wait.class);
        return ((Then.Wait) then).seats();
    }

    private OrgSeats intent(Change... changes) {
        return intended(read(pending(changes), item(6L)));
    }

    private Then sent(OrgSeats intent, Answer answer, boolean refusedBefore) {
        return rules.afterSending(intent, new ItemAnswer.Failed(answer), null, refusedBefore, 1, NOW, random);
    }

    @Test
    void shouldSendEachDayFromItsOwnDate() {
        // Given
        OrgSeats both = pending(change(1, 7, "2026-11-16"), change(2, 6, "2026-11-23"));

        // When
        OrgSeats first = intended(read(both, item(6L)));
        OrgSeats sent = ended(
                rules.afterSending(first, new ItemAnswer.Of(item(7L)), "req_1", false, 0, NOW, random),
                SeatOutcome.Sent.class);
        OrgSeats second = intended(read(sent, item(7L)));

        // Then
        assertThat(first.sentChange().quantity()).isEqualTo(7);
        assertThat(first.prorationDate()).isEqualTo("2026-11-16T00:00:00Z");
        assertThat(first.key().text()).isEqualTo("seat:si_1:1#1");
        assertThat(sent.standing()).isEqualTo(Standing.SENT);
        assertThat(sent.requestId()).isEqualTo("req_1");
        assertThat(second.sentChange().quantity()).isEqualTo(6);
        assertThat(second.prorationDate()).isEqualTo("2026-11-23T00:00:00Z");
        assertThat(second.key().text()).isEqualTo("seat:si_1:2#2");
        assertThat(second.pending()).isEmpty();
    }

    @Test
    void shouldSendNothingForASeatAddedAndRemovedOnOneDay() {
        // Given
        OrgSeats day = pending(change(1, 7, "2026-11-16"), change(2, 6, "2026-11-16"));

        // Then
        assertThat(day.pending()).containsExactly(change(2, 6, "2026-11-16"));
        OrgSeats ended = ended(read(day, item(6L)), SeatOutcome.InStep.class);
        assertThat(ended.change()).isEqualTo(change(2, 6, "2026-11-16"));
        assertThat(rules.next(ended, ITEM, NOW)).isInstanceOf(Next.Rest.class);
    }

    @Test
    void shouldTakeAllDaysBeforeThePeriodForOne() {
        // Given
        OrgSeats history = pending(
                change(1, 1, "2026-01-31"),
                change(2, 4, "2026-08-02"),
                change(3, 6, "2026-10-31"),
                change(4, 7, "2026-11-16"));

        // Then
        OrgSeats inStep = ended(read(history, item(6L)), SeatOutcome.InStep.class);
        assertThat(inStep.change()).isEqualTo(change(3, 6, "2026-10-31"));
        assertThat(inStep.pending()).containsExactly(change(4, 7, "2026-11-16"));
        OrgSeats other = intended(read(history, item(5L)));
        assertThat(other.sentChange()).isEqualTo(change(3, 6, "2026-10-31"));
        assertThat(other.prorationDate()).isEqualTo(NOVEMBER);
    }

    @ParameterizedTest
    @CsvSource({
        "2026-10-31T23:59:59Z, 2026-11-01T00:00:00Z",
        "2026-11-01T00:00:00Z, 2026-11-01T00:00:00Z",
        "2026-11-16T00:00:00.789Z, 2026-11-16T00:00:00Z",
        "2026-11-30T23:59:59Z, 2026-11-30T23:59:59Z",
        "2026-12-01T00:00:00Z, 2026-11-30T23:59:59Z"
    })
    void shouldProrateWithinTheCurrentPeriod(Instant effectiveAt, Instant date) {
        assertThat(item(6L).prorationDate(effectiveAt)).isEqualTo(date);
    }

    /** However changes come together, what is prorated from each day is the sum of the steps of that day. */
    @Test
    void shouldProrateEachStepFromItsOwnDayHoweverChangesComeTogether() {
        for (int seed = 0; seed < 300; seed++) {
            Random draw = new Random(seed);
            Map<Instant, Long> expected = new TreeMap<>();
            Map<Instant, Long> actual = new TreeMap<>();
            OrgSeats seats = OrgSeats.none("org:a", ITEM, NOW);
            long before = 6;
            long atStripe = 6;
            for (int version = 1; version <= 12; version++) {
                Change next = change(version, draw.nextInt(4, 9), "2026-11-1" + draw.nextInt(4));
                expected.merge(next.effectiveAt(), next.quantity() - before, Long::sum);
                before = next.quantity();
                seats = seats.take(next);
                while (!seats.pending().isEmpty() && (version == 12 || draw.nextInt(3) == 0)) {
                    Then then = read(seats, item(atStripe));
                    if (then instanceof Then.Intend(OrgSeats intent)) {
                        long quantity = intent.sentChange().quantity();
                        actual.merge(intent.prorationDate(), quantity - atStripe, Long::sum);
                        atStripe = quantity;
                        then = rules.afterSending(
                                intent, new ItemAnswer.Of(item(quantity)), null, false, 0, NOW, random);
                    }
                    seats = ((Then.End) then).seats();
                }
            }
            expected.values().removeIf(step -> step == 0);
            actual.values().removeIf(step -> step == 0);
            assertThat(actual).as("seed " + seed).isEqualTo(expected);
            assertThat(atStripe).isEqualTo(before);
        }
    }

    @Test
    void shouldKnowVersionsItHasTakenIn() {
        OrgSeats seats = pending(change(3, 7, "2026-11-16"));

        assertThat(seats.knows(2)).isTrue();
        assertThat(seats.knows(3)).isTrue();
        assertThat(seats.knows(4)).isFalse();
        assertThat(intent(change(3, 7, "2026-11-16")).knows(3)).isTrue();
    }

    @Test
    void shouldRememberTheNewestChangeUntilThereIsAnItem() {
        // Given
        OrgSeats seats = OrgSeats.none("org:a", new Target.NoItem(), NOW)
                .take(change(1, 7, "2026-11-16"))
                .take(change(2, 8, "2026-11-17"));

        // When
        Next.Close close = (Next.Close) rules.next(seats, new Target.NoItem(), NOW);
        Next.Read found = (Next.Read) rules.next(close.seats(), ITEM, NOW);

        // Then
        assertThat(close.outcome()).isEqualTo(new SeatOutcome.NoItem());
        assertThat(close.seats().standing()).isEqualTo(Standing.NO_ITEM);
        assertThat(rules.next(close.seats(), new Target.NoItem(), NOW)).isEqualTo(new Next.Rest());
        assertThat(found.item()).isEqualTo("si_1");
        assertThat(found.seats().pending()).containsExactly(change(2, 8, "2026-11-17"));
    }

    @Test
    void shouldSendNothingForACanceledSubscription() {
        // Given
        OrgSeats sent = ended(
                rules.afterSending(
                        intent(change(1, 7, "2026-11-16")), new ItemAnswer.Of(item(7L)), null, false, 0, NOW, random),
                SeatOutcome.Sent.class);

        // Then
        assertThat(rules.next(sent, new Target.Canceled(), NOW)).isEqualTo(new Next.Rest());
        Next.Close close = (Next.Close) rules.next(sent.take(change(2, 8, "2026-11-17")), new Target.Canceled(), NOW);
        assertThat(close.outcome()).isEqualTo(new SeatOutcome.Canceled());
        assertThat(close.seats().change()).isEqualTo(change(2, 8, "2026-11-17"));
    }

    @Test
    void shouldGiveANewItemTheNewestQuantity() {
        // Given
        OrgSeats intent = intent(change(1, 7, "2026-11-16"), change(2, 6, "2026-11-23"));

        // When
        Next.Read next = (Next.Read) rules.next(intent, new Target.Item("si_2"), NOW);

        // Then
        assertThat(next.item()).isEqualTo("si_2");
        assertThat(next.seats().pending()).containsExactly(change(2, 6, "2026-11-23"));
        assertThat(next.seats().keyNumber()).isEqualTo(1);
    }

    @Test
    void shouldRepeatAnIntentUnderItsKeyForLessThanADay() {
        // Given
        OrgSeats intent = intent(change(1, 7, "2026-11-16"));

        // Then
        assertThat(rules.next(intent, ITEM, NOW.plus(SeatRules.RESEND_HORIZON).minusMillis(1)))
                .isEqualTo(new Next.Send(intent));
        Next.Read afresh = (Next.Read) rules.next(intent, ITEM, NOW.plus(SeatRules.RESEND_HORIZON));
        assertThat(afresh.seats().pending()).containsExactly(change(1, 7, "2026-11-16"));
        assertThat(intended(read(afresh.seats(), item(6L))).key().text()).isEqualTo("seat:si_1:1#2");
    }

    @ParameterizedTest
    @EnumSource(TransientCause.class)
    void shouldKeepTheKeyOnlyWhereNoAnswerArrived(TransientCause cause) {
        OrgSeats intent = intent(change(1, 7, "2026-11-16"));

        OrgSeats after =
                waiting(sent(intent, new Answer.Transient(cause, "d", Optional.of(Duration.ofMinutes(10))), false));

        assertThat(after.standing()).isEqualTo(cause.keepsKey() ? Standing.INTENT : Standing.WAITING);
        assertThat(after.open()).containsExactly(change(1, 7, "2026-11-16"));
    }

    @Test
    void shouldWaitAtLeastAsLongAsStripeAsks() {
        Answer limited = new Answer.Transient(TransientCause.RATE_LIMITED, "d", Optional.of(Duration.ofMinutes(10)));

        assertThat(((Then.Wait) sent(intent(change(1, 7, "2026-11-16")), limited, false)).delay())
                .isEqualTo(Duration.ofMinutes(10));
        assertThat(((Then.Wait) rules.afterRead(
                                pending(change(1, 7, "2026-11-16")),
                                new ItemAnswer.Failed(limited),
                                null,
                                1,
                                NOW,
                                random))
                        .delay())
                .isEqualTo(Duration.ofMinutes(10));
    }

    @Test
    void shouldRepeatWhatHasNoOutcome() {
        OrgSeats intent = intent(change(1, 7, "2026-11-16"));

        assertThat(waiting(sent(intent, new Answer.Unknown("no_answer", "d"), false)))
                .isEqualTo(intent);
        assertThat(waiting(sent(intent, new Answer.AccountHalt("unauthorized", "d"), false)))
                .isEqualTo(intent);
    }

    @Test
    void shouldTakeTheNextKeyWhereOneWasUsedOtherwise() {
        Answer.AccountHalt used = new Answer.AccountHalt("idempotency_error", "d");

        assertThat(SeatRules.haltsAccount(used)).isFalse();
        assertThat(SeatRules.haltsAccount(new Answer.AccountHalt("forbidden", "d")))
                .isTrue();
        assertThat(waiting(sent(intent(change(1, 7, "2026-11-16")), used, false))
                        .standing())
                .isEqualTo(Standing.WAITING);
    }

    /** The first refusal may be about a period that has ended between reading and sending. */
    @Test
    void shouldBelieveTheSecondRefusalInARow() {
        // Given
        OrgSeats intent = intent(change(1, 7, "2026-11-16"), change(2, 8, "2026-11-17"));
        Answer refusal = new Answer.Permanent("resource_missing", "gone");

        // Then
        assertThat(waiting(sent(intent, refusal, false)).open()).hasSize(2);
        OrgSeats refused = ended(sent(intent, refusal, true), SeatOutcome.Refused.class);
        assertThat(refused.standing()).isEqualTo(Standing.REFUSED);
        assertThat(refused.reason()).isEqualTo("resource_missing");
        assertThat(rules.next(refused, ITEM, NOW)).isEqualTo(new Next.Read(refused, "si_1"));
    }

    @Test
    void shouldRefuseMeteredPricesAndMissingItemsWithoutSending() {
        OrgSeats seats = pending(change(1, 7, "2026-11-16"));
        SeatItem metered = new SeatItem("si_1", "sub_1", null, true, NOVEMBER, DECEMBER);

        OrgSeats refused = ended(read(seats, metered), SeatOutcome.Refused.class);
        assertThat(refused.reason()).isEqualTo(SeatRules.METERED_PRICE);
        assertThat(rules.next(refused, ITEM, NOW)).isEqualTo(new Next.Rest());
        assertThat(SeatRules.differs(refused, metered)).isFalse();
        Answer missing = new Answer.Permanent("resource_missing", "No such subscription_item");
        assertThat(ended(
                                rules.afterRead(seats, new ItemAnswer.Failed(missing), null, 1, NOW, random),
                                SeatOutcome.Refused.class)
                        .reason())
                .isEqualTo("resource_missing");
    }

    @Test
    void shouldNotBelieveAnAnswerWithAnotherQuantity() {
        Then then = rules.afterSending(
                intent(change(1, 7, "2026-11-16")), new ItemAnswer.Of(item(6L)), null, false, 1, NOW, random);

        assertThat(waiting(then).standing()).isEqualTo(Standing.WAITING);
    }

    @Test
    void shouldFindWhatDiffersAndProrateARepairFromNow() {
        // Given
        OrgSeats sent = ended(read(pending(change(1, 6, "2026-11-16")), item(6L)), SeatOutcome.InStep.class);

        // Then
        assertThat(SeatRules.isChecked(sent, ITEM)).isTrue();
        assertThat(SeatRules.isChecked(sent, new Target.Item("si_2"))).isFalse();
        assertThat(SeatRules.isChecked(sent.take(change(2, 7, "2026-11-17")), ITEM))
                .isFalse();
        assertThat(SeatRules.differs(sent, item(6L))).isFalse();
        assertThat(SeatRules.differs(sent, item(7L))).isTrue();
        OrgSeats repair = intended(read(SeatRules.repaired(sent, NOW), item(7L)));
        assertThat(repair.sentChange().quantity()).isEqualTo(6);
        assertThat(repair.prorationDate()).isEqualTo(NOW);
    }

    @Test
    void shouldKeepABoundedNumberOfDaysWaiting() {
        OrgSeats seats = OrgSeats.none("org:a", ITEM, NOW);
        for (int i = 1; i <= 2 * OrgSeats.MOST_PENDING; i++) {
            seats = seats.take(change(i, i, i % 2 == 0 ? "2026-11-16" : "2026-11-17"));
        }

        assertThat(seats.pending()).hasSize(OrgSeats.MOST_PENDING);
        assertThat(seats.newest()).map(Change::version).hasValue(2L * OrgSeats.MOST_PENDING);
    }

    @Test
    void shouldCountTheUpdatesOfEachSubscriptionInAnyHour() {
        // Given
        UpdateLimit limit = new UpdateLimit(200);
        List<Optional<Instant>> answers = new ArrayList<>();
        for (int i = 0; i < 200; i++) {
            answers.add(limit.take("sub_1", NOW.plusSeconds(i)));
        }

        // Then
        assertThat(answers).containsOnly(Optional.empty());
        assertThat(limit.take("sub_1", NOW.plusSeconds(200))).hasValue(NOW.plusSeconds(3_600));
        assertThat(limit.take("sub_2", NOW.plusSeconds(200))).isEmpty();
        assertThat(limit.take("sub_1", NOW.plusSeconds(3_599))).isPresent();
        assertThat(limit.take("sub_1", NOW.plusSeconds(3_600))).isEmpty();
        assertThat(limit.take("sub_1", NOW.plusSeconds(3_600))).hasValue(NOW.plusSeconds(3_601));
    }

    @Test
    void shouldCheckEachOrgOnceADayAtATimeOfItsOwn() {
        // Given
        CheckTimes times = new CheckTimes(Duration.ofHours(24));
        List<Integer> minutes = new ArrayList<>();

        // When
        for (int org = 0; org < 100; org++) {
            String name = "org:o" + org;
            long begin = times.number(name, NOW);
            assertThat(times.number(name, NOW.plus(Duration.ofHours(24)))).isEqualTo(begin + 1);
            int minute = 0;
            while (times.number(name, NOW.plusSeconds(60L * minute)) == begin) {
                minute++;
            }
            minutes.add(minute);
        }

        // Then
        assertThat(minutes.stream().distinct().count()).isGreaterThan(80);
    }
}
