package dev.tally.clock;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.Map;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

final class TestClockTest {

    private static final Instant MACHINE = Instant.parse("2026-01-01T00:00:00Z");

    private final Machine machine = new Machine();

    @TempDir
    private Path folder;

    private Path file;

    private static final class Machine implements InstantSource {
        private Instant now = MACHINE;

        @Override
        public Instant instant() {
            return now;
        }

        void passes(Duration time) {
            now = now.plus(time);
        }
    }

    @BeforeEach
    void chooseFile() {
        file = folder.resolve("clock");
    }

    @Test
    void shouldRunOnFromWhatTheFileSaysSinceItWasWritten() throws IOException {
        write("2026-11-30T23:59:50Z\n");
        InstantSource clock = TestClock.of(file.toString(), machine);

        assertThat(clock.instant()).isEqualTo("2026-11-30T23:59:50Z");
        machine.passes(Duration.ofSeconds(15));

        assertThat(clock.instant()).isEqualTo("2026-12-01T00:00:05Z");
        assertThat(TestClock.of(file.toString(), machine).instant()).isEqualTo("2026-12-01T00:00:05Z");
    }

    @Test
    void shouldFollowTheFileAsItIsWrittenAnew() throws IOException {
        write("2026-11-30T23:59:50Z");
        InstantSource clock = TestClock.of(file.toString(), machine);

        machine.passes(Duration.ofMinutes(1));
        write("2028-02-29T10:15:29Z");

        machine.passes(Duration.ofSeconds(1));
        assertThat(clock.instant()).isEqualTo("2028-02-29T10:15:30Z");
    }

    @Test
    void shouldNotTakeTheSecondOfTwoChangesOfOneMomentForTheFirst() throws IOException {
        write("2026-11-30T00:00:00Z");
        InstantSource clock = TestClock.of(file.toString(), machine);

        write("2026-12-01T00:00:00Z");
        machine.passes(Duration.ofMillis(25));

        assertThat(clock.instant()).isEqualTo("2026-12-01T00:00:00.025Z");
    }

    @Test
    void shouldStandStillInsteadOfGoingBack() throws IOException {
        write("2026-11-30T12:00:00Z");
        InstantSource clock = TestClock.of(file.toString(), machine);
        assertThat(clock.instant()).isEqualTo("2026-11-30T12:00:00Z");

        machine.passes(Duration.ofSeconds(1));
        write("2026-11-30T11:59:00Z");

        machine.passes(Duration.ofSeconds(30));
        assertThat(clock.instant()).isEqualTo("2026-11-30T12:00:00Z");
        machine.passes(Duration.ofSeconds(31));
        assertThat(clock.instant()).isEqualTo("2026-11-30T12:00:01Z");
    }

    @Test
    void shouldRunOnWhileTheFileCannotBeRead() throws IOException {
        write("2026-11-30T12:00:00Z");
        InstantSource clock = TestClock.of(file.toString(), machine);

        machine.passes(Duration.ofSeconds(1));
        write("2026-12-0");
        machine.passes(Duration.ofSeconds(1));
        assertThat(clock.instant()).isEqualTo("2026-11-30T12:00:02Z");
        Files.delete(file);
        machine.passes(Duration.ofSeconds(1));

        assertThat(clock.instant()).isEqualTo("2026-11-30T12:00:03Z");
    }

    @Test
    void shouldRefuseWhatIsNoClock() throws IOException {
        write("noon");

        assertThatIllegalArgumentException()
                .isThrownBy(() -> TestClock.of(file.toString(), machine))
                .withMessageContaining("no file with one instant");
        assertThat(TestClock.problem(folder.resolve("none").toString()))
                .hasValueSatisfying(problem -> assertThat(problem).contains("does not exist"));
        assertThat(TestClock.problem("\0")).isPresent();
        assertThat(TestClock.problem(TestClock.SYSTEM)).isEmpty();
    }

    @Test
    void shouldBeMovedBySettingIt() throws IOException {
        TestClock.set(file, Instant.parse("2027-01-31T10:15:30Z"));
        InstantSource clock = TestClock.of(file.toString());

        assertThat(clock.instant()).isBetween("2027-01-31T10:15:30Z", "2027-01-31T10:20:00Z");
    }

    @Test
    void shouldStampWhatIsSentAndNothingElse() throws IOException {
        TestClock.set(file, Instant.parse("2027-01-31T10:15:30Z"));
        Map<String, Object> client = ClockStamps.client(Map.of("interceptor.classes", "other.One"), file.toString());
        try (ClockStamps<String, String> stamps = new ClockStamps<>()) {
            stamps.configure(client);

            ProducerRecord<String, String> sent = stamps.onSend(new ProducerRecord<>("t", 3, 17L, "k", "v"));

            assertThat(Instant.ofEpochMilli(sent.timestamp()))
                    .isBetween("2027-01-31T10:15:30Z", "2027-01-31T10:20:00Z");
            assertThat(sent).isEqualTo(new ProducerRecord<>("t", 3, sent.timestamp(), "k", "v", sent.headers()));
        }
        assertThat(client).containsEntry("interceptor.classes", "other.One," + ClockStamps.class.getName());
        assertThat(ClockStamps.client(Map.of("a", "b"), TestClock.SYSTEM)).isEqualTo(Map.of("a", "b"));
    }

    /** As somebody would write it at the machine's time, in place. */
    private void write(String text) throws IOException {
        Files.writeString(file, text);
        Files.setLastModifiedTime(file, FileTime.from(machine.now));
    }
}
