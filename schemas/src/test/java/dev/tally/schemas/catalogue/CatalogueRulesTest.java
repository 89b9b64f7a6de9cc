package dev.tally.schemas.catalogue;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** The rules of a catalogue, each by an entry that breaks it alone. */
final class CatalogueRulesTest {

    /** Meters and plans that everything below can refer to. */
    private static final String BASE = """
            meters:
              - {meterId: m, aggregation: COUNT}
              - {meterId: n, aggregation: SUM, units: [u]}
            plans:
              - planId: personal
                version: 1
                payer: USER
                limits: [{scope: USER, meter: m, window: DAY, amount: 5, beyond: PAUSE}]
              - planId: pool
                version: 1
                payer: ORG
                limits: [{scope: ORG, meter: m, window: PERIOD, beyond: REJECT}]
                allocations: [{meter: m, base: 10}]
              - planId: billed
                version: 1
                payer: ORG
                limits: [{scope: ORG, meter: m, window: PERIOD, beyond: BILL}]
                allocations: [{meter: m, base: 10}]
              - planId: all
                version: 1
                payer: ORG
                report: ALL
                limits: [{scope: ORG, meter: m, window: PERIOD, beyond: BILL}]
                allocations: [{meter: m, base: 10}]
              - planId: bare
                version: 1
                payer: ORG
            """;

    private static final String JANUARY = "2026-01-01T00:00:00Z";

    /** A subscription of org:o. */
    private static String subscribed(String plan, String more) {
        return """
                subscriptions:
                  - subject: "org:o"
                    anchor: 2026-01-01T00:00:00Z
                    phases: [{planId: %s, version: 1, effectiveFrom: 2026-01-01T00:00:00Z}]
                    %s
                """.formatted(plan, more);
    }

    @Test
    void shouldAcceptTheBase() {
        assertThat(problems("", "")).isEmpty();
        assertThat(problems("", subscribed("pool", ""))).isEmpty();
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            quoteCharacter = '`',
            value = {
                "MEMBER | DAY        | 5    | QUEUE  | ``",
                "SPACE  | PERIOD     | 5    | PAUSE  | ``",
                "ORG    | PERIOD     | null | BILL   | ``",
                "ORG    | PERIOD     | 5    | BILL   | ``",
                "ORG    | DAY        | 0    | NOTIFY | ``",
                "MEMBER | CONCURRENT | 5    | QUEUE  | ``",
                "ORG    | CONCURRENT | 5    | REJECT | ``",
                "ORG    | CONCURRENT | 5    | PAUSE  | beyond: must be QUEUE or REJECT in a CONCURRENT limit",
                "ORG    | CONCURRENT | 5    | NOTIFY | beyond: must be QUEUE or REJECT in a CONCURRENT limit",
                "ORG    | CONCURRENT | 5    | BILL   | beyond: can be BILL only in a PERIOD limit of scope ORG",
                "ORG    | DAY        | 5    | BILL   | beyond: can be BILL only in a PERIOD limit of scope ORG",
                "MEMBER | PERIOD     | 5    | BILL   | beyond: can be BILL only in a PERIOD limit of scope ORG",
                "ORG    | CONCURRENT | null | QUEUE  | amount: is missing; only a PERIOD limit of scope ORG can do without",
                "MEMBER | PERIOD     | null | REJECT | amount: is missing; only a PERIOD limit of scope ORG can do without",
                "ORG    | DAY        | null | REJECT | amount: is missing; only a PERIOD limit of scope ORG can do without",
                "ORG    | DAY        | -1   | REJECT | amount: must be 0 to 1000000000000, not -1",
                "ORG    | DAY        | 1000000000001 | REJECT | amount: must be 0 to 1000000000000, not 1000000000001",
                "USER   | DAY        | 5    | REJECT | scope: must be ORG, MEMBER or SPACE where an organisation pays, not USER",
            })
    void shouldKnowWhichLimitsMakeSense(String scope, String window, String amount, String beyond, String problem) {
        String limit =
                "{scope: %s, meter: n, window: %s, amount: %s, beyond: %s}".formatted(scope, window, amount, beyond);

        List<String> ofPlan = problems("  - {planId: p, version: 1, payer: ORG, limits: [" + limit + "]}", "");
        List<String> ofOverride = problems("", subscribed("pool", "overrides: [" + limit + "]"));

        if (problem.isEmpty()) {
            assertThat(ofPlan).isEmpty();
            assertThat(ofOverride).isEmpty();
        } else {
            assertThat(ofPlan).singleElement().asString().startsWith("plans[5].limits[0]." + problem);
            assertThat(ofOverride).singleElement().asString().startsWith("subscriptions[0].overrides[0]." + problem);
        }
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            quoteCharacter = '`',
            value = {
                "[1, 80, 100] | ``",
                "[]           | ``",
                "[0]          | holds percentages from 1 to 100, not 0",
                "[101]        | holds percentages from 1 to 100, not 101",
                "[80, 80]     | holds a percentage twice",
            })
    void shouldKnowWhichThresholdsMakeSense(String warnAt, String problem) {
        String plan = "  - {planId: p, version: 1, payer: ORG, limits: [{scope: ORG, meter: m, window: DAY, amount: 5,"
                + " beyond: PAUSE, warnAt: %s}]}".formatted(warnAt);

        expect(problems(plan, ""), "plans[5].limits[0].warnAt: ", problem);
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            quoteCharacter = '`',
            value = {
                "`{currency: USD, interval: MONTH, base: \"19.00\", perSeat: \"0.5\"}` | ``",
                "`{currency: usd, interval: MONTH}` | plans[5].prices.currency: must be three upper-case letters (ISO 4217), not 'usd'",
                "`{currency: USDX, interval: MONTH}` | plans[5].prices.currency: must be three upper-case letters (ISO 4217), not 'USDX'",
                "`{currency: ZZZ, interval: MONTH}` | plans[5].prices.currency: ZZZ is no currency of ISO 4217",
                "`{currency: USD, interval: MONTH, base: 19.00}` | plans[5].prices.base: must be a decimal in quotes, such as \"2.50\"",
                "`{currency: USD, interval: MONTH, base: \"-1\"}` | plans[5].prices.base: must be a decimal such as \"19.00\", not '-1'",
                "`{currency: USD, interval: MONTH, base: \"1,50\"}` | plans[5].prices.base: must be a decimal such as \"19.00\", not '1,50'",
                "`{currency: USD, interval: WEEK}` | plans[5].prices.interval: must be one of [MONTH, YEAR], not 'WEEK'",
                "`{currency: USD, interval: MONTH, overage: [{meter: m, amount: \"1\"}, {meter: m, amount: \"2\"}]}` |"
                        + " plans[5].prices.overage[1].meter: has an overage price already",
                "`{currency: USD, interval: MONTH, overage: [{meter: gone, amount: \"1\"}]}` |"
                        + " plans[5].prices.overage[0].meter: there is no meter gone",
            })
    void shouldKnowWhichPricesMakeSense(String prices, String problem) {
        String plan = "  - {planId: p, version: 1, payer: ORG, prices: %s}".formatted(prices);

        expect(problems(plan, ""), "", problem);
    }

