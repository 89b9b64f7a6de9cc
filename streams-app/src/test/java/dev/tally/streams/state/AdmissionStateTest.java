package dev.tally.streams.state;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.tally.keys.Subject;
import dev.tally.schemas.AdmissionDecision;
import dev.tally.schemas.Decision;
import dev.tally.streams.metering.AdmissionAsk;
import java.time.Duration;
import java.time.Instant;
import java.util.HexFormat;
import java.util.Map;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

class AdmissionStateTest {

    private static final Instant T = Instant.parse("2026-11-21T12:34:56.789Z");
    private static final AdmissionState ADMITTED = new AdmissionState(
            ask("user:%C3%BC%2F1", null, null, Map.of("actions", 1L)),
            Decision.ADMIT,
            0,
            null,
            T,
            null,
            T.plusSeconds(600),
            null,
            0,
            true,
            T.plusSeconds(600));
    private static final AdmissionState QUEUED = new AdmissionState(
            ask("org:o", "o", "s", Map.of("credits", 1_000_000_000_000L, "actions", 2L)),
            Decision.QUEUE,
            3,
            "pool_empty",
            T,
            T.plusSeconds(1),
            null,
            0L,
            1L << 40,
            false,
            T.plusSeconds(86_400));

    @Test
    void shouldReadWhatItWrote() {
        assertThat(AdmissionState.fromBytes(ADMITTED.toBytes())).isEqualTo(ADMITTED);
        assertThat(AdmissionState.fromBytes(QUEUED.toBytes())).isEqualTo(QUEUED);
    }

    @Test
    void shouldKeepTheBytesOfThisVersion() {
        assertThat(HexFormat.of().formatHex(QUEUED.toBytes()))
                .isEqualTo("01"
                        + "00056f72673a6f" + "000161" + "000175" + "0100016f" + "01000173" + "8000000000000002"
                        + "0007616374696f6e73" + "8000000000000002" + "000763726564697473" + "800000e8d4a51000"
                        + "80000000000003e8" + "00055155455545" + "8000000000000003" + "01000a706f6f6c5f656d707479"
                        + millis(T) + "01" + millis(T.plusSeconds(1)) + "00"
                        + "018000000000000000" + "8000010000000000" + "00" + millis(T.plusSeconds(86_400)));
    }

    @Test
    void shouldRefuseAnUnknownVersion() {
        byte[] newer = QUEUED.toBytes();
        newer[0] = 2;

        assertThatThrownBy(() -> AdmissionState.fromBytes(newer))
                .isInstanceOf(IllegalStateException.class)
                .hasMessageContaining("an admission was written in format 2");
    }

    @Test
    void shouldTellTheDecision() {
        assertThat(QUEUED.decision())
                .isEqualTo(AdmissionDecision.newBuilder()
                        .setActionId("a")
                        .setPayer("org:o")
                        .setUserId("u")
                        .setOrgId("o")
                        .setSpaceId("s")
                        .setAmounts(Map.of("credits", 1_000_000_000_000L, "actions", 2L))
                        .setDecision(Decision.QUEUE)
                        .setRevision(3)
                        .setReason("pool_empty")
                        .setAt(T)
                        .setRetryAt(T.plusSeconds(1))
                        .setRemaining(0L)
                        .build());
    }

    @Test
    void shouldKeepNothingOfAPayerWithoutAdmissions() {
        assertThat(AdmissionTotals.NONE.toBytes()).isNull();
        assertThat(AdmissionTotals.ofNullable(null)).isEqualTo(AdmissionTotals.NONE);
        assertThat(HeldAmount.NONE.toBytes()).isNull();
        assertThat(HeldAmount.ofNullable(null)).isEqualTo(HeldAmount.NONE);
    }

    @Test
    void shouldReadBackTotalsAndHeldAmounts() {
        AdmissionTotals some = new AdmissionTotals(1, 2, 3, 4, T, null);
        AdmissionTotals other = new AdmissionTotals(0, 0, 3, 4, T, T.plusSeconds(1));
        HeldAmount held = HeldAmount.NONE.plus(5).plus(Long.MAX_VALUE - 5);

        assertThat(AdmissionTotals.ofNullable(some.toBytes())).isEqualTo(some);
        assertThat(AdmissionTotals.ofNullable(other.toBytes())).isEqualTo(other);
        assertThat(HeldAmount.ofNullable(held.toBytes())).isEqualTo(held);
        assertThat(held.minus(5)).isEqualTo(new HeldAmount(Long.MAX_VALUE - 5, 1));
    }

    private static AdmissionAsk ask(
            String payer, @Nullable String orgId, @Nullable String spaceId, Map<String, Long> amounts) {
        return new AdmissionAsk(
                Subject.parse(payer), "a", "u", orgId, spaceId, new TreeMap<>(amounts), Duration.ofSeconds(1));
    }

    private static String millis(Instant at) {
        return HexFormat.of().toHexDigits(at.toEpochMilli() ^ Long.MIN_VALUE);
    }
}
