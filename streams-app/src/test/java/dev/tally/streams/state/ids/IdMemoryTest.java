package dev.tally.streams.state.ids;

import static org.assertj.core.api.Assertions.assertThat;

import dev.tally.streams.state.ids.IdMemory.Settings;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;

class IdMemoryTest {

    private static final long MEMORY = 1 << 20;
    private static final int SEEDS = 50;
    private static final int STEPS = 4_000;

    private record Id(long hi, long lo) {}

    /** The memory beside a plain map of what was accepted when, both taken back to the last commit by a crash. */
    private static final class Simulation {
        private final long seed;
        private final SplittableRandom random;
        private final TransactionalRows rows = new TransactionalRows();
        private final List<Id> ids = new ArrayList<>();
        private Map<Id, Long> accepted = new HashMap<>();
        private Map<Id, Long> committed = new HashMap<>();
        private long now = 1_000_000;
        private long committedNow = now;
        private long horizon;
        private long longestGeneration;
        private Shape shape;
        private IdMemory memory;

        Simulation(long seed) {
            this.seed = seed;
            random = new SplittableRandom(seed);
            shape = change();
            memory = open();
        }

        private Shape change() {
            horizon = random.nextInt(50, 4_000);
            long generation = Math.max(10, horizon / 8);
            longestGeneration = Math.max(longestGeneration, generation);
            return new Shape(
                    16 << random.nextInt(4),
                    1 + random.nextInt(8),
                    2 + random.nextInt(4),
                    generation,
                    random.nextInt(3) == 0 ? 0 : random.nextInt(400_000));
        }

        private IdMemory open() {
            return IdMemory.open(rows, new Settings(Duration.ofMillis(horizon), MEMORY), shape);
        }

        void run() {
            int pace = random.nextInt(1, 5);
            for (int i = 0; i < STEPS; i++) {
                int dice = random.nextInt(1_000);
                if (dice < 860) {
                    event(pace);
                } else if (dice < 940) {
                    memory.tend(now, random.nextInt(300));
                } else if (dice < 985) {
                    commit();
                } else {
                    end(dice);
                }
                assertThat(memory.figures().filterBytes()).as("seed %d", seed).isLessThanOrEqualTo(shape.filterBytes());
            }
            settle();
        }

        private void event(int pace) {
            Id id = pick();
            check(id);
            if (!memory.knows(id.hi(), id.lo(), now)) {
                now += random.nextInt(1_500) == 0 ? random.nextInt(10_000) : random.nextInt(pace);
                memory.remember(id.hi(), id.lo(), now);
                accepted.put(id, now);
                check(id);
            }
        }

        private Id pick() {
            if (ids.isEmpty() || random.nextInt(4) > 0) {
                Id id = random.nextInt(2_000) == 0 ? new Id(0, 0) : new Id(random.nextLong(), random.nextLong());
                ids.add(id);
                return id;
            }
            int last = ids.size();
            return ids.get(random.nextInt(random.nextBoolean() ? 0 : Math.max(0, last - 50), last));
        }

        private void check(Id id) {
            boolean known = memory.knows(id.hi(), id.lo(), now);
            Long at = accepted.get(id);
            long forgotten = memory.forgottenUpTo(now).orElse(Long.MIN_VALUE);
            if (at == null) {
                assertThat(known).as("seed %d: never accepted", seed).isFalse();
            } else if (at >= now - horizon && at > forgotten) {
                assertThat(known)
                        .as("seed %d: accepted at %d, now %d", seed, at, now)
                        .isTrue();
            } else if (at < now - horizon - longestGeneration) {
                assertThat(known)
                        .as("seed %d: accepted at %d, now %d", seed, at, now)
                        .isFalse();
            }
            if (at != null && !known) {
                assertThat(forgotten).as("seed %d", seed).isGreaterThanOrEqualTo(at);
            }
        }

        private void commit() {
            memory.drain();
            rows.commit();
            committed = new HashMap<>(accepted);
            committedNow = now;
        }

        /** A crash or an orderly end, with other settings after it or the same. */
        private void end(int dice) {
            if (dice % 2 == 0) {
                commit();
            }
            rows.rollback();
            accepted = new HashMap<>(committed);
            now = committedNow;
            if (dice % 3 == 0) {
                shape = change();
            }
            memory = open();
        }

