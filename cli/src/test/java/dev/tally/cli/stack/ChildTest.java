package dev.tally.cli.stack;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.CountDownLatch;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Supervision, with real processes. */
class ChildTest {

    private static final Duration SOON = Duration.ofSeconds(20);

    @TempDir
    private Path data = Path.of("unset");

    private final List<String> said = new CopyOnWriteArrayList<>();
    private final List<Child> started = new CopyOnWriteArrayList<>();

    @AfterEach
    void stop() {
        started.forEach(Child::stop);
    }

    @Test
    void shouldStartAgainWhatIsKilled() {
        // Given
        Child child = start("wait");
        await().atMost(SOON).until(() -> pids().size() == 1);

        // When
        handle(pids().getFirst()).destroyForcibly();

        // Then it is another process, and the file names it
        await().atMost(SOON).until(() -> pids().size() == 2);
        assertThat(said)
                .singleElement()
                .asString()
                .startsWith("fixture ended with")
                .endsWith("starting it again");
        assertThat(pidFile()).hasContent(pids().getLast());
        assertThat(child.refused()).isFalse();
    }

    @Test
    void shouldStopCleanly() {
        // Given
        Child child = start("wait");
        await().atMost(SOON).until(() -> pids().size() == 1);

        // When
        child.stop();

        // Then its own clean-up has run, and nothing starts it again
        assertThat(notes()).contains("stopped");
        assertThat(ProcessHandle.of(Long.parseLong(pids().getFirst()))).isEmpty();
        assertThat(pidFile()).doesNotExist();
        assertThat(said).isEmpty();
    }

    @Test
    void shouldNotStartAgainWhatRefusesItsSettings() {
        // When
        Child child = start("2");

        // Then its own words are passed on
        await().atMost(SOON).until(child::refused);
        await().atMost(SOON).until(() -> !said.isEmpty());
        assertThat(said).singleElement().asString().contains("refuses its settings", "settings: all wrong");
        assertThat(pids()).hasSize(1);
    }

    @Test
    void shouldLeaveTheTerminalsInterruptToItsParent() throws IOException, InterruptedException {
        // Given
        start("wait");
        await().atMost(SOON).until(() -> pids().size() == 1);

        // When
        for (String signal : List.of("-INT", "-HUP")) {
            assertThat(new ProcessBuilder("kill", signal, pids().getFirst())
                            .start()
                            .waitFor())
                    .isZero();
        }

        // Then it lives: it is there to be stopped in its turn
        await().during(Duration.ofMillis(500)).atMost(SOON).until(handle(pids().getFirst())::isAlive);
        assertThat(notes()).doesNotContain("stopped");
    }

    @Test
    void shouldEndWithItsParent() throws IOException, InterruptedException {
        // Given a parent with a child
        Path notes = data.resolve("notes");
        Process parent = new ProcessBuilder(
                        java(),
                        "-cp",
                        System.getProperty("java.class.path"),
                        Parent.class.getName(),
                        data.toString(),
                        notes.toString())
                .redirectErrorStream(true)
                .redirectOutput(data.resolve("parent.log").toFile())
                .start();
        await().atMost(SOON).until(() -> pids().size() == 1);
        ProcessHandle child = handle(pids().getFirst());

        // When
        parent.destroyForcibly().waitFor();

        // Then
        await().atMost(SOON).until(() -> !child.isAlive());
        assertThat(notes()).contains("stopped");
    }

    /** Starts a child and waits for ever. */
    static final class Parent {
        private Parent() {}

        /** @param args the folder and the file of notes */
        public static void main(String[] args) throws InterruptedException {
            new Child(spec(Path.of(args[1]), "wait"), Path.of(args[0]), System.out::println).start();
            new CountDownLatch(1).await();
        }
    }

    private Child start(String behaviour) {
        Child child = new Child(spec(data.resolve("notes"), behaviour), data, said::add);
        started.add(child);
        child.start();
        return child;
    }

    private static Child.Spec spec(Path notes, String behaviour) {
        // No archive of classes: it cannot be made of a class path with folders.
        return new Child.Spec(
                "fixture",
                List.of(
                        "-XX:-AutoCreateSharedArchive",
                        "-XX:TieredStopAtLevel=1",
                        "-Xmx32m",
                        "-cp",
                        System.getProperty("java.class.path")),
                List.of(Fixture.class.getName(), notes.toString(), behaviour),
                Map.of());
    }

    private static String java() {
        return Path.of(System.getProperty("java.home"), "bin", "java").toString();
    }

    private static ProcessHandle handle(String pid) {
        return ProcessHandle.of(Long.parseLong(pid)).orElseThrow();
    }

    private Path pidFile() {
        return data.resolve("pids").resolve("fixture.pid");
    }

    private List<String> notes() {
        Path notes = data.resolve("notes");
        try {
            return Files.exists(notes) ? Files.readAllLines(notes) : List.of();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private List<String> pids() {
        return notes().stream()
                .filter(line -> line.startsWith("pid "))
                .map(line -> line.substring(4))
                .toList();
    }
}
