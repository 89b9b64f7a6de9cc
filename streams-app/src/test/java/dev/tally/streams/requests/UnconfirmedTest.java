package dev.tally.streams.requests;

import static org.assertj.core.api.Assertions.assertThat;

import dev.tally.schemas.Grant;
import dev.tally.streams.state.CatalogueKind;
import java.time.Instant;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicLong;
import org.apache.avro.specific.SpecificRecord;
import org.junit.jupiter.api.Test;

class UnconfirmedTest {

    private static final Instant AT = Instant.parse("2026-11-01T00:00:00Z");

    private final AtomicLong nanos = new AtomicLong(Long.MAX_VALUE - 1);
    private final Unconfirmed unconfirmed = new Unconfirmed(nanos::get);

    @Test
    void shouldBePendingUntilItIsShown() {
        // When
        publishing(grant(1), grant(2));

        // Then
        assertThat(newest(grant(1))).isEqualTo(grant(2));
        assertThat(isPending(grant(1))).isTrue();
        assertThat(isPending(grant(2))).isFalse();
        assertThat(newest(grant(1))).isEqualTo(grant(1));
    }

    @Test
    void shouldNotTakeWhatWasInForceBeforeForWhatIsStillToCome() {
        // Given
        publishing(grant(1), grant(2));
        publishing(grant(1), grant(1));

        // Then
        assertThat(isPending(grant(1))).isTrue();
        assertThat(newest(grant(1))).isEqualTo(grant(1));
        assertThat(newest(grant(2))).isEqualTo(grant(1));
        assertThat(isPending(grant(2))).isTrue();
        assertThat(isPending(grant(1))).isFalse();
    }

    @Test
    void shouldNotRememberWhatIsInForce() {
        // When
        publishing(grant(1), grant(1));

        // Then
        assertThat(isPending(grant(1))).isFalse();
        assertThat(newest(grant(2))).isEqualTo(grant(2));
    }

    @Test
    void shouldGiveUpWhatNeverComes() {
        // Given
        publishing(grant(1), grant(2));

        // When
        nanos.addAndGet(Unconfirmed.GIVEN_UP_AFTER.toNanos());
        SpecificRecord justBefore = newest(grant(1));
        nanos.incrementAndGet();

        // Then
        assertThat(justBefore).isEqualTo(grant(2));
        assertThat(newest(grant(1))).isEqualTo(grant(1));
    }

    @Test
    void shouldRememberABoundedNumberOfKeys() {
        // When
        for (int i = 0; i <= 10_000; i++) {
            unconfirmed.publishing(CatalogueKind.GRANT, "user:u1/g" + i, Optional.empty(), grant(i + 1));
        }

        // Then
        assertThat(unconfirmed.isPending(CatalogueKind.GRANT, "user:u1/g0", Optional.empty()))
                .isFalse();
        assertThat(unconfirmed.isPending(CatalogueKind.GRANT, "user:u1/g1", Optional.empty()))
                .isTrue();
    }

    private void publishing(Grant shown, Grant record) {
        unconfirmed.publishing(CatalogueKind.GRANT, "user:u1/g", Optional.of(shown), record);
    }

    private SpecificRecord newest(Grant shown) {
        return unconfirmed
                .newest(CatalogueKind.GRANT, "user:u1/g", Optional.of(shown))
                .orElseThrow();
    }

    private boolean isPending(Grant shown) {
        return unconfirmed.isPending(CatalogueKind.GRANT, "user:u1/g", Optional.of(shown));
    }

    private static Grant grant(long amount) {
        return new Grant("user:u1", "g", "credits", amount, AT, null);
    }
}