    @Test
    void shouldRefuseWhatIsForTheOtherPayer() {
        String plan = """
                  - planId: p
                    version: 1
                    payer: USER
                    limits: [{scope: ORG, meter: m, window: DAY, amount: 5, beyond: PAUSE}]
                    allocations: [{meter: m, base: 1, perSeat: 1}, {meter: m, base: 1}]
                    prices: {currency: USD, interval: MONTH, perSeat: "1"}
                """;
        String subscription = """
                subscriptions:
                  - subject: "user:u"
                    anchor: 2026-01-01T00:00:00Z
                    phases: [{planId: pool, version: 1, effectiveFrom: 2026-01-01T00:00:00Z}]
                    overrides: [{scope: MEMBER, meter: m, window: DAY, amount: 5, beyond: PAUSE}]
                """;

        assertThat(problems(plan, subscription))
                .containsExactly(
                        "plans[5].limits[0].scope: must be USER where a user pays, not ORG",
                        "plans[5].allocations[0].perSeat: is for plans an organisation pays; a user has no seats",
                        "plans[5].allocations[1].meter: has an allocation already",
                        "plans[5].prices.perSeat: is for plans an organisation pays; a user has no seats",
                        "subscriptions[0].phases[0].planId: plan pool@1 is for payer ORG, the subject is USER",
                        "subscriptions[0].overrides[0].scope: must be USER where a user pays, not MEMBER");
        assertThat(problems("", subscribed("personal", "")))
                .containsExactly(
                        "subscriptions[0].phases[0].planId: plan personal@1 is for payer USER, the subject is ORG");
    }

