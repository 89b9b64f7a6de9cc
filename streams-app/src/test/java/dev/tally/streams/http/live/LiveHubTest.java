package dev.tally.streams.http.live;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.tally.keys.Subject;
import dev.tally.streams.http.live.VirtualHub.Event;
import dev.tally.streams.http.live.VirtualHub.Listener;
import dev.tally.streams.query.Answer;
import java.time.Duration;
import java.time.Instant;
import java.time.LocalDate;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

/** What listeners are told, and when; in a time that the tests move. */
class LiveHubTest {

    private static final Subject USER = Subject.user("u1");
    private static final Followed ACTIONS = new Followed(USER, "actions");
    private static final LocalDate DAY = LocalDate.parse("2026-11-21");

    private final VirtualHub virtual = new VirtualHub();

    @Test
    void shouldTellUsageAtOnce() {
        // Given
        virtual.set(USER, DAY, 42);

        // When
        Listener listener = virtual.listen(ACTIONS);

        // Then
        assertThat(listener.stream.first()).isCompletedWithValueMatching(Answer.Found.class::isInstance);
        assertThat(listener.read())
                .containsExactly(
                        new Event("2026-11-21T00:00:00Z/42", "usage", "{\"used\":42,\"limit\":null,\"stale\":false}"));
    }

    @Test
    void shouldTellTheFirstChangeAtOnceThoughFurtherOnesWait() {
        // Given
        Listener listener = virtual.listen(ACTIONS);
        virtual.pass(Duration.ofSeconds(1));
        listener.read();

        // When
        virtual.count(USER);
        virtual.settle();

        // Then
        assertThat(listener.read()).extracting(Event::used).containsExactly(1L);
        virtual.count(USER);
        virtual.count(USER);
        virtual.pass(Duration.ofMillis(90));
        assertThat(listener.read()).isEmpty();
        virtual.pass(Duration.ofMillis(10));
        assertThat(listener.read()).extracting(Event::used).containsExactly(3L);
        virtual.pass(Duration.ofSeconds(3));
        assertThat(listener.read()).isEmpty();
    }

    @Test
    void shouldNotLetASecondNoticeOfAnActionHoldUpTheNext() {
        // Given an action that is told of at once, and noticed once more when its account has changed
        Listener listener = virtual.listen(ACTIONS);
        virtual.pass(Duration.ofSeconds(1));
        virtual.count(USER);
        virtual.settle();
        virtual.pass(Duration.ofMillis(95));
        virtual.notice(USER);
        virtual.pass(Duration.ofMillis(25));
        assertThat(listener.read()).extracting(Event::used).endsWith(1L);

        // When
        virtual.count(USER);
        virtual.settle();

        // Then
        assertThat(listener.read()).extracting(Event::used).containsExactly(2L);
    }

    @Test
    void shouldNotAskWithoutEndWhereNoticesBringNothingNew() {
        // Given
        virtual.listen(ACTIONS);
        virtual.pass(Duration.ofSeconds(1));
        int before = virtual.asked.getOrDefault(ACTIONS, 0);

        // When
        for (int i = 0; i < 1_000; i++) {
            virtual.advance(Duration.ofMillis(1));
            virtual.notice(USER);
            virtual.settle();
        }

        // Then
        assertThat(virtual.asked.getOrDefault(ACTIONS, 0) - before).isBetween(10, 14);
    }

    @Test
    void shouldTellAtMostTenTimesASecond() {
        // Given
        Listener listener = virtual.listen(ACTIONS);
        virtual.pass(Duration.ofSeconds(1));
        listener.read();

        // When
        for (int i = 0; i < 3_000; i++) {
            virtual.advance(Duration.ofMillis(1));
            virtual.count(USER);
            virtual.settle();
            listener.read();
        }
        virtual.pass(Duration.ofMillis(100));
        listener.read();

        // Then
        assertThat(listener.events).hasSizeBetween(30, 32);
        assertThat(listener.events.getLast().used()).isEqualTo(3_000);
    }

    @Test
    void shouldAskAgainWhenAChangeComesWhileAQuestionIsUnderWay() {
        // Given
        Listener listener = virtual.listen(ACTIONS);
        virtual.pass(Duration.ofSeconds(1));
        listener.read();
        virtual.count(USER);
        virtual.hub.step();
        assertThat(virtual.questions).hasSize(1);

        // When
        virtual.questions.removeFirst().run();
        virtual.count(USER);
        virtual.pass(Duration.ofMillis(200));

        // Then
        assertThat(listener.read()).extracting(Event::used).containsExactly(2L);
    }

