package dev.tally.schemas.catalogue;

import static org.assertj.core.api.Assertions.assertThat;

import dev.tally.schemas.Beyond;
import dev.tally.schemas.Plan;
import dev.tally.schemas.Rounding;
import dev.tally.schemas.Subscription;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

final class CatalogueFileTest {

    private static final Path DEMO = DemoCatalogue.FILE;

    @Test
    void shouldReadTheDemoCatalogue() throws Exception {
        Catalogue demo = CatalogueFile.parse(Files.readString(DEMO), "demo-catalogue.yaml");

        assertThat(demo.meters()).extracting(Catalogue::key).containsExactly("actions", "credits", "tokens");
        assertThat(demo.plans())
                .extracting(Catalogue::key)
                .containsExactly("starter@1", "pro@1", "payg@1", "team@1", "team-yearly@1", "enterprise@1");
        assertThat(demo.subscriptions())
                .extracting(Catalogue::key)
                .containsExactly(
                        "user:demo-starter", "user:demo-pro", "user:demo-payg", "org:demo-team", "org:demo-enterprise");
        assertThat(demo.memberships())
                .extracting(Catalogue::key)
                .containsExactly(
                        "demo-team/demo-owner",
                        "demo-team/demo-m1",
                        "demo-team/demo-m2",
                        "demo-team/demo-m3",
                        "demo-team/demo-m4",
                        "demo-team/demo-m5");
        assertThat(CatalogueRules.check(demo)).isEmpty();
        Plan enterprise = demo.plans().getLast();
        assertThat(enterprise.getLimits().getFirst().getBeyond()).isEqualTo(Beyond.BILL);
        assertThat(enterprise.getLimits().getFirst().getAmount()).isNull();
        assertThat(enterprise.getAllocations().getFirst().getBase()).isEqualTo(100_000);
        assertThat(enterprise.getPrices().getOverage().getFirst().getAmount()).isEqualTo("2.50");
        assertThat(enterprise.getPrices().getOverage().getFirst().getRounding()).isEqualTo(Rounding.EXACT);
        Subscription team = demo.subscriptions().get(3);
        assertThat(team.getAnchor()).isEqualTo(Instant.parse("2026-01-31T10:15:30Z"));
        assertThat(team.getStripeCustomerId()).isEqualTo("cus_demo_team");
    }