    @Test
    void shouldRefuseTwoEntriesWithOneKey() {
        String twice = """
                subscriptions:
                  - &s
                    subject: "org:o"
                    anchor: 2026-01-01T00:00:00Z
                    phases: [{planId: pool, version: 1, effectiveFrom: 2026-01-01T00:00:00Z}]
                  - *s
                grants:
                  - &g {subject: "org:o", grantId: g, meter: m, amount: 1, effectiveAt: 2026-01-01T00:00:00Z}
                  - *g
                memberships:
                  - &m {orgId: o, userId: u, status: ACCEPTED}
                  - *m
                """;

        assertThat(problems("  - {planId: pool, version: 1, payer: ORG}", twice))
                .containsExactlyInAnyOrder(
                        "plans[5]: has the planId and version of plans[1]",
                        "subscriptions[1]: has the subject of subscriptions[0]",
                        "grants[1]: has the subject and grantId of grants[0]",
                        "memberships[1]: has the orgId and userId of memberships[0]");
    }

    @ParameterizedTest
    @ValueSource(strings = {"2025-12-31T23:59:59Z", JANUARY})
    void shouldRefusePhasesThatDoNotAscend(String second) {
        String yaml = """
                subscriptions:
                  - subject: "org:o"
                    anchor: 2026-01-01T00:00:00Z
                    phases:
                      - {planId: pool, version: 1, effectiveFrom: 2026-01-01T00:00:00Z}
                      - {planId: billed, version: 1, effectiveFrom: %s}
                """.formatted(second);

        assertThat(problems("", yaml))
                .containsExactly("subscriptions[0].phases[1].effectiveFrom: must be after that of the phase before");
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            quoteCharacter = '`',
            value = {
                "pool   | `caps: {memberDefault: 5}` | ``",
                "bare   | `caps: {memberDefault: 5}` | subscriptions[0].caps: are shares of a pool, and no plan of the phases"
                        + " has one (a PERIOD limit of scope ORG without an amount)",
                "pool   | `caps: {memberDefault: -5}` | subscriptions[0].caps.memberDefault: must be 0 to 1000000000000, not -5",
                "pool   | `caps: {space: {\"\": 5}}` | subscriptions[0].caps.space: has an id that is empty",
                "billed | `overageCap: 5` | ``",
                "pool   | `overageCap: 5` | subscriptions[0].overageCap: has no effect: no plan of the phases bills what is beyond",
                "billed | `overageCap: -1` | subscriptions[0].overageCap: must be 0 to 1000000000000, not -1",
                "pool   | `poolLowShare: 100` | ``",
                "pool   | `poolLowShare: 101` | subscriptions[0].poolLowShare: is a percentage from 0 to 100, not 101",
                "pool   | `poolLowShare: -1` | subscriptions[0].poolLowShare: is a percentage from 0 to 100, not -1",
                "all    | `overrides: [{scope: ORG, meter: n, window: PERIOD, amount: 50, beyond: REJECT}]` | ``",
                "billed | `overrides: [{scope: ORG, meter: m, window: PERIOD, amount: 50, beyond: BILL}]` | ``",
                "all    | `overrides: [{scope: ORG, meter: m, window: PERIOD, amount: 50, beyond: BILL}]` |"
                        + " subscriptions[0].overrides[0]: replaces what plan all@1 includes, which has report ALL: Stripe has"
                        + " what is included",
                "all    | `overrides: [{scope: ORG, meter: m, window: PERIOD, beyond: NOTIFY}]` |"
                        + " subscriptions[0].overrides[0]: ends the billing of what is beyond under plan all@1, which has"
                        + " report ALL: Stripe bills it all the same",
                "billed | `overrides: [{scope: ORG, meter: m, window: PERIOD, beyond: NOTIFY}]` | ``",
                "pool   | `overrides: [{scope: ORG, meter: gone, window: DAY, amount: 50, beyond: REJECT}]` |"
                        + " subscriptions[0].overrides[0].meter: there is no meter gone",
                "pool   | `overrides: [{scope: MEMBER, meter: m, window: PERIOD, amount: 5, beyond: REJECT}]` | ``",
            })
    void shouldKnowWhatGoesWithASubscription(String plan, String more, String problem) {
        expect(problems("", subscribed(plan, more)), "", problem);
    }

