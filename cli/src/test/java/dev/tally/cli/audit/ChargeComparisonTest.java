package dev.tally.cli.audit;

import static org.assertj.core.api.Assertions.assertThat;

import dev.tally.cli.audit.ChargeCatalogue.Charging;
import dev.tally.cli.audit.ChargeCatalogue.Included;
import dev.tally.schemas.Grant;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

class ChargeComparisonTest {

    private static final Instant ANCHOR = Instant.parse("2027-01-01T00:00:00Z");
    private static final ChargedMeter JANUARY = new ChargedMeter("org:o1", "actions", BillingMonth.of(ANCHOR, ANCHOR));
    private static final String OF = "org:o1 actions from 2027-01-01T00:00:00Z: ";
    private static final Charging REFUSES =
            new Charging("small@1", true, Map.of("actions", new Included(10, 0)), Set.of(), false);
    private static final Charging BILLS =
            new Charging("large@1", true, Map.of("actions", new Included(20, 0)), Set.of("actions"), false);

    private final ChargeCatalogue catalogue = new ChargeCatalogue();

    @BeforeEach
    void grants() {
        grant("a", 5, "2027-01-20T00:00:00Z");
        grant("b", 8, null);
    }

    @Test
    void shouldFindNoDifferenceInWhatMayBe() {
        assertThat(differences(
                        period(row(REFUSES, 12, "a", "b"), row(BILLS, 20)),
                        said(20, 0, 0, 12, Map.of("a", 4L, "b", 8L))))
                .as("b before a")
                .isNotEmpty();
        assertThat(differences(
                        period(row(REFUSES, 12, "a", "b"), row(BILLS, 20)),
                        said(20, 0, 0, 0, Map.of("a", 5L, "b", 7L))))
                .isEmpty();
    }

    @Test
    void shouldCompareEachFigureWhereTheOrderIsKnown() {
        // Given
        ChargedPeriod known = new ChargedPeriod(
                List.of(row(BILLS, 30, "a")), true, false, false, Optional.of(new Split(20, 5, 0, Map.of("a", 5L))));

        // Then
        assertThat(differences(known, said(20, 5, 0, 0, Map.of("a", 5L)))).isEmpty();
        assertThat(differences(known, said(19, 5, 1, 0, Map.of("b", 5L))))
                .containsExactly(
                        OF + "included: recounted 20, Tally says 19",
                        OF + "excess: recounted 0, Tally says 1",
                        OF + "taken from grant a: recounted 5, Tally says 0",
                        OF + "taken from grant b: recounted 0, Tally says 5");
    }

    @Test
    void shouldNoticeWhatDoesNotAddUp() {
        // Given 1 more remains than can
        SaidCharges says = new SaidCharges(10, 0, 4, 7, 0, 0, 0, 0, Map.of());

        // Then
        assertThat(differences(period(row(REFUSES, 4)), says))
                .containsExactly(
                        OF
                                + "included 10 + granted 0 - used 4 + overage 0 + excess 0 is 6, and 7 + 0 are said to remain",
                        OF + "what covered it is 3, used 4");
    }

    @Test
    void shouldNoticeOtherUsage() {
        assertThat(differences(period(row(REFUSES, 4)), said(5, 0, 0, 5, Map.of())))
                .contains(OF + "used: recounted 4, Tally says 5");
        assertThat(new ChargeComparison(catalogue, Map.of(), Map.of(JANUARY, said(1, 0, 0, 0, Map.of())))
                        .differences(JANUARY))
                .containsExactly(OF + "used: recounted 0, Tally says 1");
        assertThat(new ChargeComparison(catalogue, Map.of(JANUARY, period(row(REFUSES, 4))), Map.of())
                        .differences(JANUARY))
                .contains(OF + "used: recounted 4, Tally says 0");
    }

    @Test
    void shouldNoticeAGrantThatGaveToWhatItDoesNotCover() {
        assertThat(differences(
                        period(row(REFUSES, 3, "a", "b"), row(REFUSES, 6, "b")),
                        said(0, 0, 0, 10, Map.of("a", 4L, "b", 5L))))
                .contains(OF + "taken from [a]: recounted at most 3, Tally says 4");
    }

    @Test
    void shouldNoticeALeftGrantThatWasPassedOver() {
        assertThat(differences(period(row(REFUSES, 4, "a")), said(4, 0, 0, 6, Map.of())))
                .containsExactly(OF + "taken from grants: recounted at least 4, Tally says 0");
    }