    @Test
    void shouldReportEveryProblemWithItsLine() {
        String yaml = """
                meters:
                  - meterId: actions
                    aggregation: COUNT
                  - meterId: credits
                    aggregation: SUN
                  - meterId: credits2
                    aggregation: SUM
                plans:
                  - planId: pro
                    version: 0
                    payer: USER
                    colour: red
                    limits:
                      - {scope: USER, meter: actions, window: DAY, amount: -1, beyond: BILL}
                    prices:
                      currency: usd
                      interval: MONTH
                      base: 19.00
                  - planId: ok
                    version: 1
                    payer: ORG
                    allocations:
                      - {meter: credits, base: 10}
                      - {meter: tokens, base: 10}
                subscriptions:
                  - subject: "user:a/b"
                    anchor: 2026-01-01
                    phases: []
                  - subject: "user:u1"
                    anchor: 2026-01-01T00:00:00Z
                    phases:
                      - {planId: ok, version: 1, effectiveFrom: 2026-01-01T00:00:00Z}
                      - {planId: gone, version: 2, effectiveFrom: 2025-01-01T00:00:00Z}
                grants:
                  - {subject: "user:u1", grantId: g, meter: actions, amount: many, effectiveAt: 2026-01-01T00:00:00+01:00}
                membership: []
                """;

        assertThat(problems(yaml))
                .containsExactly(
                        "c.yaml:5: meters[1].aggregation: must be one of [COUNT, SUM], not 'SUN'",
                        "c.yaml:6: meters[2]: a SUM meter has either units to add or rates to apply",
                        "c.yaml:10: plans[0].version: begins with 1",
                        "c.yaml:12: plans[0].colour: there is no such field",
                        "c.yaml:14: plans[0].limits[0].amount: must be 0 to 1000000000000, not -1",
                        "c.yaml:14: plans[0].limits[0].beyond: can be BILL only in a PERIOD limit of scope USER",
                        "c.yaml:16: plans[0].prices.currency: must be three upper-case letters (ISO 4217), not 'usd'",
                        "c.yaml:18: plans[0].prices.base: must be a decimal in quotes, such as \"2.50\"",
                        "c.yaml:24: plans[1].allocations[1].meter: there is no meter tokens",
                        "c.yaml:26: subscriptions[0].subject: character at position 1 of 'a/b' must be percent-encoded",
                        "c.yaml:27: subscriptions[0].anchor: must be a time in UTC such as 2026-01-31T10:15:30Z, to the"
                                + " millisecond at most, not '2026-01-01'",
                        "c.yaml:28: subscriptions[0].phases: must have at least one phase",
                        "c.yaml:32: subscriptions[1].phases[0].planId: plan ok@1 is for payer ORG, the subject is USER",
                        "c.yaml:33: subscriptions[1].phases[1].effectiveFrom: must be after that of the phase before",
                        "c.yaml:33: subscriptions[1].phases[1].planId: there is no plan gone@2",
                        "c.yaml:35: grants[0].amount: must be a whole number, not 'many'",
                        "c.yaml:35: grants[0].effectiveAt: must be a time in UTC such as 2026-01-31T10:15:30Z, to the"
                                + " millisecond at most, not '2026-01-01T00:00:00+01:00'",
                        "c.yaml:36: membership: there is no such field");
    }

