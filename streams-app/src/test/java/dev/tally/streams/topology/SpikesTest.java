package dev.tally.streams.topology;

import static org.assertj.core.api.Assertions.assertThat;

import dev.tally.schemas.AlertKind;
import dev.tally.schemas.QuotaAlert;
import dev.tally.schemas.Scope;
import dev.tally.schemas.Severity;
import dev.tally.schemas.Tick;
import dev.tally.schemas.UsagePart;
import dev.tally.schemas.UsageSum;
import dev.tally.streams.state.StoreNames;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class SpikesTest {

    private static final Instant START = Instant.parse("2026-03-02T00:00:00Z");
    private static final List<String> METERS = List.of("actions", "tokens");

    @TempDir
    Path stateDir;

    private final List<QuotaAlert> told = new ArrayList<>();
    private TaskStores task;
    private AccountClock clock;
    private Spikes spikes;

    @BeforeEach
    void start() {
        task = new TaskStores(stateDir);
        startAgain();
    }

    private void startAgain() {
        clock = new AccountClock(task.writeBack(StoreNames.ACCOUNT_CLOCK), 1, "subject-log-0");
        spikes = new Spikes(task.writeBack(StoreNames.ACCOUNT_ACTIVITY), clock, (key, message) -> {
            QuotaAlert alert = ((Message.Alert) message).alert();
            assertThat(key).isEqualTo(alert.getSubject());
            told.add(alert);
        });
    }

    @AfterEach
    void stop() {
        task.close();
    }

    private static Instant at(int day, int hour) {
        return START.plus(Duration.ofDays(day)).plus(Duration.ofHours(hour));
    }

    private void use(String subject, Instant at, long actions) {
        passTo(at);
        Instant day = at.truncatedTo(ChronoUnit.DAYS);
        spikes.apply(UsageSum.newBuilder()
                .setSubject(subject)
                .setMeters(METERS)
                .setParts(List.of(
                        new UsagePart(false, day, null, List.of(0L, 0L), List.of(0L, 0L)),
                        new UsagePart(true, day, null, List.of(actions, 0L), List.of(at.toEpochMilli(), 0L))))
                .setSplits(List.of())
                .setSteps(ByteBuffer.allocate(0))
                .setLastEventId("e-" + at)
                .build());
    }

    private void passTo(Instant now) {
        clock.observe(now);
        clock.tick(new Tick(0, now, now, now, true, 0L), now);
        spikes.tick();
    }

    /** Time passes, with a tick in every minute. */
    private void pass(Instant from, Instant to) {
        for (Instant now = from; now.isBefore(to); now = now.plus(Duration.ofMinutes(1))) {
            passTo(now);
        }
    }

    private void work(String subject, int fromDay, int toDay) {
        for (int day = fromDay; day < toDay; day++) {
            every(subject, Duration.ofMinutes(3), at(day, 9), at(day, 12));
        }
    }

    private void every(String subject, Duration distance, Instant from, Instant to) {
        for (Instant at = from; at.isBefore(to); at = at.plus(distance)) {
            use(subject, at, 1);
        }
    }

    private void writeBack() {
        spikes.writeBack();
        clock.writeBack();
    }

    @Test
    void shouldTellOfAnAnomaly() {
        // Given
        work("user:u%2F1", 0, 5);

        // When
        every("user:u%2F1", Duration.ofSeconds(10), at(5, 10), at(5, 12));

        // Then
        assertThat(told).hasSize(1);
        QuotaAlert alert = told.getFirst();
        assertThat(alert.getKind()).isEqualTo(AlertKind.ANOMALY);
        assertThat(alert.getSeverity()).isEqualTo(Severity.WARNING);
        assertThat(alert.getSubject()).isEqualTo("user:u%2F1");
        assertThat(alert.getScope()).isEqualTo(Scope.USER);
        assertThat(alert.getScopeId()).isEqualTo("u/1");
        assertThat(alert.getMeter()).isEqualTo("actions");
        assertThat(alert.getLimit()).isPositive();
        assertThat(alert.getUsed()).isGreaterThanOrEqualTo(5 * alert.getLimit());
        assertThat(alert.getWindowEnd()).isBetween(at(5, 10), at(5, 11));
        assertThat(alert.getCause()).startsWith("e-2026-03-07T10:");
        assertThat(alert.getAt()).isBetween(alert.getWindowStart(), alert.getWindowEnd());
        assertThat(alert.getLate()).isFalse();
    }

    @Test
    void shouldTellOfAnAnomalyOfTheIntakeAsAWhole() {
        // Given an installation that counts something each minute of the day
        for (int day = 0; day < 5; day++) {
            count(at(day, 0), at(day + 1, 0), 10);
        }

        // When
        count(at(5, 0), at(5, 2), 80);

        // Then
        assertThat(told).hasSize(1);
        QuotaAlert alert = told.getFirst();
        assertThat(alert.getKind()).isEqualTo(AlertKind.ANOMALY);
        assertThat(alert.getSubject()).isEqualTo(Spikes.INTAKE);
        assertThat(alert.getMeter()).isEqualTo(Spikes.EVENTS);
        assertThat(alert.getUsed()).isGreaterThanOrEqualTo(5 * alert.getLimit());
    }

    private void count(Instant from, Instant to, long each) {
        for (Instant now = from; now.isBefore(to); now = now.plus(Duration.ofMinutes(1))) {
            clock.observe(now);
            Tick tick = new Tick(0, now, now, now, false, each);
            clock.tick(tick, now);
            spikes.apply(tick);
            spikes.tick();
        }
    }

    @Test
    void shouldTellOfASilenceWhenTimePasses() {
        // Given
        work("org:o1", 0, 35);

        // When nothing comes on the day after, but time passes
        pass(at(35, 8), at(35, 12));

        // Then
        assertThat(told).hasSize(1);
        QuotaAlert alert = told.getFirst();
        assertThat(alert.getKind()).isEqualTo(AlertKind.SILENCE);
        assertThat(alert.getScope()).isEqualTo(Scope.ORG);
        assertThat(alert.getLimit()).isEqualTo(20);
        assertThat(alert.getUsed()).isZero();
        assertThat(alert.getWindowStart()).isEqualTo(at(35, 9));
        assertThat(alert.getWindowEnd()).isEqualTo(at(35, 10));
        assertThat(alert.getCause()).isEqualTo(Spikes.NO_ACTION);
    }

    @Test
    void shouldTellTheSameWhereverCommitsAndRestartsFall() {
        // Given
        history(new Random(0), 0, 0);
        List<QuotaAlert> uninterrupted = List.copyOf(told);
        assertThat(uninterrupted).extracting(QuotaAlert::getKind).contains(AlertKind.ANOMALY, AlertKind.SILENCE);

        for (int seed = 1; seed < 4; seed++) {
            // When
            told.clear();
            task.close();
            task = new TaskStores(stateDir.resolve("" + seed));
            startAgain();
            history(new Random(seed), 2, 5);

            // Then
            assertThat(told).isEqualTo(uninterrupted);
        }
    }

    /** Commits after one of so many days, and restarts after one of so many; 0 for never. */
    private void history(Random random, int commits, int restarts) {
        for (int day = 0; day < 37; day++) {
            every("user:u1", Duration.ofSeconds(day == 20 ? 10 : 180), at(day, 9), at(day, day == 36 ? 11 : 12));
            pass(at(day, 12), at(day, 13));
            every("org:o1", Duration.ofSeconds(day == 30 ? 15 : 240), at(day, 13), at(day, 15));
            if (commits > 0 && random.nextInt(commits) == 0) {
                writeBack();
            }
            if (restarts > 0 && random.nextInt(restarts) == 0) {
                writeBack();
                startAgain();
            }
        }
        passTo(at(37, 0));
    }

    @Test
    void shouldKeepNothingOfSubjectsThatAreGone() {
        // Given
        work("user:u1", 0, 2);
        work("org:o1", 0, 2);
        writeBack();

        // When
        passTo(at(410, 0));
        writeBack();

        // Then
        assertThat(task.writeBack(StoreNames.ACCOUNT_ACTIVITY).all()).isExhausted();
        assertThat(told).isEmpty();
    }
}