    @Test
    void shouldNoticeALaterGrantThatWasTakenFromFirst() {
        assertThat(differences(period(row(REFUSES, 4, "a", "b")), said(0, 0, 0, 10, Map.of("b", 4L))))
                .containsExactly(OF + "taken from grants that come after a: recounted at most 0, Tally says 4");
    }

    @Test
    void shouldNoticeExcessWhileSomethingIsIncluded() {
        assertThat(differences(period(row(REFUSES, 9)), said(8, 0, 1, 2, Map.of())))
                .containsExactly(OF + "overage and excess: recounted at most 0, Tally says 1");
    }

    @Test
    void shouldNoticeMoreIncludedThanThePlanGives() {
        assertThat(differences(period(row(REFUSES, 12), row(BILLS, 3)), said(15, 0, 0, 5, Map.of())))
                .containsExactly(OF + "included beyond 10: recounted at most 3, Tally says 5");
    }

    @Test
    void shouldNoticeOverageThatNoPlanBillsAndExcessThatOneDoes() {
        assertThat(differences(period(row(REFUSES, 12)), said(10, 2, 0, 0, Map.of())))
                .containsExactly(OF + "overage: recounted at most 0, Tally says 2");
        assertThat(differences(period(row(BILLS, 22)), said(20, 0, 2, 0, Map.of())))
                .containsExactly(OF + "excess: recounted at most 0, Tally says 2");
    }

    @Test
    void shouldNoticeAGrantThatGaveMoreThanItHas() {
        // Given
        ChargedMeter february =
                new ChargedMeter("org:o1", "actions", BillingMonth.of(ANCHOR, Instant.parse("2027-02-10T00:00:00Z")));

        // When
        ChargeComparison comparison = new ChargeComparison(
                catalogue,
                Map.of(),
                Map.of(
                        JANUARY, said(0, 0, 0, 10, Map.of("a", 3L)),
                        february, said(0, 0, 0, 10, Map.of("a", 3L, "b", 8L, "unknown", 1L))));

        // Then
        assertThat(comparison.overdrawn())
                .containsExactly(
                        "org:o1 actions: 1 were taken from grant unknown, which gives 0",
                        "org:o1 actions: 6 were taken from grant a, which gives 5");
    }

    @Test
    void shouldCompareFactsWithTheOverageThatIsReported() {
        // Given
        SaidCharges says = new SaidCharges(20, 0, 25, 0, 0, 5, 0, 2, Map.of());
        ChargeComparison comparison =
                new ChargeComparison(catalogue, Map.of(JANUARY, period(row(BILLS, 25))), Map.of(JANUARY, says));

        // Then
        assertThat(comparison.facts(JANUARY, 3, 3)).isEmpty();
        assertThat(comparison.facts(JANUARY, 2, 4)).isEmpty();
        assertThat(comparison.facts(JANUARY, 4, 5))
                .containsExactly(OF + "reported by facts: recounted 4 to 5, Tally says 3");
    }

    @Test
    void shouldOnlyCheckThatAPeriodAddsUpWhileTheCatalogueChanged() {
        // Given
        ChargedPeriod doubtful = new ChargedPeriod(List.of(row(REFUSES, 4)), false, false, false, Optional.empty());

        // Then
        assertThat(differences(doubtful, said(9, 0, 0, 1, Map.of()))).isEmpty();
    }

    private List<String> differences(ChargedPeriod period, SaidCharges says) {
        return new ChargeComparison(catalogue, Map.of(JANUARY, period), Map.of(JANUARY, says)).differences(JANUARY);
    }

    private static ChargedPeriod period(ChargedPeriod.Row... rows) {
        return new ChargedPeriod(List.of(rows), true, false, false, Optional.empty());
    }

    private static ChargedPeriod.Row row(Charging plan, long amount, String... grants) {
        return new ChargedPeriod.Row(plan, Set.of(grants), Set.of(grants), amount, amount);
    }

    /** What adds up. */
    private static SaidCharges said(long included, long overage, long excess, long remaining, Map<String, Long> burns) {
        long granted = burns.values().stream().mapToLong(Long::longValue).sum();
        return new SaidCharges(
                included + remaining,
                granted,
                included + overage + excess + granted,
                remaining,
                0,
                overage,
                excess,
                0,
                burns);
    }

    private void grant(String id, long amount, @Nullable String expiresAt) {
        catalogue.grant(
                "org:o1",
                "org:o1/" + id,
                new Grant("org:o1", id, "actions", amount, ANCHOR, expiresAt == null ? null : Instant.parse(expiresAt)),
                Instant.EPOCH);
    }
}