    @Test
    void shouldRefuseCapsThatOverridesContradict() {
        String yaml = """
                subscriptions:
                  - subject: "org:o"
                    anchor: 2026-01-01T00:00:00Z
                    phases: [{planId: pool, version: 1, effectiveFrom: 2026-01-01T00:00:00Z}]
                    overrides:
                      - {scope: MEMBER, meter: m, window: PERIOD, amount: 5, beyond: REJECT}
                      - {scope: MEMBER, meter: m, window: PERIOD, amount: 6, beyond: REJECT}
                      - {scope: MEMBER, meter: n, window: PERIOD, amount: 5, beyond: REJECT}
                      - {scope: SPACE, meter: m, window: PERIOD, amount: 5, beyond: REJECT}
                    caps: {member: {u: 5}}
                """;

        assertThat(problems("", yaml))
                .containsExactlyInAnyOrder(
                        "subscriptions[0].overrides[1]: limits the same scope, meter and window as overrides[0]",
                        "subscriptions[0].overrides[0]: limits the same as caps do: scope MEMBER per PERIOD",
                        "subscriptions[0].overrides[1]: limits the same as caps do: scope MEMBER per PERIOD");
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            quoteCharacter = '`',
            value = {
                "`alertEmails: [ops@example.org, \"o'neil+a@mail.example.co\"]` | ``",
                "`alertEmails: [nobody]` | alertEmails[0]: is not an e-mail address",
                "`alertEmails: [a@b]` | alertEmails[0]: is not an e-mail address",
                "`alertEmails: [\"a b@example.org\"]` | alertEmails[0]: is not an e-mail address",
                "`alertEmails: [\"a@example.org\\nBcc: b@example.org\"]` | alertEmails[0]: is not an e-mail address",
                "`alertEmails: [\"A <a@example.org>\"]` | alertEmails[0]: is not an e-mail address",
                "`alertEmails: [a@example.org, a@example.org]` | alertEmails[1]: is in the list already",
                "`webhooks: [\"https://example.org/x?y=1\", \"http://localhost:1/x\", \"http://127.0.0.1/\", \"http://[::1]:8/\"]` | ``",
                "`webhooks: [\"http://example.org/\"]` | webhooks[0]: is not an https:// address",
                "`webhooks: [\"http://127.0.0.1.example.org/\"]` | webhooks[0]: is not an https:// address",
                "`webhooks: [\"ftp://example.org/\"]` | webhooks[0]: is not an https:// address",
                "`webhooks: [\"https:///x\"]` | webhooks[0]: is not an https:// address",
                "`webhooks: [\"https://exa mple.org\"]` | webhooks[0]: is not an https:// address",
                "`webhooks: [example.org]` | webhooks[0]: is not an https:// address",
                "`stripeCustomerId: \"cus 1\"` | stripeCustomerId: must have 1 to 255 printable ASCII characters without spaces",
            })
    void shouldKnowAddresses(String field, String problem) {
        expect(problems("", subscribed("pool", field)), "subscriptions[0].", problem);
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            quoteCharacter = '`',
            value = {
                "`amount: 1000000000000` | ``",
                "`amount: 1000000000001` | amount: must be 1 to 1000000000000, not 1000000000001",
                "`amount: 0` | amount: must be 1 to 1000000000000, not 0",
                "`amount: -1` | amount: must be 1 to 1000000000000, not -1",
                "`amount: 1, expiresAt: 2026-01-01T00:00:00.001Z` | ``",
                "`amount: 1, expiresAt: 2026-01-01T00:00:00Z` | expiresAt: must be after effectiveAt",
                "`amount: 1, expiresAt: 2025-12-31T00:00:00Z` | expiresAt: must be after effectiveAt",
                "`amount: 1, expiresAt: +12026-01-01T00:00:00Z` | expiresAt: must be from 1970 to 9999, not"
                        + " +12026-01-01T00:00:00Z",
            })
    void shouldKnowWhichGrantsMakeSense(String fields, String problem) {
        String grant =
                "grants: [{subject: \"org:o\", grantId: g, meter: m, effectiveAt: %s, %s}]".formatted(JANUARY, fields);

        expect(problems("", grant), "grants[0].", problem);
    }