    @Test
    void shouldCheckTheRulesOfEachRecord() {
        String yaml = """
                meters:
                  - {meterId: m, aggregation: COUNT, units: [x]}
                  - {meterId: m, aggregation: SUM, rates: [{match: gpt, perAction: 1, unit: t, per1000: 2}]}
                  - {meterId: "a\\tb", aggregation: COUNT, where: {trigger: NEVER}}
                plans:
                  - planId: p
                    version: 1
                    payer: USER
                    limits:
                      - {scope: ORG, meter: m, window: DAY, amount: 1, beyond: REJECT}
                      - {scope: USER, meter: m, window: DAY, beyond: REJECT, warnAt: [0, 80, 80]}
                      - {scope: USER, meter: m, window: DAY, amount: 5, beyond: BILL}
                    allocations: [{meter: m, base: -1, perSeat: 1}]
                    prices: {currency: USD, interval: MONTH, base: "-1", overage: [{meter: m, amount: "1e3", per: 0}]}
                subscriptions:
                  - subject: "user:u1"
                    stripeSeatItemId: si_1
                    anchor: 2026-01-01T00:00:00.500Z
                    phases: []
                    caps: {member: {a: -1}}
                    poolLowShare: 101
                    alertEmails: [nobody]
                    webhooks: ["ftp://x"]
                memberships:
                  - {orgId: "", userId: u, status: ACCEPTED}
                """;

        assertThat(problems(yaml))
                .extracting(problem -> problem.substring(problem.indexOf(": ") + 2))
                .containsExactlyInAnyOrder(
                        "meters[0]: a COUNT meter counts events: it has neither units nor rates",
                        "meters[1]: has the meterId of meters[0]",
                        "meters[1].rates[0]: has either perAction, or unit and per1000",
                        "meters[2].meterId: has a control character at position 1",
                        "meters[2].where.trigger: must be one of [SCHEDULED_AUTOMATION, CHAT_COMMAND, INTEGRATION_EVENT,"
                                + " AGENT_DECISION, OTHER]",
                        "plans[0].limits[0].scope: must be USER where a user pays, not ORG",
                        "plans[0].limits[1].amount: is missing; only a PERIOD limit of scope USER can do without",
                        "plans[0].limits[1].warnAt: holds percentages from 1 to 100, not 0",
                        "plans[0].limits[1].warnAt: holds a percentage twice",
                        "plans[0].limits[2].beyond: can be BILL only in a PERIOD limit of scope USER",
                        "plans[0].limits[2]: limits the same scope, meter and window as limits[1]",
                        "plans[0].allocations[0].base: must be 0 to 1000000000000, not -1",
                        "plans[0].allocations[0].perSeat: is for plans an organisation pays; a user has no seats",
                        "plans[0].prices.base: must be a decimal such as \"19.00\", not '-1'",
                        "plans[0].prices.overage[0].amount: must be a decimal such as \"19.00\", not '1e3'",
                        "plans[0].prices.overage[0].per: must be 1 to 1000000000000, not 0",
                        "subscriptions[0].anchor: must be a whole second",
                        "subscriptions[0].stripeSeatItemId: is for organisations; a user has no seats",
                        "subscriptions[0].caps: are for organisations; a user has no members or spaces",
                        "subscriptions[0].caps.member.a: must be 0 to 1000000000000, not -1",
                        "subscriptions[0].phases: must have at least one phase",
                        "subscriptions[0].poolLowShare: is a percentage from 0 to 100, not 101",
                        "subscriptions[0].alertEmails[0]: is not an e-mail address",
                        "subscriptions[0].webhooks[0]: is not an https:// address (http:// is for this"
                                + " machine only)",
                        "memberships[0].orgId: is empty");
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "",
                "# nothing",
                "- a",
                "meters: {a: b}",
                "meters: [1]",
                "a: [",
                "\tx",
                "meters: [&a {meterId: *a}]",
                "? [x]\n: y",
                "meters: []\nmeters: []",
                "\u0000"
            })
    void shouldRefuseWhatIsNoCatalogue(String yaml) {
        assertThat(problems(yaml)).isNotEmpty().allMatch(problem -> problem.startsWith("c.yaml:"));
    }

    @Test
    void shouldConcludeNothingFromWhatItCannotRead() {
        String yaml = """
                meters:
                  - {meterId: m, aggregation: SUM, units: [1]}
                  - 7
                plans:
                  - planId: p
                    version: one
                    payer: NOBODY
                    limits:
                      - nonsense
                      - {scope: USER, meter: gone, window: DAY, amount: -1, beyond: BILL}
                  - planId: q
                    version: 1
                    payer: ORG
                    limits:
                      - {scope: MEMBER, meter: m, window: DAY, amount: -1, beyond: QUEUE, warnAt: [99999999999]}
                subscriptions:
                  - subject: "org:o"
                    anchor: [1]
                    phases:
                      - {planId: p, version: 1, effectiveFrom: 2026-01-01T00:00:00Z}
                    caps: {member: {a: null, b: -1}}
                memberships:
                  - {orgId: o, userId: u, status: ACCEPTED}
                  - {orgId: other, userId: u, status: ACCEPTED}
                """;

        // What refers to records that could not be read, or only in part, is no problem by itself.
        assertThat(problems(yaml))
                .containsExactly(
                        "c.yaml:2: meters[0].units[0]: must be text; put it in quotes",
                        "c.yaml:3: meters[1]: must be a mapping of fields",
                        "c.yaml:6: plans[0].version: must be a whole number, not 'one'",
                        "c.yaml:7: plans[0].payer: must be one of [USER, ORG], not 'NOBODY'",
                        "c.yaml:9: plans[0].limits[0]: must be a mapping of fields",
                        "c.yaml:15: plans[1].limits[0].warnAt[0]: must be within 32 bits",
                        "c.yaml:15: plans[1].limits[0].amount: must be 0 to 1000000000000, not -1",
                        "c.yaml:18: subscriptions[0].anchor: must be a single value",
                        "c.yaml:21: subscriptions[0].caps.member.a: is missing",
                        "c.yaml:21: subscriptions[0].caps.member.b: must be 0 to 1000000000000, not -1",
                        "c.yaml:24: memberships[1].orgId: there is no subscription of org:other");
    }

    @Test
    void shouldNotChangeAPublishedPlanVersion() throws Exception {
        Catalogue published = CatalogueFile.parse(Files.readString(DEMO), "demo");
        String changed = "plans: [{planId: pro, version: 1, payer: USER, allocations: [{meter: credits, base: 6000}]}]";

        assertThat(problems(changed, published))
                .containsExactly("c.yaml:1: plans[0].version: is published with other content;"
                        + " a version never changes, use the next one");
        assertThat(CatalogueFile.parse(changed.replace("version: 1", "version: 2"), "c.yaml", published)
                        .plans())
                .hasSize(1);
        assertThat(CatalogueFile.parse(Files.readString(DEMO), "demo", published))
                .isEqualTo(published);
        assertThat(CatalogueFile.parseToCompare(changed, "c.yaml", published).plans())
                .hasSize(1);
    }

    @Test
    void shouldNotChangeAPublishedGrant() throws Exception {
        String grant = """
                grants:
                  - {subject: "org:demo-team", grantId: g, meter: credits, amount: 5, effectiveAt: 2026-01-01T00:00:00Z}
                """;
        Catalogue demo = CatalogueFile.parse(Files.readString(DEMO), "demo");
        Catalogue granted = CatalogueFile.parse(Files.readString(DEMO).replace("grants: []", grant), "demo");

        assertThat(CatalogueFile.parse(grant, "c.yaml", demo).grants()).isEqualTo(granted.grants());
        assertThat(CatalogueFile.parse(grant, "c.yaml", granted).grants()).isEqualTo(granted.grants());
        assertThat(problems(grant.replace("amount: 5", "amount: 6"), granted))
                .containsExactly("c.yaml:2: grants[0].grantId: is published with other content;"
                        + " a grant never changes, use another grantId for a further one");
        assertThat(problems(grant.replace("grantId: g", "grantId: h"), granted)).isEmpty();
    }

    @Test
    void shouldReferToWhatIsPublished() throws Exception {
        Catalogue published = CatalogueFile.parse(Files.readString(DEMO), "demo");
        String yaml = """
                subscriptions:
                  - subject: "org:new"
                    anchor: 2026-01-01T00:00:00Z
                    phases: [{planId: team, version: 1, effectiveFrom: 2026-01-01T00:00:00Z}]
                memberships:
                  - {orgId: new, userId: u, status: ACCEPTED}
                  - {orgId: demo-team, userId: u, status: ACCEPTED}
                """;

        assertThat(problems(yaml, published)).isEmpty();
        assertThat(problems(yaml))
                .containsExactly(
                        "c.yaml:4: subscriptions[0].phases[0].planId: there is no plan team@1",
                        "c.yaml:7: memberships[1].orgId: there is no subscription of org:demo-team");
    }

    @Test
    void shouldCheckPublishedRecordsOneByOne() throws IOException, CatalogueException {
        Catalogue demo = CatalogueFile.parse(Files.readString(DEMO), "demo");

        assertThat(demo.plans())
                .allSatisfy(plan -> assertThat(CatalogueRules.problems(plan)).isEmpty());
        Plan bad = Plan.newBuilder(demo.plans().getFirst()).setVersion(0).build();
        assertThat(CatalogueRules.problems(bad)).containsExactly("version: begins with 1");
    }

    private static List<String> problems(String yaml) {
        return problems(yaml, Catalogue.EMPTY);
    }

    private static List<String> problems(String yaml, Catalogue published) {
        try {
            CatalogueFile.parse(yaml, "c.yaml", published);
            return List.of();
        } catch (CatalogueException e) {
            return e.problems();
        }
    }
}
