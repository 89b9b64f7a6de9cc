package dev.tally.streams.http;

import static org.assertj.core.api.Assertions.assertThat;

import dev.tally.streams.http.auth.Caller;
import dev.tally.streams.http.auth.Scope;
import java.time.Duration;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

class LogPlacesTest {

    private static final Duration LONG = Duration.ofMinutes(1);

    @Test
    void shouldKeepAPlaceForCallersOfMoreThanOneSubject() {
        // Given
        Caller wide = caller("wide", null);
        Caller ofUser = caller("of a user", "u1");
        Caller ofOther = caller("of another", "u2");
        LogPlaces places = places(2, Duration.ZERO);

        // When, then
        assertThat(places.enter(ofUser)).isEmpty();
        assertThat(places.enter(ofOther)).isPresent();
        assertThat(places.enter(wide)).isEmpty();
        assertThat(places.enter(caller("another", null))).isPresent();
        places.leave(ofUser);
        assertThat(places.enter(wide)).hasValueSatisfying(why -> assertThat(why).contains("same caller"));
        assertThat(places.enter(ofOther)).isEmpty();
        places.leave(ofOther);
        places.leave(wide);
        assertThat(places.enter(wide)).isEmpty();
    }

    @Test
    @Timeout(30)
    void shouldHaveACallerWaitForItselfAndNobodyElse() {
        // Given a caller that asks again before its first question is answered
        Caller busy = caller("busy", "u1");
        LogPlaces places = places(3, LONG);
        assertThat(places.enter(busy)).isEmpty();
        CompletableFuture<Optional<String>> again = CompletableFuture.supplyAsync(() -> places.enter(busy));

        // When
        assertThat(places.enter(caller("other", "u2"))).isEmpty();
        assertThat(again).isNotDone();
        places.leave(busy);

        // Then
        assertThat(again.join()).isEmpty();
    }

    @Test
    void shouldGiveNobodyAllPlaces() {
        // Given a service that asks for many users by one token
        Caller service = caller("service", null);
        LogPlaces places = places(3, Duration.ZERO);

        // When, then
        assertThat(places.enter(service)).isEmpty();
        assertThat(places.enter(service)).isEmpty();
        assertThat(places.enter(service))
                .hasValueSatisfying(why -> assertThat(why).contains("same caller"));
        assertThat(places.enter(caller("of a user", "u1"))).isEmpty();
        assertThat(places.enter(caller("another", null))).isPresent();
        places.leave(service);
        assertThat(places.enter(service)).isEmpty();
    }

    @Test
    void shouldNotTellCallersApartWhereNobodyShowsAToken() {
        LogPlaces places = places(2, Duration.ZERO);

        assertThat(places.enter(Caller.ANYBODY)).isEmpty();
        assertThat(places.enter(Caller.ANYBODY)).isEmpty();
        assertThat(places.enter(Caller.ANYBODY)).isPresent();
        places.leave(Caller.ANYBODY);
        assertThat(places.enter(Caller.ANYBODY)).isEmpty();
    }

    private static LogPlaces places(int all, Duration patience) {
        return new LogPlaces("a question", all, all - 1, patience, Duration.ofSeconds(2));
    }

    private static Caller caller(String key, @Nullable String user) {
        return new Caller(key, Set.of(Scope.USAGE_READ), user, null, null);
    }
}