    @Test
    void shouldNotAskForEverWhereAnAnswerIsLost() {
        // Given
        Listener listener = virtual.listen(ACTIONS);
        virtual.pass(Duration.ofSeconds(1));
        virtual.count(USER);
        virtual.hub.step();
        virtual.loseAnswers(true);
        assertThatThrownBy(() -> virtual.questions.removeFirst().run()).isInstanceOf(AssertionError.class);
        virtual.loseAnswers(false);

        // When
        virtual.pass(Duration.ofSeconds(31));

        // Then
        assertThat(listener.read()).extracting(Event::used).containsExactly(1L);
    }

    @Test
    void shouldNotAskAgainWhatStillWaitsToBeAsked() {
        // Given a question that waits behind others
        Listener listener = virtual.listen(ACTIONS);
        virtual.pass(Duration.ofSeconds(1));
        listener.read();
        virtual.count(USER);
        for (int i = 0; i < 400; i++) {
            virtual.advance(Duration.ofMillis(250));
            virtual.hub.step();
        }

        // When
        assertThat(virtual.questions).hasSize(1);
        virtual.settle();

        // Then
        assertThat(listener.read()).extracting(Event::used).containsExactly(1L);
    }

    @Test
    void shouldNotAskForWhomNobodyFollowsAnyMore() {
        // Given
        Listener listener = virtual.listen(ACTIONS);
        virtual.pass(Duration.ofSeconds(1));
        virtual.count(USER);
        virtual.hub.step();
        int before = virtual.asked.getOrDefault(ACTIONS, 0);

        // When
        listener.stream.close();
        virtual.settle();

        // Then
        assertThat(virtual.asked).containsEntry(ACTIONS, before);
    }

    @Test
    void shouldSpreadTheQuestionsOfMidnight() {
        // Given
        List<Listener> listeners = IntStream.range(0, 800)
                .mapToObj(i -> virtual.listen(new Followed(Subject.user("u" + i), "actions")))
                .toList();
        virtual.advance(Duration.between(virtual.now(), Instant.parse("2026-11-21T23:59:59.900Z")));
        virtual.settle();
        listeners.forEach(Listener::read);

        // When
        virtual.advance(Duration.ofMillis(100));
        virtual.hub.step();

        // Then
        assertThat(virtual.questions).hasSizeLessThan(100);
        virtual.pass(Duration.ofMillis(300));
        assertThat(listeners)
                .allSatisfy(listener ->
                        assertThat(listener.read()).extracting(Event::id).containsExactly("2026-11-22T00:00:00Z/0"));
    }

    @Test
    void shouldSpreadQuestionsThatBeganTogether() {
        // Given
        for (int i = 0; i < 800; i++) {
            virtual.hub.join(new Followed(Subject.user("u" + i), "actions"), null, () -> {});
        }
        virtual.settle();

        // When
        int most = 0;
        for (int i = 0; i < 40; i++) {
            virtual.advance(Duration.ofMillis(250));
            virtual.hub.step();
            most = Math.max(most, virtual.questions.size());
            virtual.settle();
        }

        // Then
        assertThat(most).isLessThan(400);
    }

    @Test
    void shouldTellAChangedLimit() {
        // Given
        Listener listener = virtual.listen(ACTIONS);
        listener.read();

        // When
        virtual.limit(500);
        virtual.notice(USER);
        virtual.pass(Duration.ofMillis(100));

        // Then
        assertThat(listener.data()).containsExactly("{\"used\":0,\"limit\":500,\"stale\":false}");
    }

    @Test
    void shouldTellAChangeThatGaveNoNotice() {
        // Given
        Listener listener = virtual.listen(ACTIONS);
        listener.read();

        // When
        virtual.set(USER, DAY, 7);
        virtual.pass(Duration.ofMillis(5_250));

        // Then
        assertThat(listener.read()).extracting(Event::used).containsExactly(7L);
    }

    @Test
    void shouldBeginANewDayAtMidnight() {
        // Given
        virtual.set(USER, DAY, 42);
        Listener listener = virtual.listen(ACTIONS);
        virtual.advance(Duration.between(virtual.now(), Instant.parse("2026-11-21T23:59:59.800Z")));
        virtual.settle();
        listener.read();

        // When
        virtual.advance(Duration.ofMillis(200));
        virtual.settle();

        // Then
        assertThat(listener.read())
                .containsExactly(
                        new Event("2026-11-22T00:00:00Z/0", "usage", "{\"used\":0,\"limit\":null,\"stale\":false}"));
    }

