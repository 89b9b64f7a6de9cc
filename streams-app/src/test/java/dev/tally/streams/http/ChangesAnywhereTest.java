package dev.tally.streams.http;

import static org.assertj.core.api.Assertions.assertThat;

import dev.tally.keys.Subject;
import dev.tally.streams.http.live.ChangesAnywhere;
import dev.tally.streams.query.InstanceClient.Calls;
import dev.tally.streams.query.Owners.Owner;
import java.net.http.HttpClient;
import java.net.http.HttpResponse;
import java.time.Duration;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.atomic.AtomicInteger;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** Changes that another instance makes, over real sockets. */
class ChangesAnywhereTest {

    private static final Subject HERE = Subject.user("here");
    private static final Subject THERE = Subject.user("there");

    private final ServedApi other = new ServedApi();
    private final ChangesInMemory here = new ChangesInMemory();
    private final HttpClient http = HttpClient.newHttpClient();
    private volatile Set<Owner.At> keepers = Set.of(address(other));
    private final ChangesAnywhere anywhere = new ChangesAnywhere(
            here,
            subject -> subject.equals(THERE) ? keepers : Set.of(),
            new Calls(http, "http", () -> Map.of("X-Asks", "an instance")));

    private static Owner.At address(ServedApi api) {
        return new Owner.At("127.0.0.1", api.api().port());
    }

    @AfterEach
    void stop() {
        anywhere.close();
        http.shutdownNow();
        other.close();
    }

    private static void await(Runnable until) {
        Awaitility.await().atMost(Duration.ofSeconds(20)).untilAsserted(until::run);
    }

    @Test
    void shouldTellOfChangesHereAndThere() {
        // Given
        anywhere.start();
        AtomicInteger toldOfHere = new AtomicInteger();
        AtomicInteger toldOfThere = new AtomicInteger();
        Runnable unwatch = anywhere.watch(THERE, toldOfThere::incrementAndGet);
        Runnable unwatchHere = anywhere.watch(HERE, toldOfHere::incrementAndGet);
        await(() -> assertThat(other.changes.watchers(THERE)).isEqualTo(1));
        await(() -> assertThat(toldOfThere).hasPositiveValue());
        int before = toldOfThere.get();

        // When
        other.changes.notice(THERE);
        here.notice(HERE);

        // Then
        await(() -> assertThat(toldOfThere).hasValueGreaterThan(before));
        assertThat(toldOfHere).hasValue(1);
        assertThat(other.changes.watchers(HERE)).isZero();
        unwatch.run();
        unwatchHere.run();
        await(() -> assertThat(other.changes.watchers(THERE)).isZero());
        assertThat(here.watchers(THERE)).isZero();
    }

    @Test
    void shouldFollowASubjectToWhereItMoves() {
        // Given
        anywhere.start();
        AtomicInteger told = new AtomicInteger();
        Runnable unwatch = anywhere.watch(THERE, told::incrementAndGet);
        await(() -> assertThat(other.changes.watchers(THERE)).isEqualTo(1));
        try (ServedApi next = new ServedApi()) {

            // When
            keepers = Set.of(address(next));

            // Then
            await(() -> assertThat(next.changes.watchers(THERE)).isEqualTo(1));
            await(() -> assertThat(other.changes.watchers(THERE)).isZero());
            int before = told.get();
            next.changes.notice(THERE);
            await(() -> assertThat(told).hasValueGreaterThan(before));
        }
        unwatch.run();
    }

    @Test
    void shouldTakeABrokenConnectionUpAgainAndTakeAllForChanged() {
        // Given
        anywhere.start();
        AtomicInteger told = new AtomicInteger();
        other.waitFor("the topology");
        Runnable unwatch = anywhere.watch(THERE, told::incrementAndGet);

        // When
        other.goOn();

        // Then
        await(() -> assertThat(other.changes.watchers(THERE)).isEqualTo(1));
        await(() -> assertThat(told).hasPositiveValue());
        unwatch.run();
    }

    @Test
    void shouldRefuseWhatIsNoWatch() {
        HttpResponse<String> unknown = other.sendUndescribed("POST", "/internal/v1/changes/none", "+user:u1");
        assertThat(unknown.statusCode()).isEqualTo(404);
        for (String lines : new String[] {"user:u1", "+u1", "*user:u1", "+user:u1\n\n"}) {
            assertThat(other.sendUndescribed("POST", "/internal/v1/changes/none", lines)
                            .statusCode())
                    .as(lines)
                    .isEqualTo(400);
        }
    }
}