        /** Once there is nothing left to do, all that was accepted is answered for and no row is left over. */
        private void settle() {
            for (Id id : ids) {
                check(id);
            }
            for (int i = 0; i < 2_000; i++) {
                memory.tend(now, 1_000);
            }
            assertThat(memory.idle()).isTrue();
            commit();
            Manifest manifest = Manifest.read(rows);
            int expected = 1;
            for (Run run : manifest.runs) {
                expected += run.buckets() + Filter.chunksOf(run.buckets());
            }
            rows.rangeReads = 0;
            memory = open();
            assertThat(rows.size()).as("seed %d", seed).isEqualTo(expected + rows.rangeReads);
            for (Manifest.Generation generation : manifest.generations) {
                if (manifest.closed(generation)) {
                    assertThat(manifest.runs.stream().filter(run -> run.generation() == generation.id()))
                            .hasSizeLessThanOrEqualTo(1);
                }
            }
            for (Id id : ids) {
                check(id);
            }
        }
    }

    @Test
    void shouldAnswerAsAPlainMapWouldWhateverHappens() {
        for (long seed = 0; seed < SEEDS; seed++) {
            new Simulation(seed).run();
        }
    }

    @Test
    void shouldKeepUpWithAcceptingAndKeepToItsMemory() {
        // Given
        Settings settings = new Settings(Duration.ofDays(1), MEMORY);
        Shape shape = new Shape(256, 8, 8, 10_000, 60_000);
        TransactionalRows rows = new TransactionalRows();
        IdMemory memory = IdMemory.open(rows, settings, shape);
        SplittableRandom random = new SplittableRandom(7);
        int mostRuns = 0;
        int mostWrites = 0;

        // When
        for (int i = 1; i <= 60_000; i++) {
            memory.remember(random.nextLong(), random.nextLong(), i);
            if (i % 16 == 0) {
                rows.writes = 0;
                memory.tend(i, 0);
                mostWrites = Math.max(mostWrites, rows.writes);
                memory.drain();
                rows.commit();
            }
            mostRuns = Math.max(mostRuns, memory.figures().runs());
            assertThat(memory.figures().filterBytes()).isLessThanOrEqualTo(60_000);
            assertThat(memory.figures().recentBytes()).isLessThanOrEqualTo(2 * RecentIds.bytesFor(256) + 300_000);
        }

        // Then
        assertThat(memory.figures().ids()).isEqualTo(60_000);
        assertThat(mostRuns).isLessThanOrEqualTo(5 + 3 * 9);
        assertThat(mostWrites).isLessThanOrEqualTo(200);
    }

    @Test
    void shouldReadOnlyManifestAndBlocksWhenOpened() {
        // Given
        Settings settings = new Settings(Duration.ofDays(1), MEMORY);
        Shape shape = new Shape(256, 8, 8, 10_000, 1 << 20);
        TransactionalRows rows = new TransactionalRows();
        IdMemory memory = IdMemory.open(rows, settings, shape);
        SplittableRandom random = new SplittableRandom(8);
        for (int i = 0; i < 20_000; i++) {
            memory.remember(random.nextLong(), random.nextLong(), i);
            if (i % 100 == 0) {
                memory.tend(i, 0);
                memory.drain();
            }
        }
        memory.drain();
        rows.reads = 0;
        rows.rangeReads = 0;

        // When
        IdMemory opened = IdMemory.open(rows, settings, shape);

        // Then
        assertThat(rows.reads).isEqualTo(1);
        assertThat(rows.rangeReads).isLessThanOrEqualTo(2 * 256 / 64);
        assertThat(opened.figures().ids()).isEqualTo(20_000);
        assertThat(opened.figures().filterBytes()).isZero();
        opened.tend(20_000, 1 << 20);
        assertThat(opened.figures().filterBytes()).isPositive();
    }

    @Test
    void shouldForgetWhenTheHorizonIsPastAndSayUpToWhen() {
        // Given
        Settings settings = new Settings(Duration.ofHours(24), MEMORY);
        IdMemory memory = IdMemory.open(new TransactionalRows(), settings);
        memory.remember(1, 1, 1_000);
        long end = 1_000 + Duration.ofHours(24).toMillis();

        // When
        boolean atTheEnd = memory.knows(1, 1, end);
        boolean after = memory.knows(1, 1, end + 1);

        // Then
        assertThat(atTheEnd).isTrue();
        assertThat(after).isFalse();
        assertThat(memory.forgottenUpTo(end + 1)).hasValue(1_000);
    }
}
