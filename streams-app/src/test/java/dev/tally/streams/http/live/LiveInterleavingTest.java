package dev.tally.streams.http.live;

import static org.assertj.core.api.Assertions.assertThat;

import dev.tally.keys.Subject;
import dev.tally.streams.http.live.VirtualHub.Event;
import dev.tally.streams.http.live.VirtualHub.Listener;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Random;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * Counting, crashes, moves of partitions, midnights, slow answers, listeners that come, read when they like, and go, in any order. Whatever
 * the order, no listener sees less than before in a window, and once things calm down each has seen the last value.
 */
class LiveInterleavingTest {

    private static final int STEPS = 4_000;
    private static final List<Subject> SUBJECTS = List.of(Subject.user("u1"), Subject.org("o1"));

    @ParameterizedTest
    @ValueSource(longs = {1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20})
    void shouldNeverGoBackNorLoseTheLastValue(long seed) {
        // Given
        Run run = new Run(new Random(seed));

        // When
        for (int i = 0; i < STEPS; i++) {
            run.step();
        }
        run.calmDown();

        // Then
        run.assertAllIsSeen();
    }

    private static final class Run {
        private final VirtualHub virtual = new VirtualHub();
        private final Random random;
        private final Map<Listener, Followed> listeners = new HashMap<>();
        private final Map<Subject, Long> committed = new HashMap<>();

        Run(Random random) {
            this.random = random;
        }

        void step() {
            Subject subject = SUBJECTS.get(random.nextInt(SUBJECTS.size()));
            switch (random.nextInt(16)) {
                case 0, 1, 2, 3 -> virtual.count(subject);
                case 4 -> committed.put(subject, virtual.used(subject, virtual.today()));
                case 5 -> {
                    if (random.nextInt(20) == 0) {
                        crash(subject);
                    }
                }
                case 6 -> {
                    if (random.nextInt(10) == 0) {
                        virtual.away(random.nextBoolean());
                    }
                }
                case 7 -> {
                    if (random.nextInt(200) == 0) {
                        virtual.advance(Duration.ofHours(13));
                        committed.clear();
                    }
                }
                case 8 -> join(subject);
                case 9 -> leave();
                case 10, 11 -> answerOne();
                case 12, 13 -> virtual.advance(Duration.ofMillis(random.nextInt(200)));
                default -> {
                    virtual.hub.step();
                    readSome();
                }
            }
        }

        /** What was not committed is undone, and counted again soon after. */
        private void crash(Subject subject) {
            long shown = virtual.used(subject, virtual.today());
            virtual.set(subject, virtual.today(), Math.min(shown, committed.getOrDefault(subject, 0L)));
            for (int i = 0; i < 10; i++) {
                virtual.hub.step();
                answerOne();
                virtual.advance(Duration.ofMillis(random.nextInt(300)));
                readSome();
            }
            while (virtual.used(subject, virtual.today()) < shown) {
                virtual.count(subject);
            }
        }

        private void join(Subject subject) {
            if (listeners.size() < 12) {
                Followed followed = new Followed(subject, "actions");
                LiveStream stream = Objects.requireNonNull(virtual.hub.join(followed, null, () -> {}));
                listeners.put(new Listener(stream), followed);
            }
        }

        private void leave() {
            if (listeners.size() > 8) {
                Listener one = any();
                listeners.remove(one);
                one.stream.close();
            }
        }

        private Listener any() {
            return List.copyOf(listeners.keySet()).get(random.nextInt(listeners.size()));
        }

        private void answerOne() {
            if (!virtual.questions.isEmpty()) {
                virtual.questions
                        .remove(random.nextInt(virtual.questions.size()))
                        .run();
            }
        }

        private void readSome() {
            for (int i = 0; i < 3 && !listeners.isEmpty(); i++) {
                any().read();
            }
        }

        void calmDown() {
            virtual.away(false);
            virtual.pass(Duration.ofSeconds(40), Duration.ofMillis(50));
            listeners.keySet().forEach(Listener::read);
        }

        void assertAllIsSeen() {
            listeners.forEach((listener, followed) -> {
                if (!listener.stream.first().isDone()) {
                    throw new AssertionError("a listener was never answered");
                }
                if (listener.events.isEmpty()) {
                    // It came while nobody could answer, and was told so.
                    return;
                }
                List<Event> usage = new ArrayList<>(listener.events);
                usage.removeIf(event -> event.name().equals("status"));
                Seen before = null;
                for (Event event : usage) {
                    Seen seen = Seen.parse(event.id()).orElseThrow();
                    assertThat(seen.used()).isEqualTo(event.used());
                    if (before != null) {
                        assertThat(seen.isBehind(before))
                                .as("%s after %s", seen, before)
                                .isFalse();
                    }
                    before = seen;
                }
                assertThat(Objects.requireNonNull(before).used())
                        .isEqualTo(virtual.used(followed.subject(), virtual.today()));
                assertThat(listener.events.getLast().name()).isEqualTo("usage");
            });
        }
    }
}
