package dev.tally.sink.app;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.tally.sink.app.RunningParts.Start;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import org.junit.jupiter.api.Test;

final class RunningPartsTest {
    private final List<String> said = new ArrayList<>();
    private final CountDownLatch stop = new CountDownLatch(1);

    @Test
    void shouldStartInOrderAndEndInReverse() throws Exception {
        // When
        RunningParts.run(List.of(part("first"), part("second"), running -> stop.countDown()), stop);

        // Then
        assertThat(said).containsExactly("first starts", "second starts", "second ends", "first ends");
    }

    @Test
    void shouldEndWhatWasStartedWhenALaterOneFailsToStart() {
        // Given: a start of two parts, of which the second fails
        Start half = running -> {
            part("third").start(running);
            throw new IllegalStateException("cannot start");
        };

        // When and then: nobody has said stop
        assertThatThrownBy(() -> RunningParts.run(List.of(part("first"), part("second"), half, part("last")), stop))
                .hasMessage("cannot start");
        assertThat(said)
                .containsExactly(
                        "first starts", "second starts", "third starts", "third ends", "second ends", "first ends");
    }

    @Test
    void shouldEndAllThoughOneFailsTo() {
        Start stuck = running -> running.add(() -> {
            throw new IllegalStateException("does not end");
        });
        stop.countDown();

        // When and then
        assertThatThrownBy(() -> RunningParts.run(List.of(part("first"), stuck, part("third")), stop))
                .hasMessage("does not end");
        assertThat(said).containsExactly("first starts", "third starts", "third ends", "first ends");
    }

    private Start part(String name) {
        return running -> {
            said.add(name + " starts");
            running.add(() -> said.add(name + " ends"));
        };
    }
}
