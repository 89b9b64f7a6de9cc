package dev.tally.streams.http.live;

import static org.assertj.core.api.Assertions.assertThat;

import dev.tally.keys.Subject;
import dev.tally.streams.query.Changes;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.Optional;
import org.junit.jupiter.api.Test;

class ChangeStreamTest {

    private static final Subject USER = Subject.user("u1");

    private volatile Runnable watcher = () -> {};

    @Test
    void shouldNameASubjectThatChangesAllTheTimeAtItsPaceOnly() throws InterruptedException {
        // Given
        Changes changes = (subject, told) -> {
            watcher = told;
            return () -> watcher = () -> {};
        };
        ChangeStreams streams = new ChangeStreams(() -> Optional.of(changes));
        ChangeStream stream = streams.open("a").orElseThrow();
        assertThat(streams.change("a", "+user:u1")).isTrue();
        Thread busy = Thread.ofPlatform().start(() -> {
            while (!Thread.currentThread().isInterrupted()) {
                watcher.run();
            }
        });

        // When
        long began = System.nanoTime();
        for (int i = 0; i < 10; i++) {
            assertThat(new String(stream.next(), StandardCharsets.UTF_8)).isEqualTo(USER.text() + "\n");
        }
        Duration took = Duration.ofNanos(System.nanoTime() - began);
        busy.interrupt();
        busy.join();

        // Then the first comes at once
        assertThat(took).isGreaterThanOrEqualTo(Duration.ofMillis(9 * 20));
        stream.close();
        assertThat(stream.next()).isEmpty();
    }
}