    @Test
    void shouldSleepUntilMidnightAtMost() {
        // Given
        virtual.listen(ACTIONS);
        virtual.advance(Duration.between(virtual.now(), Instant.parse("2026-11-21T23:59:59.990Z")));
        virtual.settle();

        // When
        long nanos = virtual.hub.step();

        // Then
        assertThat(nanos).isEqualTo(Duration.ofMillis(10).toNanos());
    }

    @Test
    void shouldHoldBackWhatACrashHasUndone() {
        // Given
        virtual.set(USER, DAY, 42);
        Listener listener = virtual.listen(ACTIONS);
        listener.read();

        // When
        virtual.set(USER, DAY, 40);
        virtual.pass(Duration.ofSeconds(6));

        // Then
        assertThat(listener.data()).containsExactly("{\"used\":42,\"limit\":null,\"stale\":true}");
        Listener newcomer = virtual.listen(ACTIONS);
        assertThat(newcomer.data()).containsExactly("{\"used\":42,\"limit\":null,\"stale\":true}");
        virtual.set(USER, DAY, 42);
        virtual.pass(Duration.ofSeconds(2));
        assertThat(listener.data()).containsExactly("{\"used\":42,\"limit\":null,\"stale\":false}");
    }

    @Test
    void shouldBelieveALowerAnswerThatStays() {
        // Given
        virtual.set(USER, DAY, 42);
        Listener listener = virtual.listen(ACTIONS);
        listener.read();

        // When
        virtual.set(USER, DAY, 40);
        virtual.pass(Duration.ofSeconds(70), Duration.ofMillis(100));

        // Then
        assertThat(listener.read()).extracting(Event::used).containsExactly(40L);
    }

    @Test
    void shouldNotBelieveALowerAnswerThatIsStale() {
        // Given
        virtual.set(USER, DAY, 42);
        Listener listener = virtual.listen(ACTIONS);
        listener.read();

        // When
        virtual.set(USER, DAY, 40);
        virtual.stale(true);
        virtual.pass(Duration.ofSeconds(200), Duration.ofMillis(100));

        // Then
        assertThat(listener.data()).containsExactly("{\"used\":42,\"limit\":null,\"stale\":true}");
    }

    @Test
    void shouldWaitForWhatAListenerHasSeenElsewhere() {
        // Given
        virtual.set(USER, DAY, 40);

        // When
        Listener listener =
                virtual.listen(ACTIONS, Seen.parse("2026-11-21T00:00:00Z/42").orElseThrow(), () -> {});

        // Then
        assertThat(listener.read()).extracting(Event::name).containsExactly("status");
        virtual.count(USER);
        virtual.pass(Duration.ofMillis(100));
        assertThat(listener.read()).isEmpty();
        virtual.count(USER);
        virtual.pass(Duration.ofMillis(100));
        assertThat(listener.read()).extracting(Event::used).containsExactly(42L);
    }

    @Test
    void shouldNotWaitForeverForWhatAListenerClaimsToHaveSeen() {
        // Given
        Listener listener = virtual.listen(ACTIONS, new Seen(Instant.MAX, Long.MAX_VALUE), () -> {});
        listener.read();

        // When
        virtual.pass(Duration.ofSeconds(61), Duration.ofMillis(100));

        // Then
        assertThat(listener.read()).extracting(Event::used).containsExactly(0L);
    }

    @Test
    void shouldSayThatNobodyCanAnswer() {
        // Given
        Listener listener = virtual.listen(ACTIONS);
        listener.read();

        // When
        virtual.away(true);
        virtual.pass(Duration.ofSeconds(20));

        // Then
        assertThat(listener.read()).containsExactly(new Event("", "status", "{\"ready\":false,\"reason\":\"moving\"}"));
        virtual.away(false);
        virtual.pass(Duration.ofMillis(1_250));
        assertThat(listener.read()).extracting(Event::used).containsExactly(0L);
    }

    @Test
    void shouldRefuseWhileNobodyCanAnswer() {
        // Given
        virtual.away(true);

        // When
        Listener listener = virtual.listen(ACTIONS);

        // Then
        assertThat(listener.stream.first()).isCompletedWithValueMatching(Answer.NotReady.class::isInstance);
        assertThat(listener.read()).isEmpty();
        listener.stream.close();
        virtual.settle();
        assertThat(virtual.watchers(USER)).isZero();
    }