    @ParameterizedTest
    @CsvSource({
        // The plan with report ALL holds from February until April.
        "2026-01-01T00:00:00Z, 2026-02-01T00:00:00Z, false",
        "2026-01-01T00:00:00Z, 2026-02-01T00:00:01Z, true",
        "2026-01-01T00:00:00Z, null, true",
        "2026-03-31T23:59:59Z, null, true",
        "2026-04-01T00:00:00Z, null, false",
    })
    void shouldRefuseGrantsWhileStripeHasWhatIsIncluded(String effectiveAt, String expiresAt, boolean refused)
            throws CatalogueException {
        String subscription = """
                subscriptions:
                  - subject: "org:o"
                    anchor: 2026-01-01T00:00:00Z
                    phases:
                      - {planId: pool, version: 1, effectiveFrom: 2026-01-01T00:00:00Z}
                      - {planId: all, version: 1, effectiveFrom: 2026-02-01T00:00:00Z}
                      - {planId: billed, version: 1, effectiveFrom: 2026-04-01T00:00:00Z}
                """;
        String grant = "grants: [{subject: \"org:o\", grantId: g, meter: m, amount: 1, effectiveAt: %s, expiresAt: %s}]"
                .formatted(effectiveAt, expiresAt);
        String ofGrant =
                "grants[0].subject: has plan all with report ALL while the grant holds: Stripe has what is included,"
                        + " and a grant has no effect";
        String ofPhase =
                "subscriptions[0].phases[1].planId: plan all has report ALL, and the subject has grant g, which would"
                        + " have no effect";

        // In one file, the grant after the subscription, and the subscription after the grant.
        expect(problems("", subscription + grant), "", refused ? ofGrant : "");
        expect(problemsBeside(BASE + subscription, grant), "", refused ? ofGrant : "");
        expect(problemsBeside(BASE + grant, subscription), "", refused ? ofPhase : "");
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            quoteCharacter = '`',
            value = {
                "`status: ACCEPTED` | ``",
                "`status: ACCEPTED, acceptedAt: 2026-01-01T00:00:00Z` | ``",
                "`status: REMOVED` | ``",
                "`status: INVITED, email: a@example.org` | ``",
                "`status: INVITED, email: a` | email: is not an e-mail address",
                "`status: INVITED, acceptedAt: 2026-01-01T00:00:00Z` | acceptedAt: is for members that have accepted; status is"
                        + " INVITED",
                "`status: ACCEPTED, removedAt: 2026-01-01T00:00:00Z` | removedAt: is for members that were removed; status is"
                        + " ACCEPTED",
                "`status: REMOVED, acceptedAt: 2026-01-02T00:00:00Z, removedAt: 2026-01-01T00:00:00Z` | removedAt: must not be"
                        + " before acceptedAt",
                "`status: LEFT` | `status: must be one of [INVITED, ACCEPTED, REMOVED], not 'LEFT'`",
            })
    void shouldKnowWhichMembershipsMakeSense(String fields, String problem) {
        String membership = "memberships: [{orgId: o, userId: u, %s}]".formatted(fields);

        expect(problems("", subscribed("pool", "") + membership), "memberships[0].", problem);
    }

    @Test
    void shouldRefuseMembershipsOfUnknownOrgs() {
        assertThat(problems("", "memberships: [{orgId: o, userId: u, status: ACCEPTED}]"))
                .containsExactly("memberships[0].orgId: there is no subscription of org:o");
    }

    @Test
    void shouldRefuseMetersThatHideEachOther() {
        String meters = """
                meters:
                  - {meterId: a, aggregation: COUNT, stripeEventName: b}
                  - {meterId: b, aggregation: COUNT}
                  - meterId: c
                    aggregation: SUM
                    rates:
                      - {match: x, perAction: 1}
                      - {match: x, perAction: 2}
                      - {match: "*", perAction: 3}
                      - {match: y, perAction: 4}
                """;

        assertThat(raw(meters, Catalogue.EMPTY))
                .containsExactly(
                        "meters[1].stripeEventName: is b (the meterId where none is given), as that of a",
                        "meters[2].rates[1].match: is never reached: rates[0] matches before it",
                        "meters[2].rates[3].match: is never reached: rates[2] matches before it");
    }

    @Test
    void shouldCompareEventNamesWithPublishedMeters() throws CatalogueException {
        Catalogue published =
                CatalogueFile.parse("meters: [{meterId: a, aggregation: COUNT, stripeEventName: x}]", "c");

        assertThat(raw("meters: [{meterId: x, aggregation: COUNT}]", published))
                .containsExactly("meters[0].stripeEventName: is x (the meterId where none is given), as that of a");
        assertThat(raw("""
                        meters:
                          - {meterId: x, aggregation: COUNT}
                          - {meterId: a, aggregation: COUNT, stripeEventName: y}
                        """, published)).isEmpty();
    }

    private static void expect(List<String> problems, String prefix, String problem) {
        if (problem.isEmpty()) {
            assertThat(problems).isEmpty();
        } else {
            assertThat(problems).singleElement().asString().startsWith(prefix + problem);
        }
    }

    /** @param plan one more plan, {@code plans[5]} */
    private static List<String> problems(String plan, String lists) {
        return raw(BASE + plan.stripTrailing() + "\n" + lists, Catalogue.EMPTY);
    }

    private static List<String> problemsBeside(String published, String yaml) throws CatalogueException {
        return raw(yaml, CatalogueFile.parse(published, "c"));
    }

    private static List<String> raw(String yaml, Catalogue published) {
        try {
            CatalogueFile.parse(yaml, "c", published);
            return List.of();
        } catch (CatalogueException e) {
            return e.problems().stream()
                    .map(problem -> problem.substring(problem.indexOf(": ") + 2))
                    .toList();
        }
    }
}
