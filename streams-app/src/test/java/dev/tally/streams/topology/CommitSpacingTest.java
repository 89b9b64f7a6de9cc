package dev.tally.streams.topology;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import java.time.Instant;
import org.apache.kafka.streams.processor.api.MockProcessorContext;
import org.junit.jupiter.api.Test;

class CommitSpacingTest {

    private static final Instant START = Instant.parse("2026-11-02T09:00:00Z");

    private final MockProcessorContext<String, String> context = new MockProcessorContext<>();
    private boolean caughtUp;
    private final EarlyCommit.Turns turns = new EarlyCommit.Turns();
    private final EarlyCommit commit = new EarlyCommit(context, () -> caughtUp, turns);
    private Instant now = START;

    @Test
    void shouldAskAtOnceForWhatHasJustArrived() {
        commit.note(START.minusMillis(150));
        assertThat(asksIn(Duration.ofMillis(100))).isEqualTo(1);
        assertThat(commit.isLive()).isTrue();

        assertThat(asksIn(Duration.ofSeconds(1))).as("nothing was processed").isZero();
    }

    @Test
    void shouldTakeAClockThatIsALittleAheadForLive() {
        int asks = 0;
        for (int i = 0; i < 10; i++) {
            commit.note(now.minusMillis(150));
            asks += asksIn(Duration.ofMillis(50));
        }
        assertThat(asks).isEqualTo(10);
        assertThat(commit.isLive()).isTrue();
    }

    @Test
    void shouldNotAskForWhatAnotherTaskOfTheThreadHasAskedFor() {
        EarlyCommit other = new EarlyCommit(context, () -> caughtUp, turns);
        commit.note(now);
        other.note(now);
        assertThat(asksIn(Duration.ofSeconds(1))).isEqualTo(1);

        other.note(now);
        assertThat(asksIn(Duration.ofSeconds(1))).as("what came after that").isEqualTo(1);
    }

    @Test
    void shouldAskThoughTheClockWasSetBack() {
        commit.note(now);
        assertThat(asksIn(Duration.ofMillis(100))).isEqualTo(1);
        now = now.minusSeconds(3_600);
        commit.note(now);
        assertThat(asksIn(Duration.ofMillis(100))).isEqualTo(1);
    }

    @Test
    void shouldSpaceCommitsOutAsSoonAsItFallsBehind() {
        int asks = 0;
        for (int i = 0; i < 40; i++) {
            commit.note(now.minusMillis(800));
            asks += asksIn(Duration.ofMillis(25));
        }
        assertThat(asks).as("in 1 s, 0.8 s behind").isEqualTo(5);
        assertThat(commit.isLive()).as("others still wait for it").isTrue();
    }

    @Test
    void shouldPutACommitOffForAQuarterOfTheLag() {
        int asks = 0;
        for (int i = 0; i < 40; i++) {
            commit.note(now.minusSeconds(4));
            asks += asksIn(Duration.ofMillis(100));
        }
        assertThat(asks).as("in 4 s, 4 s behind").isEqualTo(4);
        assertThat(commit.isLive())
                .as("what the accounts stage gets from it must not hurry, or it would hurry this thread too")
                .isFalse();
    }

    @Test
    void shouldTakeTurnsWithTheOtherTasksOfItsThread() {
        EarlyCommit other = new EarlyCommit(context, () -> caughtUp, turns);
        int asks = 0;
        for (int i = 0; i < 80; i++) {
            commit.note(now);
            other.note(now);
            asks += asksIn(Duration.ofMillis(25));
        }
        assertThat(asks)
                .as("in 2 s, each of which commits what both have processed")
                .isEqualTo(40);
    }

    @Test
    void shouldLeaveAnOldBacklogToTheCommitInterval() {
        for (int i = 0; i < 40; i++) {
            commit.note(now.minusSeconds(11));
            assertThat(asksIn(Duration.ofMillis(100))).isZero();
        }
        assertThat(commit.isLive()).isFalse();
    }

    @Test
    void shouldAskAtTheEndOfABacklogHoweverOldItIs() {
        caughtUp = true;
        commit.note(START.minus(Duration.ofDays(1)));
        assertThat(asksIn(Duration.ofSeconds(1))).isEqualTo(1);
        assertThat(commit.isLive()).isTrue();
    }

    private int asksIn(Duration time) {
        int asks = 0;
        for (Instant end = now.plus(time); now.isBefore(end); ) {
            now = now.plusMillis(25);
            for (MockProcessorContext.CapturedPunctuator timer : context.scheduledPunctuators()) {
                context.resetCommit();
                timer.getPunctuator().punctuate(now.toEpochMilli());
                asks += context.committed() ? 1 : 0;
            }
        }
        return asks;
    }
}