    @Test
    void shouldEndStreamsOfAMeterThatIsGone() {
        // Given
        Listener listener = virtual.listen(ACTIONS);
        listener.read();

        // When
        virtual.removeMeter();
        virtual.notice(USER);
        virtual.pass(Duration.ofMillis(100));

        // Then
        assertThat(listener.stream.next()).isEmpty();
    }

    @Test
    void shouldAskOnceForAllWhoFollowTheSame() {
        // Given
        List<Listener> listeners =
                IntStream.range(0, 100).mapToObj(i -> virtual.listen(ACTIONS)).toList();
        listeners.forEach(Listener::read);
        virtual.pass(Duration.ofSeconds(1));

        // When
        virtual.count(USER);
        virtual.hub.step();

        // Then
        assertThat(virtual.questions).hasSize(1);
        assertThat(virtual.watchers(USER)).isEqualTo(1);
        virtual.settle();
        assertThat(listeners)
                .allSatisfy(listener ->
                        assertThat(listener.read()).extracting(Event::used).containsExactly(1L));
        listeners.forEach(listener -> listener.stream.close());
        virtual.settle();
        assertThat(virtual.watchers(USER)).isZero();
        assertThat(virtual.hub.figures().open()).isZero();
    }

    @Test
    void shouldDropWhoDoesNotReadAndServeTheOthers() {
        // Given
        AtomicInteger aborted = new AtomicInteger();
        Listener slow = virtual.listen(ACTIONS, null, aborted::incrementAndGet);
        Listener quick = virtual.listen(ACTIONS);
        slow.take();
        quick.read();

        // When
        for (int i = 0; i < 100; i++) {
            virtual.count(USER);
            virtual.pass(Duration.ofMillis(100), Duration.ofMillis(50));
            quick.read();
        }
        virtual.pass(Duration.ofSeconds(1));

        // Then
        assertThat(aborted).hasValue(1);
        assertThat(virtual.hub.figures().dropped()).isEqualTo(1);
        assertThat(quick.events).hasSize(101);
        assertThat(slow.read()).extracting(Event::used).containsExactly(100L);
        assertThat(slow.stream.next()).isEmpty();
    }

    @Test
    void shouldKeepTheNewestOnlyForWhoIsSlow() {
        // Given
        Listener slow = virtual.listen(ACTIONS);
        slow.read();

        // When
        for (int i = 0; i < 20; i++) {
            virtual.count(USER);
            virtual.pass(Duration.ofMillis(100));
        }

        // Then
        assertThat(slow.read()).extracting(Event::used).containsExactly(20L);
    }

    @Test
    void shouldGiveSignsOfLifeWhereNothingHappens() {
        // Given
        Listener listener = virtual.listen(ACTIONS);
        listener.read();

        // When
        for (int i = 0; i < 61; i++) {
            virtual.pass(Duration.ofSeconds(1), Duration.ofMillis(250));
            listener.read();
        }

        // Then
        assertThat(listener.beats).isEqualTo(4);
        assertThat(listener.events).hasSize(1);
    }

    @Test
    void shouldOpenNoMoreThanMayBe() {
        // Given
        for (int i = 0; i < VirtualHub.MOST; i++) {
            virtual.hub.join(ACTIONS, null, () -> {});
        }

        // When
        LiveStream oneMore = virtual.hub.join(ACTIONS, null, () -> {});

        // Then
        assertThat(oneMore).isNull();
        assertThat(virtual.hub.figures().open()).isEqualTo(VirtualHub.MOST);
    }

    @Test
    void shouldEndAllStreamsWhenItCloses() {
        // Given
        Listener listener = virtual.listen(ACTIONS);
        listener.read();

        // When
        virtual.hub.close();
        virtual.hub.step();

        // Then
        assertThat(listener.stream.next()).isEmpty();
        assertThat(virtual.watchers(USER)).isZero();
        LiveStream late = virtual.hub.join(ACTIONS, null, () -> {});
        assertThat(Objects.requireNonNull(late).first())
                .isCompletedWithValueMatching(Answer.NotReady.class::isInstance);
    }

    @Test
    void shouldReadItsOwnIdsOnly() {
        assertThat(Seen.parse("2026-11-21T00:00:00Z/42")).contains(new Seen(Instant.parse("2026-11-21T00:00:00Z"), 42));
        for (String other : List.of("", "42", "/", "2026-11-21T00:00:00Z/", "2026-11-21T00:00:00Z/-1", "x/1", "\0")) {
            assertThat(Seen.parse(other)).as(other).isEmpty();
        }
    }
}
