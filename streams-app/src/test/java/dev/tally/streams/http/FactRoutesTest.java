package dev.tally.streams.http;

import static org.assertj.core.api.Assertions.assertThat;

import dev.tally.keys.Subject;
import dev.tally.schemas.BillableFact;
import dev.tally.schemas.FactKind;
import dev.tally.schemas.LedgerEntry;
import dev.tally.schemas.LedgerState;
import dev.tally.streams.facts.FactPage;
import dev.tally.streams.metering.Period;
import java.net.http.HttpResponse;
import java.time.Instant;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class FactRoutesTest {

    private static final Instant NOVEMBER = Instant.parse("2026-11-01T00:00:00Z");
    private static final Instant DECEMBER = Instant.parse("2026-12-01T00:00:00Z");

    private final ServedApi served = new ServedApi();

    @AfterEach
    void stop() {
        served.close();
    }

    @Test
    void shouldTellFactsWithWhatBecameOfThem() {
        // Given
        BillableFact fact = fact("f1", Instant.parse("2026-10-01T00:00:00Z"));
        LedgerEntry entry = LedgerEntry.newBuilder()
                .setIdentifier("f1")
                .setPayer("org:o1")
                .setEventName("tally_actions")
                .setAmount(300)
                .setTimestamp(fact.getTimestamp())
                .setState(LedgerState.DEAD)
                .setFirstAttemptAt(NOVEMBER)
                .setReason("no_customer")
                .setAt(Instant.parse("2026-11-01T02:10:01Z"))
                .build();
        served.facts.page(new FactPage(
                Subject.org("o1"),
                new Period(NOVEMBER, DECEMBER),
                List.of(new FactPage.Delivered(fact, entry), new FactPage.Delivered(fact("f2", null), null)),
                4_711L));

        // When
        HttpResponse<String> response = served.get("/v1/orgs/o1/facts?period=2026-11-15&limit=2&after=17");

        // Then
        assertThat(served.facts.asked()).containsExactly("org:o1 2026-11-15 2 17");
        String begin =
                "{\"subject\":\"org:o1\",\"period\":{\"start\":\"2026-11-01T00:00:00Z\",\"end\":\"2026-12-01T00:00:00Z\"},\"facts\":[";
        String same = "\",\"meter\":\"actions\",\"kind\":\"CORRECTION\",\"intervalStart\":\"2026-10-31T23:50:00Z\","
                + "\"intervalEnd\":\"2026-10-31T23:55:00Z\",\"amount\":300,\"sequence\":1,\"revision\":0,"
                + "\"timestamp\":\"2026-11-01T02:04:00Z\",\"periodStart\":\"2026-11-01T00:00:00Z\",\"originPeriodStart\":";
        assertThat(response.body())
                .isEqualTo(begin
                        + "{\"identifier\":\"f1" + same + "\"2026-10-01T00:00:00Z\",\"plan\":\"enterprise@1\","
                        + "\"stripe\":{\"status\":\"DEAD\",\"at\":\"2026-11-01T02:10:01Z\",\"detail\":\"no_customer\"}},"
                        + "{\"identifier\":\"f2" + same + "null,\"plan\":\"enterprise@1\","
                        + "\"stripe\":{\"status\":\"PENDING\",\"at\":null,\"detail\":null}}],\"next\":\"4711\"}");
    }

    private static BillableFact fact(String identifier, @Nullable Instant origin) {
        return new BillableFact(
                identifier,
                "test",
                "org:o1",
                "cus_1",
                "actions",
                "tally_actions",
                Instant.parse("2026-10-31T23:50:00Z"),
                Instant.parse("2026-10-31T23:55:00Z"),
                Instant.parse("2026-11-01T02:04:00Z"),
                1L,
                0,
                300L,
                FactKind.CORRECTION,
                NOVEMBER,
                DECEMBER,
                origin,
                "enterprise@1");
    }

    @Test
    void shouldAskForAHundredOfTheCurrentPeriodFromTheBeginning() {
        served.facts.page(new FactPage(Subject.user("u1"), new Period(NOVEMBER, DECEMBER), List.of(), null));

        HttpResponse<String> response = served.get("/v1/users/u1/facts");

        assertThat(response.body()).endsWith("\"facts\":[],\"next\":null}");
        assertThat(served.facts.asked()).containsExactly("user:u1 null 100 -1");
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "limit=0",
                "limit=1001",
                "limit=-1",
                "limit=x",
                "after=-1",
                "after=99999999999999999999",
                "after="
            })
    void shouldRefuseWhatIsNoPage(String query) {
        assertThat(served.get("/v1/users/u1/facts?" + query).statusCode()).isEqualTo(400);
        assertThat(served.facts.asked()).isEmpty();
    }

    @Test
    void shouldSayWhenThereIsNoRoom() {
        served.facts.beBusy();

        HttpResponse<String> response = served.get("/v1/users/u1/facts");

        assertThat(response.statusCode()).isEqualTo(503);
        assertThat(response.headers().firstValue("Retry-After")).hasValue("2");
    }

    @Test
    void shouldSayWhenThereIsNoSubscription() {
        assertThat(served.get("/v1/orgs/o1/facts").statusCode()).isEqualTo(404);
    }
}
