package dev.tally.streams.http.live;

import static org.assertj.core.api.Assertions.assertThat;

import dev.tally.streams.http.live.Asking.Next;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;

class AskingTest {

    private static final LiveTimes TIMES = LiveTimes.USUAL;

    private final Asking asking = new Asking(TIMES, new SplittableRandom(1));

    @Test
    void shouldBeAskedAtOnceWhereItNeverWas() {
        assertThat(asking.request(0, 0)).isEqualTo(Next.ASK);
    }

    @Test
    void shouldKeepThePaceOfEvents() {
        // Given
        asked(0, true);

        // When
        Next next = asking.request(millis(1), millis(1));

        // Then
        assertThat(next).isEqualTo(Next.LATER);
        assertThat(asking.dueAt()).isEqualTo(millis(100));
        assertThat(asking.request(millis(2), millis(2))).isEqualTo(Next.KNOWN);
    }

    @Test
    void shouldBeAskedSoonerThanItIsDue() {
        // Given that it is to be asked in its turn, some time after midnight
        asked(0, true);
        assertThat(asking.request(millis(1_000), millis(1))).isEqualTo(Next.LATER);
        assertThat(asking.dueAt()).isEqualTo(millis(1_000));

        // When
        Next next = asking.request(millis(50), millis(50));

        // Then
        assertThat(next).isEqualTo(Next.SOONER);
        assertThat(asking.dueAt()).isEqualTo(millis(100));
    }

    @Test
    void shouldSlowDownWhereQuestionsAreInVain() {
        // Given
        long now = 0;
        asked(now, false);

        // When
        List<Long> apart = new ArrayList<>();
        for (int i = 0; i < 7; i++) {
            assertThat(asking.request(now, now)).isEqualTo(Next.LATER);
            apart.add(asking.dueAt() - now);
            now = asking.dueAt();
            asking.noLongerDue();
            asked(now, false);
        }

        // Then
        assertThat(apart)
                .containsExactly(millis(20), millis(40), millis(60), millis(80), millis(100), millis(100), millis(100));
    }

    @Test
    void shouldNotBeSlowedDownByQuestionsWithoutANotice() {
        // Given
        long now = 0;
        for (int i = 0; i < 10; i++) {
            now += TIMES.recheck().toNanos();
            assertThat(asking.isOverdue(false, now)).isTrue();
            asked(now, false);
        }

        // When
        Next next = asking.request(now, now);

        // Then
        assertThat(next).isEqualTo(Next.LATER);
        assertThat(asking.dueAt() - now).isEqualTo(millis(20));
    }

    @Test
    void shouldBeAskedAgainForANoticeWhileAQuestionIsUnderWay() {
        // Given
        int number = asking.ask(0);

        // When
        Next next = asking.request(millis(1), millis(1));

        // Then
        assertThat(next).isEqualTo(Next.KNOWN);
        assertThat(asking.isWanted(number)).isTrue();
        asking.answered(true, millis(2));
        assertThat(asking.isToBeAskedAgain()).isTrue();
    }

    @Test
    void shouldNotTakeAQuestionForLostThatWaitsForItsTurn() {
        // Given
        int number = asking.ask(0);
        long late = 10 * TIMES.lost().toNanos();
        assertThat(asking.isOverdue(true, late)).isFalse();

        // When
        asking.begin(late);

        // Then
        assertThat(asking.isOverdue(true, late + TIMES.lost().toNanos() - 1)).isFalse();
        assertThat(asking.isOverdue(true, late + TIMES.lost().toNanos())).isTrue();
        asking.forget();
        assertThat(asking.isWanted(number)).isFalse();
    }

    private void asked(long at, boolean tells) {
        int unused = asking.ask(at);
        asking.answered(tells, at);
    }

    private static long millis(long millis) {
        return Duration.ofMillis(millis).toNanos();
    }
}
