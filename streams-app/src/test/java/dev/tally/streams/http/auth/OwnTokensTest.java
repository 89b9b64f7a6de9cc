package dev.tally.streams.http.auth;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import com.nimbusds.jose.JWSAlgorithm;
import dev.tally.keys.Subject;
import java.time.Duration;
import java.time.Instant;
import java.util.Objects;
import java.util.Set;
import org.junit.jupiter.api.Test;

/** Tickets for streams, and what instances show each other. */
class OwnTokensTest {

    private static final InstanceSecret SECRET = InstanceSecret.of("0123456789abcdef0123456789abcdef");
    private static final InstanceSecret OTHER = InstanceSecret.of("0123456789abcdef0123456789abcdeX");
    private static final Subject U1 = Subject.user("u/1");

    private Instant now = Instant.parse("2026-11-21T12:00:00.250Z");
    private final StreamTickets here = new StreamTickets(SECRET, () -> now);
    private final StreamTickets elsewhere = new StreamTickets(SECRET, () -> now);

    @Test
    void shouldLetATicketInOnceAtEachInstance() {
        String ticket = here.issue(U1, Caller.ANYBODY).text();

        assertThat(elsewhere.redeem(ticket, U1)).hasValueSatisfying(caller -> {
            assertThat(caller.sees(U1)).isTrue();
            assertThat(caller.sees(Subject.user("u2"))).isFalse();
            assertThat(caller.scopes()).containsExactly(Scope.USAGE_READ);
            assertThat(caller.expiresAt()).isNull();
        });
        assertThat(elsewhere.redeem(ticket, U1)).isEmpty();
        assertThat(here.redeem(ticket, U1)).isPresent();
        assertThat(here.redeem(ticket, U1)).isEmpty();
    }

    @Test
    void shouldNotUseUpATicketThatIsShownForAnotherSubject() {
        String ticket = here.issue(U1, Caller.ANYBODY).text();

        assertThat(here.redeem(ticket, Subject.user("u2"))).isEmpty();
        assertThat(here.redeem(ticket, Subject.org("u/1"))).isEmpty();
        assertThat(here.redeem(ticket, U1)).isPresent();
    }

    @Test
    void shouldTakeATicketForHalfAMinute() {
        StreamTickets.Ticket ticket = here.issue(U1, Caller.ANYBODY);
        assertThat(ticket.expiresAt()).isEqualTo("2026-11-21T12:00:30Z");
        String late = here.issue(U1, Caller.ANYBODY).text();

        now = ticket.expiresAt().plus(OwnTokens.SKEW).minusMillis(1);
        assertThat(here.redeem(ticket.text(), U1)).isPresent();
        assertThat(here.redeem(ticket.text(), U1))
                .as("is remembered as long as it is valid")
                .isEmpty();
        now = now.plusMillis(1);
        assertThat(here.redeem(late, U1)).isEmpty();
    }

    @Test
    void shouldEndAStreamWithTheTokenThatItsTicketWasGivenFor() {
        Caller caller = new Caller(
                "c", Set.of(Scope.USAGE_READ), "u/1", null, now.plusSeconds(100).plusMillis(5));

        String ticket = here.issue(U1, caller).text();

        assertThat(here.redeem(ticket, U1).map(Caller::expiresAt)).hasValue(Instant.parse("2026-11-21T12:01:40Z"));
    }

    @Test
    void shouldTakeNothingOfAnotherSecretOrUse() {
        InstanceCredentials instances = InstanceCredentials.sharing(SECRET, () -> now);
        String ticket = here.issue(U1, Caller.ANYBODY).text();
        String call = bearer(instances);

        assertThat(new StreamTickets(OTHER, () -> now).redeem(ticket, U1)).isEmpty();
        assertThat(here.redeem(call, U1)).isEmpty();
        assertThat(here.redeem("", U1)).isEmpty();
        assertThat(here.redeem(Issuer.ONE.token(JWSAlgorithm.RS256, Issuer.claims(now, "admin")), U1))
                .isEmpty();
        assertThat(instances.accepts(ticket)).isFalse();
        assertThat(InstanceCredentials.sharing(OTHER, () -> now).accepts(call)).isFalse();
        assertThat(instances.accepts(null)).isFalse();
        assertThat(instances.accepts(Issuer.ONE.token(JWSAlgorithm.RS256, Issuer.claims(now, "admin"))))
                .isFalse();
    }

    @Test
    void shouldKnowAnotherInstanceForHalfAMinute() {
        InstanceCredentials instances = InstanceCredentials.sharing(SECRET, () -> now);
        String call = bearer(instances);

        assertThat(instances.accepts(call)).isTrue();
        // The clock of the other one is ahead.
        now = now.minus(OwnTokens.SKEW);
        assertThat(instances.accepts(call)).isTrue();
        now = now.minus(Duration.ofSeconds(1));
        assertThat(instances.accepts(call)).isFalse();
        now = now.plus(OwnTokens.SKEW).plusSeconds(1).plus(OwnTokens.VALID_FOR).plus(OwnTokens.SKEW);
        assertThat(instances.accepts(call)).isFalse();
    }

    @Test
    void shouldServeOtherInstancesOnlyWhereNobodyElseCanBeTakenForOne() {
        assertThat(InstanceCredentials.none().accepts(null)).isTrue();
        assertThat(InstanceCredentials.none().headers()).isEmpty();
        assertThat(InstanceCredentials.missing().accepts(null)).isFalse();
        assertThat(InstanceCredentials.missing().accepts("x")).isFalse();
    }

    @Test
    void shouldRefuseShortSecretsAndShowNone() {
        assertThatIllegalArgumentException()
                .isThrownBy(() -> InstanceSecret.of("hidden"))
                .withMessageNotContaining("hidden");
        assertThat(SECRET.toString()).doesNotContain("0123");
        assertThat(InstanceCredentials.sharing(SECRET, () -> now).toString()).doesNotContain("0123");
    }

    private static String bearer(InstanceCredentials instances) {
        return Objects.requireNonNull(instances.headers().get("Authorization")).replaceFirst("Bearer ", "");
    }
}
